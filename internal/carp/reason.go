package carp

// Reason says what became of a packet. One value has four uses: it is the
// counter, the field in the log, the text that people read and what a test
// expects. The kernel side has the same list as enum carp_reason in
// bpf/types.h; a test compares the two.
type Reason uint8

// Reasons of an advert, then what the kernel did with other frames.
const (
	OK          Reason = iota // a genuine advert, given to the election
	NotOurs                   // protocol 112 for no group of ours: passed on
	IsVRRP                    // VRRP: passed on
	Fragment                  // a fragment of an IP packet
	BadTTL                    // TTL or hop limit is not 255
	BadDst                    // neither the CARP group nor an address of ours
	BadChecksum               // the Internet checksum is wrong
	RingFull                  // the ring buffer had no room: the advert is lost to us
	BadLength                 // shorter than 36 bytes
	BadVersion                // not version 2
	BadType                   // not an advertisement
	BadAuthlen                // byte 3 is not 7
	BadVHID                   // no such VHID here
	BadDigest                 // the HMAC does not fit password and addresses
	OwnEcho                   // our own advert came back
	ArpAnswered               // ARP request answered with the virtual MAC
	ArpSilent                 // ARP request for a group address not answered: no lease
	NdAnswered                // Neighbour Solicitation answered with the virtual MAC
	NdSilent                  // Neighbour Solicitation dropped: no lease
	Accepted                  // frame to the virtual MAC taken for this host
	NotAccepted               // frame to the virtual MAC dropped: no lease
	Rewritten                 // frame from a group address left with the virtual MAC
	Held                      // frame from a group address not sent: no lease
	Claimed                   // somebody else's MAC claims an address of ours in ARP
	Duplicate                 // the bytes of an advert that came a moment ago
	Limited                   // more genuine adverts of one group than a peer sends
	NdBad                     // Neighbour Solicitation that breaks a rule of RFC 4861
	Moved                     // our virtual MAC came in as a source: switches have learnt it elsewhere
	Silenced                  // the kernel's own ARP or ND reply for a group address kept back
	OtherShare                // a frame or question that is another node's share
	NumReasons                // not a reason: their number
)

// reasonNames are the texts in order of the constants.
var reasonNames = [NumReasons]string{
	"ok", "not ours", "VRRP", "fragment", "bad TTL", "bad destination", "bad checksum",
	"ring full", "bad length", "bad version", "bad type", "bad authlen", "bad VHID",
	"bad digest", "own echo", "ARP answered", "ARP silent", "ND answered", "ND silent",
	"accepted", "not accepted", "rewritten", "held", "claimed",
	"duplicate", "rate limited", "ND malformed", "MAC seen elsewhere", "silenced", "other share",
}

// String is the reason in words, as counters and logs show it.
func (r Reason) String() string {
	if r >= NumReasons {
		return "unknown reason"
	}
	return reasonNames[r]
}

// Error makes a reason an error, so that Parse and Verify can return it.
func (r Reason) Error() string { return r.String() }

// Rejected reports whether the reason refuses an advert.
func (r Reason) Rejected() bool {
	return r >= Fragment && r <= OwnEcho || r == Duplicate || r == Limited
}
