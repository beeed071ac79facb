package iface

import "fmt"

// Unfit says why an interface cannot carry groups; nil if it can. physical is
// for groups that use the interface's own MAC, which need no frames to another.
func (l Link) Unfit(physical bool) error {
	switch {
	case l.Loopback:
		return fmt.Errorf("%s is a loopback interface, which has no peers", l.Name)
	case l.NoEthernet:
		return fmt.Errorf("%s is no Ethernet interface", l.Name)
	case l.MasterKind == "openvswitch":
		return fmt.Errorf("%s is a port of the openvswitch %s: use an internal port of the switch as carpdev", l.Name, l.Master)
	case l.Master != "" && l.MasterKind != "vrf": // A VRF leaves the frames to its interfaces.
		return fmt.Errorf("%s is a port of the %s %s: use the %s as carpdev", l.Name, l.MasterKind, l.Master, l.MasterKind)
	case l.TakenBy != "":
		return fmt.Errorf("all frames of %s go to the macvlan %s, which is in passthru mode: use that as carpdev", l.Name, l.TakenBy)
	case l.Kind == "ipvlan" || l.Kind == "ipvtap":
		return fmt.Errorf("%s is an %s, which has no MAC of its own: use the interface below it as carpdev", l.Name, l.Kind)
	case l.oneMAC() && !physical:
		return fmt.Errorf("%s is a %s in %s mode, which gets no frames to a virtual MAC: "+
			"use mac: physical, passthru mode or the interface below it", l.Name, l.Kind, l.Mode)
	}
	return nil
}

// oneMAC reports whether the interface gets frames to its own MAC alone,
// promiscuous or not.
func (l Link) oneMAC() bool {
	return (l.Kind == "macvlan" || l.Kind == "macvtap") && l.Mode != passthru
}

// passthru is the mode in which a macvlan has the interface below to itself.
const passthru = "passthru"
