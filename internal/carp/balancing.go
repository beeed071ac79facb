package carp

// Balancing is how several groups share their addresses. The kernel side has
// the same list as enum carp_balancing in bpf/types.h.
type Balancing uint8

// The kinds of balancing. Those of IP are OpenBSD's.
const (
	BalanceNone      Balancing = iota
	BalanceARP                 // the asker's address picks the virtual MAC that is answered
	BalanceIP                  // all nodes get all frames, at a multicast MAC
	BalanceIPStealth           // at a unicast MAC that is never a source
	BalanceIPUnicast           // at a unicast MAC
)

// balancingNames are the words of the configuration in order of the constants.
var balancingNames = [...]string{"none", "arp", "ip", "ip-stealth", "ip-unicast"}

// String is the word that ifconfig(8) of OpenBSD has for it.
func (b Balancing) String() string {
	if int(b) >= len(balancingNames) {
		return "unknown balancing"
	}
	return balancingNames[b]
}

// SharesFrames reports whether every node gets every frame and keeps its share.
func (b Balancing) SharesFrames() bool { return b >= BalanceIP }

// MAC is the virtual MAC of a share whose lowest VHID is first. In the kinds of
// IP all nodes have this one; with BalanceIP it is a multicast MAC, so that
// switches flood it.
func (b Balancing) MAC(first VHID) MAC {
	mac := first.MAC()
	if b == BalanceIP {
		mac[0] = 1
	}
	return mac
}
