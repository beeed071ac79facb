package dataplane

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf/link"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/ledger"
)

// looker is a Devices of the router's namespace. as makes of an interface
// another one: here is no hardware.
type looker struct {
	*iface.Keeper
	as      func(*Device)
	inlined int // how often native XDP was about to be tried
}

func (l *looker) InlineTags(ifindex int) error {
	l.inlined++
	return l.Keeper.InlineTags(ifindex)
}

func (l *looker) Device(ifindex int) (Device, error) {
	dev, err := l.Keeper.Device(ifindex)
	d := Device(dev)
	if l.as != nil {
		l.as(&d)
	}
	return d, err
}

// looks makes a looker.
func (l *lan) looks(t *testing.T, as func(*Device)) *looker {
	t.Helper()
	book, err := ledger.Open(filepath.Join(t.TempDir(), "added.json"))
	if err != nil {
		t.Fatal(err)
	}
	var k *iface.Keeper
	l.router.do(t, func() { k, err = iface.NewKeeper(book) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return &looker{Keeper: k, as: as}
}

// tagsBeside reports whether eth0 of the router takes tags out of frames.
func (l *looker) tagsBeside(t *testing.T, ifindex int) bool {
	t.Helper()
	d, err := l.Keeper.Device(ifindex)
	if err != nil {
		t.Fatal(err)
	}
	return d.TagsBeside
}

// hardware makes a NIC of a veth.
func hardware(d *Device) { d.Kind, d.Driver = "", "ixgbe" }

const (
	vethNative  = "a veth loses what native XDP answers, unless its peer has an XDP program"
	vethGeneric = "a veth may have the VLAN tag of a frame beside it, where XDP does not see it"
)

// The ladder is gone down by what the interface is.
func TestLadder(t *testing.T) {
	for name, c := range map[string]struct {
		as         func(*Device)
		mode, why  string
		tried      []Step
		tagsBeside bool // while attached
	}{
		"a veth":   {nil, "none", vethGeneric, []Step{{"native", Virtual, vethNative}, {"generic", Tags, vethGeneric}}, true},
		"hardware": {hardware, "native", "the driver ixgbe has native XDP", nil, false},
		"hardware that leaves tags in the frames": {
			func(d *Device) { hardware(d); d.TagsBeside = false }, "native", "the driver ixgbe has native XDP", nil, true},
		"hardware without native XDP": {
			func(d *Device) { hardware(d); d.NoXDP, d.TagsBeside = true, false }, "generic", "the driver ixgbe has generic XDP",
			[]Step{{"native", Unsupported, "the driver ixgbe has no native XDP"}}, true},
		"the same with tags beside": {
			func(d *Device) { hardware(d); d.NoXDP = true }, "none",
			"rx-vlan-offload is on: XDP does not see the VLAN tags that the driver ixgbe keeps beside the frame",
			[]Step{
				{"native", Unsupported, "the driver ixgbe has no native XDP"},
				{"generic", Tags, "rx-vlan-offload is on: XDP does not see the VLAN tags that the driver ixgbe keeps beside the frame"},
			}, true},
		"hardware with tags fixed beside": {
			func(d *Device) { hardware(d); d.TagsFixed = true }, "none",
			"rx-vlan-offload is on: XDP does not see the VLAN tags that the driver ixgbe keeps beside the frame",
			[]Step{
				{"native", Tags, "the driver ixgbe keeps VLAN tags beside the frame, where XDP does not see them, and cannot be told otherwise"},
				{"generic", Tags, "rx-vlan-offload is on: XDP does not see the VLAN tags that the driver ixgbe keeps beside the frame"},
			}, true},
		"a bridge": {func(d *Device) { d.Kind, d.Driver = "bridge", "bridge" }, "none",
			"a bridge may have the VLAN tag of a frame beside it, where XDP does not see it",
			[]Step{
				{"native", Virtual, "native XDP is chosen for hardware alone, and this is a bridge"},
				{"generic", Tags, "a bridge may have the VLAN tag of a frame beside it, where XDP does not see it"},
			}, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLAN(t)
			looks := l.looks(t, c.as)
			d := load(t, Options{Devices: looks})
			a := l.attach(t, d)
			if a.Mode != c.mode || a.Why != c.why || len(a.Warnings) > 0 {
				t.Errorf("mode %s: %s, %q", a.Mode, a.Why, a.Warnings)
			}
			if diff := cmp.Diff(c.tried, a.Tried); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := looks.tagsBeside(t, l.routerIf); got != c.tagsBeside {
				t.Errorf("tags beside the frame: %v", got)
			}
			if got := d.links[l.routerIf].Xdp != 0; got != (c.mode != "none") {
				t.Errorf("carp_in is told that XDP does its work: %v", got)
			}
			if err := d.Detach(l.routerIf); err != nil {
				t.Error(err)
			}
			if !looks.tagsBeside(t, l.routerIf) {
				t.Error("rx-vlan-offload not restored")
			}
		})
	}
}

// A mode that the operator forces is taken, and what follows from it is said.
func TestForcedModes(t *testing.T) {
	for _, c := range []struct {
		wish, mode, why string
		warnings        []string
		tagsBeside      bool
	}{
		{"native", "native", "xdp: native in the configuration", []string{"xdp: native in the configuration: " + vethNative}, false},
		{"generic", "generic", "xdp: generic in the configuration", []string{"xdp: generic in the configuration: " + vethGeneric}, true},
		{"tcx", "none", "xdp: tcx in the configuration", nil, true},
		{"off", "none", "xdp: off in the configuration", nil, true},
	} {
		l := newLAN(t)
		looks := l.looks(t, nil)
		d := load(t, Options{XDP: c.wish, Devices: looks})
		a := l.attach(t, d)
		want := Attachment{Ifindex: l.routerIf, Name: "eth0", Mode: c.mode, Why: c.why, Warnings: c.warnings, Ingress: "first of 1", Egress: "last of 1"}
		if diff := cmp.Diff(want, a); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.wish, diff)
		}
		if got := looks.tagsBeside(t, l.routerIf); got != c.tagsBeside {
			t.Errorf("%s: tags beside the frame: %v", c.wish, got)
		}
	}
}

