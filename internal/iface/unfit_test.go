package iface

import (
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// What cannot carry groups says why, and names what can.
func TestUnfit(t *testing.T) {
	mac := carp.MAC{2, 0, 0, 0, 0, 1}
	for want, l := range map[string]Link{
		"":  {Name: "eth0", MAC: mac, Kind: "device", Uppers: []string{"mac0"}},
		" ": {Name: "eth0", MAC: mac, Master: "red", MasterKind: "vrf"},
		"lo is a loopback interface, which has no peers":                                        {Name: "lo", Loopback: true},
		"wg0 is no Ethernet interface":                                                          {Name: "wg0", NoEthernet: true},
		"eth0 is a port of the bridge br0: use the bridge as carpdev":                           {Name: "eth0", MAC: mac, Master: "br0", MasterKind: "bridge"},
		"eth0 is a port of the bond bond0: use the bond as carpdev":                             {Name: "eth0", MAC: mac, Master: "bond0", MasterKind: "bond"},
		"eth0 is a port of the team team0: use the team as carpdev":                             {Name: "eth0", MAC: mac, Master: "team0", MasterKind: "team"},
		"ipv0 is an ipvlan, which has no MAC of its own: use the interface below it as carpdev": {Name: "ipv0", MAC: mac, Kind: "ipvlan"},
		"eth0 is a port of the openvswitch ovs-system: use an internal port of the switch as carpdev": {
			Name: "eth0", MAC: mac, Master: "ovs-system", MasterKind: "openvswitch"},
		"all frames of eth0 go to the macvlan mac0, which is in passthru mode: use that as carpdev": {
			Name: "eth0", MAC: mac, Uppers: []string{"mac0"}, TakenBy: "mac0"},
		"mac0 is a macvlan in bridge mode, which gets no frames to a virtual MAC: use mac: physical, passthru mode or the interface below it": {
			Name: "mac0", MAC: mac, Kind: "macvlan", Mode: "bridge"},
	} {
		got := " "
		if err := l.Unfit(false); err != nil {
			got = err.Error()
		}
		if got != want && got != want+" " {
			t.Errorf("got  %q, want %q", got, want)
		}
	}
	for _, mode := range []string{"bridge", "private", "passthru"} {
		if err := (Link{Name: "mac0", MAC: mac, Kind: "macvlan", Mode: mode}).Unfit(true); err != nil {
			t.Errorf("physical: %v", err)
		}
	}
	if err := (Link{Name: "mac0", MAC: mac, Kind: "macvlan", Mode: "passthru"}).Unfit(false); err != nil {
		t.Error(err)
	}
}

// The picture tells what is needed for that of real interfaces.
func TestWatchModes(t *testing.T) {
	host(t)
	w := watching(t)
	pair(t, "wc0")
	run(t, "ip link add link wc0 name mac0 type macvlan mode private")
	w.link("a macvlan", "mac0", func(l Link) bool { return l.Kind == "macvlan" && l.Mode == "private" })
	if l, _ := w.last.ByName("wc0"); l.Unfit(false) != nil || len(l.Uppers) != 1 {
		t.Errorf("its parent: %+v", l)
	}
	run(t, "ip link delete mac0")
	run(t, "ip link add link wc0 name mac0 type macvtap mode passthru")
	w.link("a parent without frames", "wc0", func(l Link) bool { return l.TakenBy == "mac0" && l.Unfit(true) != nil })
	if l, _ := w.last.ByName("mac0"); l.Mode != "passthru" || l.Unfit(false) != nil {
		t.Errorf("a macvtap: %+v", l)
	}
}
