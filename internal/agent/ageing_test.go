package agent

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
)

// announced are the announcements since an instant, each with the time from
// another instant to it.
func (n *node) announced(since, from time.Time) (out []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range n.did {
		if addr, ok := strings.CutPrefix(d.what, "announce "); ok && d.at.After(since) {
			out = append(out, fmt.Sprintf("%.3f %s", d.at.Sub(from).Seconds(), addr))
		}
	}
	return out
}

// aged is a group that announces its addresses again.
func aged(every time.Duration, addrs ...string) config.Group {
	g := settings(0, addrs...)
	g.AnnounceEvery = every
	return g
}

// Each address is announced once per period, spread over it. The first slot
// begins at 0.618 of the pause between two addresses.
func TestAgeing(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		master := time.Now().Add(3 * time.Second)
		n := l.start(1, aged(time.Minute, "192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64"))
		pass(2*time.Minute + 3*time.Second)
		want := []string{
			"12.361 192.0.2.1", "32.361 192.0.2.2", "52.361 2001:db8::1",
			"72.361 192.0.2.1", "92.361 192.0.2.2", "112.361 2001:db8::1",
		}
		if diff := cmp.Diff(want, n.announced(master.Add(4*time.Second), master)); diff != "" {
			t.Error(diff)
		}
	})
}

// Many groups that took over at one moment do not announce at one moment.
func TestAgeingOfManyGroups(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		var all []config.Group
		for v := carp.VHID(1); v <= 100; v++ {
			g := aged(10*time.Second, fmt.Sprintf("192.0.2.%d/24", v))
			g.VHID = v
			all = append(all, g)
		}
		n := l.start(1, all...)
		pass(13 * time.Second)
		from := time.Now()
		pass(10 * time.Second)
		inSecond := map[string]int{}
		for _, a := range n.announced(from, from) {
			second, _, _ := strings.Cut(a, ".")
			inSecond[second]++
		}
		if len(inSecond) != 10 {
			t.Errorf("announcements by second: %v", inSecond)
		}
		for _, count := range inSecond {
			if count < 8 || count > 12 {
				t.Errorf("announcements by second: %v", inSecond)
			}
		}
	})
}

// A reload counts at once. Who must never announce again, who shares an address
// and who is no MASTER any more is quiet.
func TestAgeingEnds(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, aged(0))
		pass(10 * time.Second)
		shared := aged(10 * time.Second)
		shared.Balancing = carp.BalanceARP
		worse := aged(10 * time.Second)
		worse.Advskew = 100
		often := aged(10 * time.Second)
		for _, c := range []struct {
			what string
			g    config.Group
			want int
		}{{"never", aged(0), 0}, {"often", often, 6}, {"shared", shared, 0}, {"not shared any more, and taken over anew", often, 10}, {"worse", worse, 6}} {
			n.reload(t, c.g)
			now := time.Now()
			if pass(time.Minute); len(n.announced(now, now)) != c.want {
				t.Errorf("%s: %q", c.what, n.announced(now, now))
			}
		}
		l.start(2, aged(0))
		pass(10 * time.Second)
		now := time.Now()
		if pass(time.Minute); n.state() != "BACKUP" || len(n.announced(now, now)) > 0 {
			t.Errorf("%s: %q", n.state(), n.announced(now, now))
		}
	})
}
