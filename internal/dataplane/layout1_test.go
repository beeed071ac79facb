package dataplane

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/carpd/carpd/internal/boottime"
	"github.com/carpd/carpd/internal/carp"
)

// The structs of the first layout, as the release had them that pinned no
// carp_meta; testdata/layout1.o is its object.
type (
	group1 struct {
		State         uint32
		Slot          uint32
		SinceNs       uint64
		AnswerUntilNs uint64
		AcceptUntilNs uint64
		Mac           [6]byte
		Addresses     uint16
	}
	owner1 struct {
		Slot uint32
		Mac  [6]byte
		Vhid uint8
		Pad  uint8
	}
	link1 struct {
		Mac   [6]byte
		Xdp   uint8
		Upper uint8
	}
)

// release1 is what a carpd of the first release leaves behind when it is killed:
// vhid 1 in slot 5, answering until a deadline.
type release1 struct {
	instance string
	dir      string
	since    uint64
	until    uint64
	coll     *ebpf.Collection
}

func (l *lan) release1(t *testing.T) *release1 {
	t.Helper()
	r := &release1{instance: instanceName(), since: boottime.ToKernel(past()), until: boottime.ToKernel(later())}
	r.dir, _ = instanceDir(r.instance)
	spec, err := ebpf.LoadCollectionSpec(filepath.Join("testdata", "layout1.o"))
	if err != nil {
		t.Fatal(err)
	}
	if r.coll, err = ebpf.NewCollection(spec); err != nil {
		t.Fatal(err)
	}
	defer r.coll.Close()
	t.Cleanup(func() {
		if err := Unload(r.instance); err != nil {
			t.Error(err)
		}
	})
	for _, dir := range []string{pinRoot, r.dir, filepath.Join(r.dir, linksDir)} {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
	}
	r.pin(t)
	r.fill(t, l)
	l.router.do(t, func() { r.attach(t, l.routerIf) })
	return r
}

