package iface

import (
	"net"
	"strings"
	"testing"
)

// bridged makes a bridge with ka0 as its port.
func (k *kept) bridged() (index int) {
	k.t.Helper()
	run(k.t, "ip link add kbr type bridge")
	run(k.t, "ip link set kbr up")
	run(k.t, "ip link set ka0 master kbr")
	return must(net.InterfaceByName("kbr"))(k.t).Index
}

// table are the entries of the bridge for the virtual MAC of vhid 1.
func (k *kept) table() (lines []string) {
	k.t.Helper()
	for line := range strings.Lines(run(k.t, "bridge fdb show br kbr")) {
		if strings.HasPrefix(line, "00:00:5e:00:01:01 ") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// The MAC is the bridge's own for as long as it is wanted, also where the bridge
// has learnt before that it is behind a port.
func TestEntry(t *testing.T) {
	k := keeping(t)
	index := k.bridged()
	run(t, "bridge fdb add 00:00:5e:00:01:01 dev ka0 master dynamic")
	if lines := k.table(); len(lines) != 1 || !strings.Contains(lines[0], "dev ka0 master kbr") {
		t.Fatalf("before: %q", lines)
	}
	noError(t, k.AddEntry(index, vhid1))
	noError(t, k.AddEntry(index, vhid1))
	same(t, []string{"00:00:5e:00:01:01 dev kbr master kbr permanent"}, k.table())
	same(t, []string{"filter 00:00:5e:00:01:01"}, k.listed())
	if promiscuous(t, "kbr") {
		t.Error("promiscuous although there is an entry")
	}
	noError(t, k.DelFilter(index, vhid1))
	same(t, []string(nil), k.table())
	same(t, []string{}, k.listed())
}

// After a crash the entry is taken away: the bridge may learn again.
func TestEntryAfterACrash(t *testing.T) {
	k := keeping(t)
	noError(t, k.AddEntry(k.bridged(), vhid1))
	k.crash()
	noError(t, k.UndoAll())
	same(t, []string(nil), k.table())
	same(t, []string{}, k.listed())
}

// A permanent entry that is there already is the operator's, and stays.
func TestEntryOfTheOperator(t *testing.T) {
	k := keeping(t)
	index := k.bridged()
	run(t, "bridge fdb add 00:00:5e:00:01:01 dev kbr self local")
	noError(t, k.AddEntry(index, vhid1))
	same(t, []string{}, k.listed())
	noError(t, k.DelFilter(index, vhid1))
	noError(t, k.UndoAll())
	if len(k.table()) != 1 {
		t.Error("the operator's entry is gone")
	}
}
