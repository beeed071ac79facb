package dataplane

import (
	"slices"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

// A Neighbour Solicitation in parts: IPv6 addresses, the fixed part without its
// checksum, the target 2001:db8::1 and options.
const (
	ndClient   = "fe800000000000000000000000000099"
	ndNobody   = "00000000000000000000000000000000"
	ndTarget   = "20010db8000000000000000000000001"
	ndGroup    = "ff0200000000000000000001ff000001" // the solicited-node address of the target
	ndAllNodes = "ff020000000000000000000000000001"
	ndEther    = "3333ff000001 020000000099 86dd"
	ndUnicast  = "00005e000101 020000000099 86dd"
	ndSource   = "0101 020000000099"
	ndNonce    = "0e01 aabbccddeeff"
	ndIPv6     = "60000000"
)

// All checksums in this file were computed apart from the code under test.
var (
	solicitation  = unhex(ndEther + ndIPv6 + "0020 3a ff" + ndClient + ndGroup + "87 00 4a31 00000000" + ndTarget + ndSource)
	ndUnicastAsk  = unhex(ndUnicast + ndIPv6 + "0020 3a ff" + ndClient + ndTarget + "87 00 1a7d 00000000" + ndTarget + ndSource)
	ndUnreachable = unhex(ndUnicast + ndIPv6 + "0018 3a ff" + ndClient + ndTarget + "87 00 1e1f 00000000" + ndTarget) // the NUD probe
	ndPlain       = unhex(ndEther + ndIPv6 + "0018 3a ff" + ndClient + ndGroup + "87 00 4dd3 00000000" + ndTarget)
	ndProbe       = unhex(ndEther + ndIPv6 + "0018 3a ff" + ndNobody + ndGroup + "87 00 4ced 00000000" + ndTarget) // is the address free?
	ndProbeNonce  = unhex(ndEther + ndIPv6 + "0020 3a ff" + ndNobody + ndGroup + "87 00 d84a 00000000" + ndTarget + ndNonce)
	ndProbeSource = unhex(ndEther + ndIPv6 + "0020 3a ff" + ndNobody + ndGroup + "87 00 494b 00000000" + ndTarget + ndSource)
	ndProbeHost   = unhex(ndEther + ndIPv6 + "0018 3a ff" + ndNobody + ndTarget + "87 00 1d39 00000000" + ndTarget)
	ndTwo         = unhex(ndEther + ndIPv6 + "0028 3a ff" + ndClient + ndGroup + "87 00 d58e 00000000" + ndTarget + ndNonce + ndSource)

	ndAnswer      = unhex("020000000099 00005e000101 86dd" + ndIPv6 + "0020 3a ff" + ndTarget + ndClient + "88 00 5c14 60000000" + ndTarget + "0201 00005e000101")
	ndRouter      = unhex("020000000099 00005e000101 86dd" + ndIPv6 + "0020 3a ff" + ndTarget + ndClient + "88 00 dc13 e0000000" + ndTarget + "0201 00005e000101")
	ndToAll       = unhex("333300000001 00005e000101 86dd" + ndIPv6 + "0020 3a ff" + ndTarget + ndAllNodes + "88 00 9c2a 20000000" + ndTarget + "0201 00005e000101")
	ndToAllRouter = unhex("333300000001 00005e000101 86dd" + ndIPv6 + "0020 3a ff" + ndTarget + ndAllNodes + "88 00 1c2a a0000000" + ndTarget + "0201 00005e000101")
)

// ndAnswers are solicitations that are answered while the group is leased, by a
// host and by a router.
var ndAnswers = []struct {
	name           string
	frame          []byte
	answer, router []byte
}{
	{"to the group", solicitation, ndAnswer, ndRouter},
	{"to the address and the virtual MAC", ndUnicastAsk, ndAnswer, ndRouter},
	{"NUD probe without an option", ndUnreachable, ndAnswer, ndRouter},
	{"NUD probe to the interface", patch(ndUnreachable, 0, 2, 0, 0, 0, 0, 0x12), ndAnswer, ndRouter},
	{"to the group without an option", ndPlain, ndAnswer, ndRouter},
	{"two options, the MAC second", ndTwo, ndAnswer, ndRouter},
	{"frame and option differ", patch(solicitation, 6, 2, 0, 0, 0, 0, 0x77), ndAnswer, ndRouter},
	{"duplicate address detection", ndProbe, ndToAll, ndToAllRouter},
	{"duplicate address detection with a nonce", ndProbeNonce, ndToAll, ndToAllRouter},
	{"to all nodes", icmp6(patch(solicitation, 38, addr16("ff02::1")...)), ndAnswer, ndRouter},
	{"flow label and traffic class", patch(solicitation, 14, 0x6e, 0x01, 0x23, 0x45), ndAnswer, ndRouter},
	{"bytes behind the packet", append(slices.Clone(solicitation), 1, 2, 3), ndAnswer, ndRouter},
	{"fewer bytes behind than the option needs", append(slices.Clone(ndPlain), 1, 2, 3), ndAnswer, ndRouter},
}

func TestSolicitationIsAnsweredInPlace(t *testing.T) {
	d := withGroup(t)
	for _, h := range hooks(d) {
		for _, c := range ndAnswers {
			t.Run(h.name+"/"+c.name, func(t *testing.T) {
				for _, router := range []bool{false, true} {
					setLink(t, d, Link{MAC: carp.MAC{2, 0, 0, 0, 0, 0x12}, Router: router})
					d.Answer(1, later())
					want := c.answer
					if router {
						want = c.router
					}
					if got := h.judge(t, d, c.frame, 1, 2); got != (result{"reply", "[1 ND answered]"}) {
						t.Errorf("leased: %v", got)
					}
					if _, out := h.run(t, c.frame); string(out) != string(want) {
						t.Errorf("router %v: got %x, want %x", router, out, want)
					}
					for _, until := range []time.Time{{}, past()} {
						d.Answer(1, until)
						if got := h.judge(t, d, c.frame, 1, 2); got != (result{"drop", "[1 ND silent]"}) {
							t.Errorf("answer until %v: %v", until, got)
						}
					}
				}
			})
		}
	}
}

// setLink describes the interface of the tests or fails.
func setLink(t testing.TB, d *Dataplane, l Link) {
	t.Helper()
	if err := d.SetLink(loopback, l); err != nil {
		t.Fatal(err)
	}
}

func TestNeighbourAnswerKeepsTheTags(t *testing.T) {
	d := load(t, Options{})
	slot := addGroup(t, d, Group{Ifindex: loopback, VLAN: 5, Inner: 7, VHID: 1, Addresses: addrs("2001:db8::1")})
	d.Answer(slot, later())
	tags := [][2]uint16{{0x88a8, 0x2005}, {0x8100, 7}}
	for _, h := range hooks(d) {
		for _, ask := range [][]byte{solicitation, ndPlain, ndTwo} {
			if verdict, out := h.run(t, tagged(ask, tags...)); verdict != "reply" || string(out) != string(tagged(ndAnswer, tags...)) {
				t.Errorf("%s: %s %x, want %x", h.name, verdict, out, tagged(ndAnswer, tags...))
			}
		}
	}
}

// ndRefused are solicitations for the group that are never answered, and frames
// that are none. A wrong checksum would hide the other faults, so all but one
// have a right one.
var ndRefused = []struct {
	name  string
	frame []byte
	want  result
}{
	{"hop limit 254", patch(solicitation, 21, 254), result{"drop", "[1 ND malformed]"}},
	{"checksum", patch(solicitation, 56, 0x4a, 0x32), result{"drop", "[1 ND malformed]"}},
	{"checksum of a longer one", patch(ndTwo, 93, 0x98), result{"drop", "[1 ND malformed]"}},
	{"code 1", icmp6(patch(solicitation, 55, 1)), result{"drop", "[1 ND malformed]"}},
	{"no IPv6", patch(solicitation, 14, 0x50), result{"drop", "[1 ND malformed]"}},
	{"source is a group", icmp6(patch(solicitation, 22, addr16("ff02::99")...)), result{"drop", "[1 ND malformed]"}},
	{"length below 24", icmp6(patch(ndPlain, 19, 23)), result{"drop", "[1 ND malformed]"}},
	{"length of no whole option", icmp6(patch(append(slices.Clone(ndPlain), 0, 0, 0, 0), 19, 28)), result{"drop", "[1 ND malformed]"}},
	{"length beyond the frame", icmp6(patch(solicitation, 19, 40)), result{"drop", "[1 ND malformed]"}},
	{"option of length 0", icmp6(patch(solicitation, 79, 0)), result{"drop", "[1 ND malformed]"}},
	{"another option of length 0", icmp6(patch(solicitation, 78, 14, 0)), result{"drop", "[1 ND malformed]"}},
	{"option beyond the end", icmp6(patch(solicitation, 78, 14, 2)), result{"drop", "[1 ND malformed]"}},
	{"MAC of 14 bytes", icmp6(patch(ndTwo, 78, 1, 2)), result{"drop", "[1 ND malformed]"}},
	{"probe with a MAC", ndProbeSource, result{"drop", "[1 ND malformed]"}},
	{"probe to a host", ndProbeHost, result{"drop", "[1 ND malformed]"}},

	{"MAC of a group of hosts", icmp6(patch(solicitation, 80, 0x33, 0x33, 0, 0, 0, 1)), result{"drop", "[1 ND silent]"}},
	{"frame from a group of hosts", patch(ndPlain, 6, 0x33, 0x33, 0, 0, 0, 1), result{"drop", "[1 ND silent]"}},
	{"our own question", icmp6(patch(solicitation, 80, 2, 0, 0, 0, 0, 0x12)), result{"drop", "[1 ND silent]"}},
	{"our own probe", patch(ndProbe, 6, 2, 0, 0, 0, 0, 0x12), result{"drop", "[1 ND silent]"}},
	{"question of a peer's", icmp6(patch(solicitation, 80, 0, 0, 0x5e, 0, 1, 1)), result{"drop", "[1 ND silent]"}},
	{"15 options", nonces(15), result{"reply", "[1 ND answered]"}},
	{"16 options", nonces(16), result{"drop", "[1 ND silent]"}},

	{"for another address", patch(solicitation, 77, 9), result{"pass", ""}},
	{"flooded to another host", patch(solicitation, 0, 2, 0, 0, 0, 0, 0x55), result{"pass", ""}},
	{"flooded to another virtual MAC", patch(solicitation, 0, 0, 0, 0x5e, 0, 1, 9), result{"pass", ""}},
	{"on another VLAN", tagged(solicitation, [2]uint16{0x8100, 5}), result{"pass", ""}},
	{"advertisement", icmp6(patch(solicitation, 54, 136)), result{"pass", ""}},
	{"echo request", icmp6(patch(patch(solicitation, 54, 128), 21, 64)), result{"pass", ""}},
	{"ICMPv6 number in IPv4", patch(unhex(freebsd4), 23, 58), result{"pass", "[1 MAC seen elsewhere]"}},
	{"cut off in the target", solicitation[:77], result{"pass", ""}},

	// Behind extension headers or in fragments the stack decides; see silence.h.
	{"behind hop-by-hop options", extended(0, 0), result{"pass", ""}},
	{"behind destination options", extended(60, 0), result{"pass", ""}},
	{"behind a routing header", extended(43, 0), result{"pass", ""}},
	{"a fragment of one", extended(44, 1), result{"pass", ""}},
	{"the first fragment", extended(44, 0), result{"pass", ""}},
}

// nonces is a solicitation with n options.
func nonces(n int) []byte {
	f := patch(ndPlain, 18, byte((24+8*n)>>8), byte(24+8*n))
	for range n {
		f = append(f, unhex(ndNonce)...)
	}
	return icmp6(f)
}

// extended is a solicitation behind a header of 8 bytes.
func extended(next, more byte) []byte {
	f := slices.Insert(slices.Clone(solicitation), 54, 58, 0, 1, 4, 0, 0, 0, 0)
	if next == 44 {
		copy(f[54:], []byte{58, 0, 0, more, 0, 0, 0, 7})
	}
	return patch(patch(f, 18, 0, 40), 20, next)
}

func TestSolicitationsThatAreNotAnswered(t *testing.T) {
	d := withGroup(t)
	d.Answer(1, later())
	for _, h := range hooks(d) {
		for _, c := range ndRefused {
			t.Run(h.name+"/"+c.name, func(t *testing.T) {
				if got := h.judge(t, d, c.frame, 1, 2); got != c.want {
					t.Errorf("got %v, want %v", got, c.want)
				}
				if verdict, out := h.run(t, c.frame); verdict != "reply" && string(out) != string(c.frame) {
					t.Errorf("%s: changed to %x", verdict, out)
				}
			})
		}
	}
}

// Whatever bit is wrong, it is neither answered as if it were right nor shown to
// the stack, which might hold the address.
func TestEverySolicitationBent(t *testing.T) {
	d := withGroup(t)
	d.Answer(1, later())
	for _, h := range hooks(d) {
		for i := 14; i < len(solicitation); i++ {
			for _, bit := range []byte{0x01, 0x10, 0x80} {
				bent := patch(solicitation, i, solicitation[i]^bit)
				got := h.judge(t, d, bent, 1)
				want := result{"drop", "[1 ND malformed]"}
				switch {
				case i >= 14 && i < 18 && bent[14]>>4 == 6:
					want = result{"reply", "[1 ND answered]"} // class and flow are in no sum
				case i == 20, i == 54, i >= 62 && i < 78:
					want = result{"pass", ""} // another protocol, message or target
				}
				if got != want {
					t.Errorf("%s: byte %d is %#x: got %v, want %v", h.name, i, bent[i], got, want)
				}
			}
		}
	}
}