func (r *release1) pin(t *testing.T) {
	t.Helper()
	for name, m := range r.coll.Maps {
		if err := m.Pin(filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, p := range r.coll.Programs {
		if err := p.Pin(filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// fill writes the rows as that release did.
func (r *release1) fill(t *testing.T, l *lan) {
	t.Helper()
	i := uint32(l.routerIf)
	vmac := [6]byte{0, 0, 0x5e, 0, 1, 1}
	owner := owner1{Slot: 5, Mac: vmac, Vhid: 1}
	counted := make([][24]uint64, ebpf.MustPossibleCPU())
	counted[0] = [24]uint64{carp.BadTTL: 7, carp.Claimed: 9}
	var everyBit [16]uint64
	for b := range everyBit {
		everyBit[b] = ^uint64(0)
	}
	for _, row := range []struct {
		table      string
		key, value any
	}{
		{"carp_groups", bpfCarpGroupKey{Ifindex: i, Vhid: 1}, group1{State: 2, Slot: 5, SinceNs: r.since, Mac: vmac, Addresses: 2}},
		{"carp_lease", uint32(5), [2]uint64{r.until, r.until}},
		{"carp_vhids", bpfCarpVhidKey{Ifindex: i, Family: 0, Vhid: 1}, owner},
		{"carp_vhids", bpfCarpVhidKey{Ifindex: i, Family: 1, Vhid: 1}, owner},
		{"carp_vip4", bpfCarpVip4Key{Ifindex: i, Addr: [4]byte{192, 0, 2, 1}}, owner},
		{"carp_vip6", bpfCarpVip6Key{Ifindex: i, Addr: addrs("2001:db8::1")[0].As16()}, owner},
		{"carp_vmac", bpfCarpVmacKey{Ifindex: i, Mac: vmac}, owner},
		{"carp_links", i, link1{Mac: l.routerMAC, Xdp: 1}},
		{"carp_sources", uint32(0), everyBit},
		{"carp_counters", uint32(5), counted},
	} {
		if err := r.coll.Maps[row.table].Put(row.key, row.value); err != nil {
			t.Fatalf("%s: %v", row.table, err)
		}
	}
}

func (r *release1) attach(t *testing.T, ifindex int) {
	t.Helper()
	in, err1 := link.AttachTCX(link.TCXOptions{Interface: ifindex, Program: r.coll.Programs["carp_in"], Attach: ebpf.AttachTCXIngress})
	out, err2 := link.AttachTCX(link.TCXOptions{Interface: ifindex, Program: r.coll.Programs["carp_out"], Attach: ebpf.AttachTCXEgress})
	rx, err3 := link.AttachXDP(link.XDPOptions{Interface: ifindex, Program: r.coll.Programs["carp_rx_generic"], Flags: link.XDPGenericMode})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]link.Link{"carp_in": in, "carp_out": out, "carp_rx": rx} {
		if err := l.Pin(filepath.Join(r.dir, linksDir, strconv.Itoa(ifindex)+"-"+name)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What the first release left goes on: the same links, new maps with the old
// deadlines, counters and slot; the kernel answers before, meanwhile and after.
func TestFirstLayoutIsCarriedOver(t *testing.T) {
	l := newLAN(t)
	l.router.address(t, "192.0.2.12/24")
	r := l.release1(t)
	p := l.client.tap(t, l.clientIf)
	if !l.asks(t, p) {
		t.Fatal("the first release does not answer")
	}
	o := Options{Instance: r.instance}
	if err := Check(o); err != nil {
		t.Fatalf("check: %v", err)
	}
	d := l.loadHere(t, o)
	if !l.asks(t, p) {
		t.Error("not answered before the group is placed")
	}
	l.attach(t, d)
	slot := addGroup(t, d, vhid1(l))
	if err := d.Sweep(); err != nil {
		t.Fatal(err)
	}
	if !l.asks(t, p) {
		t.Error("not answered after the group is placed")
	}
	m, ok := d.Recall(slot)
	if want := boottime.FromKernel(r.until); !ok || slot != 5 || m.State != Master || !m.Lease.Equal(want) || !m.Since.Equal(boottime.FromKernel(r.since)) {
		t.Errorf("slot %d, %+v, %v", slot, m, ok)
	}
	counted := packets(t, d, slot)
	if counted[carp.BadTTL] != 7 || counted[carp.Claimed] != 9 || counted[carp.ArpAnswered] != 3 || counted[carp.Duplicate] != 0 {
		t.Errorf("counters %v", counted)
	}
	if got := linkRow(t, d, l.routerIf); got.Mac != l.routerMAC || got.Xdp != 1 {
		t.Errorf("%+v", got)
	}
}

// linkRow is what the kernel side knows of an interface.
func linkRow(t *testing.T, d *Dataplane, ifindex int) (row bpfCarpLink) {
	t.Helper()
	if err := d.objs.CarpLinks.Lookup(uint32(ifindex), &row); err != nil {
		t.Fatal(err)
	}
	return row
}

// The old pins are gone, the new ones are whole, and the next carpd finds them.
func TestPinsAfterCarryingOver(t *testing.T) {
	l := newLAN(t)
	l.router.address(t, "192.0.2.12/24")
	r := l.release1(t)
	o := Options{Instance: r.instance}
	for range 2 {
		d := l.loadHere(t, o)
		files := pinned(t, r.instance)
		if files["carp_sources"] != nil || files["next"] != nil || files["carp_meta"] == nil || files["secret/carp_secret"] == nil {
			t.Errorf("%v", names(files))
		}
		if want := len(d.maps) + len(d.progs) + 3 + 3; len(files) != want {
			t.Errorf("%d names, want %d", len(files), want)
		}
		if len(d.groups) != 1 || !l.asks(t, l.client.tap(t, l.clientIf)) {
			t.Errorf("%d groups, or not answered", len(d.groups))
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A carpd that was killed while it carried over leaves the old set, with or
// without the new one beside it; the next one goes on from either.
func TestKilledWhileCarryingOver(t *testing.T) {
	for name, interrupt := range map[string]func(t *testing.T, r *release1, next string){
		"new maps not complete": func(t *testing.T, _ *release1, next string) {
			setLayout(t, next, 0)
		},
		"new maps complete": func(*testing.T, *release1, string) {},
		"some pins exchanged": func(t *testing.T, r *release1, next string) {
			for _, name := range []string{"carp_vip4", "carp_lease", "carp_groups"} {
				if err := os.Rename(filepath.Join(next, name), filepath.Join(r.dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLAN(t)
			l.router.address(t, "192.0.2.12/24")
			r := l.release1(t)
			next := filepath.Join(r.dir, nextDir)
			r.stopBeforeExchange(t, l, next)
			interrupt(t, r, next)
			d := l.loadHere(t, Options{Instance: r.instance})
			l.attach(t, d)
			if slot := addGroup(t, d, vhid1(l)); slot != 5 || !l.asks(t, l.client.tap(t, l.clientIf)) {
				t.Errorf("slot %d, or not answered", slot)
			}
			if files := pinned(t, r.instance); len(files) != len(d.maps)+len(d.progs)+3+3 {
				t.Errorf("%d names: %v", len(files), names(files))
			}
		})
	}
}

// stopBeforeExchange does what migrate does until the new pins are complete.
func (r *release1) stopBeforeExchange(t *testing.T, l *lan, next string) {
	t.Helper()
	l.router.do(t, func() {
		d, err := newDataplane(Options{Instance: r.instance})
		if err != nil {
			t.Fatal(err)
		}
		left, err := openPinned(r.dir)
		if err != nil {
			t.Fatal(err)
		}
		spec, err := loadBpf()
		if err != nil {
			t.Fatal(err)
		}
		if err := d.prepare(left, spec); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.Close(), left.close()); err != nil {
			t.Fatal(err)
		}
	})
	if layout, err := os.Stat(filepath.Join(next, "carp_meta")); err != nil {
		t.Fatal(layout, err)
	}
}

// A member that both layouts have is copied by its name, whatever its place and
// width; one that is new is 0, and an array as far as both go.
func TestConvert(t *testing.T) {
	old, err := ebpf.LoadCollectionSpec(filepath.Join("testdata", "layout1.o"))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := loadBpf()
	if err != nil {
		t.Fatal(err)
	}
	b := convert([]byte{
		2, 0, 0, 0, 5, 0, 0, 0, // state, slot
		1, 2, 3, 4, 5, 6, 7, 8, // since
		9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, // deadlines
		0, 0, 0x5e, 0, 1, 1, 0x34, 0x12, // MAC, addresses
	}, old.Maps["carp_groups"].Value, spec.Maps[bpfMapCarpGroups].Value)
	var row bpfCarpGroup
	if err := decodeRow(b, &row); err != nil {
		t.Fatal(err)
	}
	want := bpfCarpGroup{State: 2, Slot: 5, SinceNs: 0x0807060504030201, Mac: [6]uint8{0, 0, 0x5e, 0, 1, 1}, Addresses: 0x1234}
	if row != want {
		t.Errorf("%+v\nwant %+v", row, want)
	}
}
