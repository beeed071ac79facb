package iface

import (
	"errors"
	"net"
	"strings"
	"testing"
)

// filters is the unicast filter of ka0 as bridge(8) sees it.
func (k *kept) filters() string {
	k.t.Helper()
	return run(k.t, "bridge fdb show dev ka0")
}

// flags are the flags of an interface as ip(8) sees them.
func flags(t *testing.T, name string) string {
	t.Helper()
	_, rest, _ := strings.Cut(run(t, "ip -o link show dev "+name), "<")
	list, _, _ := strings.Cut(rest, ">")
	return "," + list + ","
}

func promiscuous(t *testing.T, name string) bool {
	t.Helper()
	return strings.Contains(flags(t, name), ",PROMISC,")
}

// The entry is what `bridge fdb add MAC dev ka0 self` makes.
func TestFilter(t *testing.T) {
	k := keeping(t)
	noError(t, k.AddFilter(k.index, vhid1))
	noError(t, k.AddFilter(k.index, vhid1))
	if !strings.Contains(k.filters(), "00:00:5e:00:01:01 self permanent") {
		t.Errorf("entries:\n%s", k.filters())
	}
	same(t, []string{"filter 00:00:5e:00:01:01"}, k.listed())
	if promiscuous(t, "ka0") {
		t.Error("promiscuous although there is a filter")
	}
	noError(t, k.DelFilter(k.index, vhid1))
	noError(t, k.DelFilter(k.index, vhid1))
	if strings.Contains(k.filters(), vhid1.String()) {
		t.Errorf("entries:\n%s", k.filters())
	}
	same(t, []string{}, k.listed())
}

// An entry that somebody took away already is no error.
func TestFilterGone(t *testing.T) {
	k := keeping(t)
	noError(t, k.AddFilter(k.index, vhid1))
	run(t, "bridge fdb del 00:00:5e:00:01:01 dev ka0 self")
	noError(t, k.DelFilter(k.index, vhid1))
	same(t, []string{}, k.listed())
}

// A macvlan on top with the virtual MAC, such as keepalived's, keeps its entry.
func TestFilterOfAMacvlan(t *testing.T) {
	k := keeping(t)
	run(t, "ip link add link ka0 name vrrp1 address 00:00:5e:00:01:01 type macvlan mode private")
	run(t, "ip link set vrrp1 up")
	noError(t, k.AddFilter(k.index, vhid1))
	noError(t, k.UndoAll())
	if !strings.Contains(k.filters(), vhid1.String()) {
		t.Errorf("entries:\n%s", k.filters())
	}
}

// A macvlan as carpdev has neither filter nor promiscuous mode that would help.
func TestFilterOnAMacvlan(t *testing.T) {
	k := keeping(t)
	run(t, "ip link add link ka0 name mac0 type macvlan mode bridge")
	if err := k.AddFilter(must(net.InterfaceByName("mac0"))(t).Index, vhid1); !errors.Is(err, ErrNoFilter) {
		t.Errorf("error %v", err)
	}
	same(t, []string{}, k.listed())
}

// A macvlan in passthru mode owns its NIC and has a filter.
func TestFilterOnAPassthruMacvlan(t *testing.T) {
	k := keeping(t)
	run(t, "ip link add link ka0 name mac0 type macvlan mode passthru")
	noError(t, k.AddFilter(must(net.InterfaceByName("mac0"))(t).Index, vhid1))
	same(t, []string{"filter 00:00:5e:00:01:01"}, k.listed())
	noError(t, k.UndoAll())
}

// A bridge is not told that a virtual MAC is its own, which would cut off a peer
// behind one of its ports. It becomes promiscuous, until the last MAC goes.
func TestFilterOnABridge(t *testing.T) {
	k := keeping(t)
	run(t, "ip link add kbr type bridge")
	index := must(net.InterfaceByName("kbr"))(t).Index
	noError(t, k.AddFilter(index, vhid1))
	noError(t, k.AddFilter(index, vhid2))
	if out := run(t, "bridge fdb show br kbr"); strings.Contains(out, vhid1.String()) {
		t.Errorf("entries:\n%s", out)
	}
	same(t, []string{"promiscuous 00:00:5e:00:01:01", "promiscuous 00:00:5e:00:01:02"}, k.listed())
	noError(t, k.DelFilter(index, vhid1))
	if !promiscuous(t, "kbr") {
		t.Error("not promiscuous although a MAC needs it")
	}
	k.crash()
	noError(t, k.UndoAll())
	if promiscuous(t, "kbr") {
		t.Error("promiscuous still")
	}
	same(t, []string{}, k.listed())
}

// The operator's promiscuous mode stays.
func TestPromiscuousByTheOperator(t *testing.T) {
	k := keeping(t)
	run(t, "ip link add kbr type bridge")
	run(t, "ip link set kbr promisc on")
	index := must(net.InterfaceByName("kbr"))(t).Index
	noError(t, k.AddFilter(index, vhid1))
	same(t, []string{}, k.listed())
	noError(t, k.DelFilter(index, vhid1))
	noError(t, k.UndoAll())
	if !promiscuous(t, "kbr") {
		t.Error("the operator's promiscuous mode was ended")
	}
}

// Promiscuous mode ends with its interface.
func TestPromiscuousGone(t *testing.T) {
	k := keeping(t)
	run(t, "ip link add kbr type bridge")
	noError(t, k.AddFilter(must(net.InterfaceByName("kbr"))(t).Index, vhid1))
	run(t, "ip link delete kbr")
	noError(t, k.UndoAll())
	same(t, []string{}, k.listed())
}

// A device without a filter becomes promiscuous.
func TestFilterNotSupported(t *testing.T) {
	k := keeping(t)
	const lo = 1 // The kernel has filter entries for Ethernet alone.
	noError(t, k.AddFilter(lo, vhid1))
	same(t, []string{"promiscuous 00:00:5e:00:01:01"}, k.listed())
	if !promiscuous(t, "lo") {
		t.Error("not promiscuous")
	}
	noError(t, k.DelFilter(lo, vhid1))
	if promiscuous(t, "lo") {
		t.Error("promiscuous still")
	}
}