// The program of somebody else is named and left where it is.
func TestForeignXDP(t *testing.T) {
	for _, wish := range []string{"auto", "native", "generic"} {
		for name, flags := range map[string]link.XDPAttachFlags{"generic": link.XDPGenericMode, "native": link.XDPDriverMode} {
			l := newLAN(t)
			theirs := idOf(t, foreignXDP(t, l.router, l.routerIf, flags))
			looks := l.looks(t, hardware)
			a := l.attach(t, load(t, Options{XDP: wish, Devices: looks}))
			why := fmt.Sprintf("the XDP program foreign (%d) of somebody else holds the interface", theirs)
			if a.Mode != "none" || a.Why != why || a.Tried[0].Refusal != Held {
				t.Errorf("xdp %s beside %s: %+v", wish, name, a)
			}
			if xdpOn(t, l.router) != theirs {
				t.Errorf("xdp %s beside %s: replaced", wish, name)
			}
			if !looks.tagsBeside(t, l.routerIf) {
				t.Errorf("xdp %s beside %s: rx-vlan-offload is off for nothing", wish, name)
			}
		}
	}
}

// What the kernel's errors mean.
func TestRefusals(t *testing.T) {
	long, usual := Device{Driver: "ixgbe", MTU: 9000}, Device{Driver: "ixgbe", MTU: 1500}
	for _, c := range []struct {
		mode    string
		err     error
		dev     Device
		refusal Refusal
		why     string
	}{
		{"native", unix.EBUSY, long, Held, "another XDP program holds the interface"},
		{"generic", unix.EEXIST, usual, Held, "another XDP program holds the interface"},
		{"native", unix.EOPNOTSUPP, long, Unsupported, "the driver ixgbe has no native XDP"},
		{"native", unix.ERANGE, long, TooLong, "native XDP refused at an MTU of 9000: numerical result out of range"},
		{"native", unix.EINVAL, long, TooLong, "native XDP refused at an MTU of 9000: invalid argument"},
		{"native", unix.EINVAL, usual, Failed, "native XDP refused: invalid argument"},
		{"generic", unix.EINVAL, long, Failed, "generic XDP refused: invalid argument"},
	} {
		refusal, why := refusalOf(c.mode, c.err, c.dev)
		if refusal != c.refusal || why != c.why {
			t.Errorf("%s, %v: %s: %s", c.mode, c.err, refusal, why)
		}
	}
}

// Nobody looks at the interface: XDP is not tried in the dark.
func TestLadderInTheDark(t *testing.T) {
	l := newLAN(t)
	a := l.attach(t, load(t, Options{}))
	if a.Mode != "none" || len(a.Tried) != 2 || a.Tried[0].Refusal != Unknown {
		t.Errorf("%+v", a)
	}
}
