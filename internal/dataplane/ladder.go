package dataplane

import "fmt"

// What an operator may ask for. TCX is the clearer word for off.
const (
	xdpAuto    = "auto"
	xdpNative  = "native"
	xdpGeneric = "generic"
	xdpTCX     = "tcx"
	xdpOff     = "off"
	xdpNone    = "none"
)

// Device is what must be known of an interface before a program goes onto it.
type Device struct {
	Name    string
	Kind    string // the kernel's word for a virtual device, such as veth; empty for hardware
	Driver  string // empty if it has none to tell
	MTU     int
	XDP     uint32 // id of the XDP program that is on it, 0 if there is none
	NoXDP   bool   // the driver says that it has no native XDP
	NoFrags bool   // the driver says that native XDP takes no frame of more than one buffer
	// TagsBeside: the device takes the VLAN tag out of a frame and keeps it beside
	// it (rx-vlan-offload). TagsFixed: and that cannot be switched off.
	TagsBeside, TagsFixed bool
}

// Devices looks at interfaces, and has one leave VLAN tags in its frames while
// native XDP needs it.
type Devices interface {
	Device(ifindex int) (Device, error)
	InlineTags(ifindex int) error
	RestoreTags(ifindex int) error
}

// Refusal says in one word why a mode was not taken.
type Refusal string

// The refusals.
const (
	Held        Refusal = "held"        // the XDP program of somebody else is there
	Unsupported Refusal = "unsupported" // the driver has no such mode
	Virtual     Refusal = "virtual"     // native XDP is for hardware
	Tags        Refusal = "tags"        // VLAN tags are where XDP does not see them
	TooLong     Refusal = "mtu"         // native XDP does not take frames of that length
	Failed      Refusal = "failed"      // the kernel or the driver refused
	Unknown     Refusal = "unknown"     // the interface could not be looked at
)

// Step is a rung of the ladder that was not taken, and why.
type Step struct {
	Mode    string
	Refusal Refusal
	Why     string
}

// modesFor are the modes that a configuration allows, the best first. TCX is
// what remains below all of them.
func modesFor(wish string) []string {
	switch wish {
	case xdpOff, xdpTCX:
		return nil
	case xdpNative, xdpGeneric:
		return []string{wish}
	}
	return []string{xdpNative, xdpGeneric}
}

// refuses reports why a mode must not be chosen for a device. A mode that the
// operator forces is held to less: see warns.
func refuses(mode string, dev Device) (Refusal, string) {
	switch {
	case mode == xdpNative && dev.Kind == "veth":
		return Virtual, "a veth loses what native XDP answers, unless its peer has an XDP program"
	case mode == xdpNative && dev.Kind != "":
		return Virtual, "native XDP is chosen for hardware alone, and this is a " + dev.Kind
	case mode == xdpNative && dev.NoXDP:
		return Unsupported, dev.driver() + " has no native XDP"
	case mode == xdpNative && dev.TagsBeside && dev.TagsFixed:
		return Tags, dev.driver() + " keeps VLAN tags beside the frame, where XDP does not see them, and cannot be told otherwise"
	case mode == xdpGeneric && dev.Kind != "":
		return Tags, "a " + dev.Kind + " may have the VLAN tag of a frame beside it, where XDP does not see it"
	case mode == xdpGeneric && dev.TagsBeside:
		return Tags, "rx-vlan-offload is on: XDP does not see the VLAN tags that " + dev.driver() + " keeps beside the frame"
	}
	return "", ""
}

// warns is what an operator must know who forces a mode on a device for which
// it would not have been chosen.
func warns(mode string, dev Device) []string {
	if _, why := refuses(mode, dev); why != "" {
		return []string{fmt.Sprintf("xdp: %s in the configuration: %s", mode, why)}
	}
	return nil
}

// driver names the driver in a sentence.
func (d Device) driver() string {
	if d.Driver == "" {
		return "the driver"
	}
	return "the driver " + d.Driver
}
