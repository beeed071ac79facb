package iface

import (
	"errors"
	"net"
	"slices"
	"testing"
)

// offload is an offload of ka0 as ethtool has it.
func (k *kept) offload(name string) bool {
	k.t.Helper()
	return slices.Contains(must(k.features(k.index))(k.t).active, name)
}

func TestDevice(t *testing.T) {
	k := keeping(t)
	run(t, "ip link set ka0 mtu 9000")
	run(t, "ip link add kbr type bridge")
	run(t, "ip link add link ka0 name mac0 type macvlan mode bridge")
	run(t, "ip tuntap add mode tap name tap0")
	for name, want := range map[string]Device{
		"ka0":  {Name: "ka0", Kind: "veth", Driver: "veth", MTU: 9000, TagsBeside: true},
		"kbr":  {Name: "kbr", Kind: "bridge", Driver: "bridge", MTU: 1500, NoXDP: true, NoFrags: true},
		"mac0": {Name: "mac0", Kind: "macvlan", Driver: "macvlan", MTU: 9000, NoXDP: true, NoFrags: true},
		"tap0": {Name: "tap0", Kind: "tuntap", Driver: "tun", MTU: 1500, NoFrags: true},
		"lo":   {Name: "lo", MTU: 65536, NoXDP: true, NoFrags: true},
	} {
		same(t, want, must(k.Device(must(net.InterfaceByName(name))(t).Index))(t))
	}
	if _, err := k.Device(4711); !errors.Is(err, ErrGone) {
		t.Errorf("error %v", err)
	}
}

// VLAN tags stay in the frames until they are given back to the driver, also by
// the next carpd after a crash.
func TestInlineTags(t *testing.T) {
	k := keeping(t)
	for _, restore := range []func() error{
		func() error { return k.RestoreTags(k.index) },
		func() error { return k.UndoOffloads() },
		func() error { k.crash(); return k.UndoOffloads() },
	} {
		noError(t, k.InlineTags(k.index))
		noError(t, k.InlineTags(k.index))
		if k.offload("rx-vlan-hw-parse") || k.offload("rx-vlan-stag-hw-parse") {
			t.Error("tags are still taken out of frames")
		}
		if d := must(k.Device(k.index))(t); d.TagsBeside {
			t.Errorf("%+v", d)
		}
		same(t, []string{"feature rx-vlan-hw-parse", "feature rx-vlan-stag-hw-parse"}, k.listed())
		noError(t, restore())
		if !k.offload("rx-vlan-hw-parse") || !k.offload("rx-vlan-stag-hw-parse") {
			t.Error("not restored")
		}
		same(t, []string{}, k.listed())
	}
}

// What the operator has switched off stays off.
func TestInlineTagsByTheOperator(t *testing.T) {
	k := keeping(t)
	noError(t, k.setFeature(k.index, "rx-vlan-hw-parse", false))
	noError(t, k.InlineTags(k.index))
	same(t, []string{"feature rx-vlan-stag-hw-parse"}, k.listed())
	noError(t, k.RestoreTags(k.index))
	if k.offload("rx-vlan-hw-parse") || !k.offload("rx-vlan-stag-hw-parse") {
		t.Error("not as before")
	}
}

// A feature that is fixed is an error and leaves no note.
func TestFixedFeature(t *testing.T) {
	k := keeping(t)
	run(t, "ip link add kbr type bridge")
	if err := k.setFeature(must(net.InterfaceByName("kbr"))(t).Index, "rx-vlan-hw-parse", true); err == nil {
		t.Error("no error")
	}
	if err := k.InlineTags(4711); !errors.Is(err, ErrGone) {
		t.Errorf("error %v", err)
	}
	run(t, "ip link delete ka0")
	same(t, []string{}, k.listed())
}

// An interface that is gone has nothing to restore.
func TestInlineTagsGone(t *testing.T) {
	k := keeping(t)
	noError(t, k.InlineTags(k.index))
	run(t, "ip link delete ka0")
	noError(t, k.UndoOffloads())
	same(t, []string{}, k.listed())
}
