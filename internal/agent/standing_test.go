package agent

import (
	"bytes"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/iface"
)

// seen has the node see addresses on its interfaces: eth0, lo and eth1.
func (n *node) seen(eth0Addrs, loAddrs, eth1Addrs string) {
	sys := n.system(true)
	list := func(text string) (out []netip.Prefix) {
		for _, a := range strings.Fields(text) {
			out = append(out, netip.MustParsePrefix(a))
		}
		return out
	}
	sys.Links[0].Addrs = append(sys.Links[0].Addrs, list(eth0Addrs)...)
	sys.Links = append(sys.Links, iface.Link{Index: 1, Name: "lo", Loopback: true, Up: true, Addrs: list(loAddrs)},
		iface.Link{Index: 8, Name: "eth1", Up: true, Addrs: list(eth1Addrs)})
	n.systems <- sys
}

// logs keeps what is logged.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// count is how often a text is in the log.
func (l *logs) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

const isOn = ", not by carpd: before carpd runs and after it was stopped the kernel answers for it; carpd check --live prints rules against that"

// Addresses that are there already are told, once in the log with the rules for
// boot time, and in the status for as long as they are there; IPv4 addresses
// wherever they are, IPv6 ones on the carpdev.
func TestStandingAddresses(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		var log logs
		l.begin = func(n *node) { n.Log = zerolog.New(&log) }
		n := l.start(1, settings(0, "192.0.2.1/24", "192.0.2.2/24", "192.0.2.3/24", "2001:db8::1/64", "fe80::9/64"))
		n.mu.Lock()
		n.operators = map[netip.Addr]bool{netip.MustParseAddr("192.0.2.1"): true, netip.MustParseAddr("2001:db8::1"): true}
		n.mu.Unlock()
		n.seen("192.0.2.1/24 2001:db8::1/64", "192.0.2.2/32", "192.0.2.2/24 2001:db8::1/64 fe80::9/64")
		want := []string{"192.0.2.1 is on eth0" + isOn, "192.0.2.2 is on lo" + isOn, "192.0.2.2 is on eth1" + isOn, "2001:db8::1 is on eth0" + isOn}
		for _, state := range []string{"BACKUP", "MASTER"} {
			pass(2500 * time.Millisecond)
			if diff := cmp.Diff(want, n.Groups()[0].Warnings); diff != "" || n.state() != state {
				t.Errorf("as %s: %s", n.state(), diff)
			}
			n.seen("192.0.2.1/24 2001:db8::1/64 192.0.2.3/32", "192.0.2.2/32", "192.0.2.2/24 2001:db8::1/64 fe80::9/64")
		}
		pass(5 * time.Second)
		if log.count("configured without carpd") != 1 || log.count(`oifname \"eth0\" arp operation reply arp saddr ip 192.0.2.2 drop`) != 1 {
			t.Errorf("the log: %s", log.b.String())
		}
		n.seen("192.0.2.3/32", "", "")
		if pass(2 * time.Second); len(n.Groups()[0].Warnings) > 0 {
			t.Errorf("when they are gone: %q", n.Groups()[0].Warnings)
		}
	})
}

// What carpd adds and removes itself is never told, however late the picture of
// the interfaces is: as MASTER, in every state, and while it goes.
func TestOwnAddressesAreNotStanding(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		var log logs
		l.begin = func(n *node) { n.Log = zerolog.New(&log) }
		n := l.start(1, settings(0))
		pass(4 * time.Second)
		n.seen("192.0.2.1/32", "", "")
		pass(5 * time.Second)
		n.reload(t, numbered(2, 0)) // The address goes to another group.
		n.seen("192.0.2.1/32", "", "")
		pass(10 * time.Second)
		n.reload(t)
		n.seen("192.0.2.1/32", "", "")
		pass(100 * time.Millisecond)
		n.seen("", "", "")
		pass(5 * time.Second)
		if log.count("configured without carpd") > 0 {
			t.Errorf("the log: %s", log.b.String())
		}
	})
}
