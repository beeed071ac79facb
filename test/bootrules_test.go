package test

import (
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// TestBootRules: where the addresses are configured already, carpd says so, and
// the rules that it prints keep the kernel silent before it runs and after it
// was stopped, while its own answers and announcements go out.
func TestBootRules(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1}, "nft")
	n := s.Routers[0]
	s.must(n.Sysctl("net.ipv4.conf.eth0.arp_notify", "1"))
	s.must(n.Sysctl("net.ipv6.conf.eth0.ndisc_notify", "1"))
	on(lab.Interface)(s, n)
	h := &hush{site: s, from: map[string]time.Time{}, until: map[string]time.Time{}}
	h.ask()
	h.kernelAnswers(n, time.Time{}, answersBoth)

	c := s.newCarpd(n, group{addresses: both})
	s.nft(n, c.bootRules(`192.0.2.1 is on eth0 already`, `2001:db8::1 is on eth0 already`))
	h.silent(n)
	h.from[n.Name] = time.Now()
	c.start()
	h.unasked(c)
	c.is("MASTER", masterDown0+2*time.Second)
	h.answers(n)
	for _, v := range both {
		_, err := s.Wire.WaitClaim(s.within(2*time.Second), func(l lab.Claim) bool {
			return l.Addr.String() == strings.Split(v, "/")[0] && l.MAC == vmac1 && l.SrcMAC == vmac1
		})
		s.must(err)
	}
	s.eventually(3*time.Second, "the status warns", func() bool { return len(c.group().Warnings) == 2 })
	if !strings.Contains(c.log(), "group addresses are configured without carpd") || !strings.Contains(c.log(), "arp operation reply arp saddr ip 192.0.2.1 drop") {
		t.Errorf("the log does not tell:\n%s", c.log())
	}
	s.must(c.Stop(5 * time.Second))
	h.silent(n)
	h.until[n.Name] = time.Now()
	h.judge()
	s.nft(n, "flush ruleset\n")
	h.kernelAnswers(n, h.until[n.Name], answersBoth)
}

// TestNoWarningOfOwnAddresses: what carpd has added itself is not warned of, by
// the running one and by a check beside it.
func TestNoWarningOfOwnAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 1})
	c := s.carpd(s.Routers[0], group{addresses: both, more: "address: always\n"})
	c.is("MASTER", masterDown0+2*time.Second)
	time.Sleep(1500 * time.Millisecond)
	if g := c.group(); len(g.Warnings) > 0 || strings.Contains(c.log(), "without carpd") {
		t.Errorf("warnings: %q", g.Warnings)
	}
	if out := c.check(); strings.Contains(out, "already") || strings.Contains(out, "table") {
		t.Errorf("check --live: %s", out)
	}
}

// check is what carpd check --live says on the node.
func (c *carpd) check() string {
	c.s.t.Helper()
	out, err := c.node.Command(program(c.s.t, "carpd"), "check", "--live", c.config).Output()
	if err != nil {
		c.s.t.Fatalf("check: %v\n%s", err, out)
	}
	return out
}

// bootRules are the rules that check --live prints, with what it says of them.
func (c *carpd) bootRules(says ...string) string {
	c.s.t.Helper()
	out := c.check()
	for _, text := range says {
		if !strings.Contains(out, text) {
			c.s.t.Fatalf("check does not say %q:\n%s", text, out)
		}
	}
	_, rules, _ := strings.Cut(out, "\n\ntable ")
	rules, _, _ = strings.Cut(rules, "\n\n")
	return "table " + rules + "\n"
}

// silent checks that a node answers nothing by itself, asked or not.
func (h *hush) silent(n *lab.Node) {
	h.t.Helper()
	from := time.Now().Add(100 * time.Millisecond) // Answers may still be under way.
	h.ip(n, "link set eth0 address 02:00:00:ee:00:01")
	h.ip(n, "link set eth0 address "+n.MAC.String())
	time.Sleep(time.Until(from.Add(500 * time.Millisecond)))
	if got := h.replies(n, from, func(lab.Reply) bool { return true }); got != [2]int{} {
		h.t.Errorf("%s answers %d times", n.Name, got)
	}
	for _, c := range h.Wire.Claims(func(c lab.Claim) bool { return c.At.After(from.Add(-100 * time.Millisecond)) }) {
		if gratuitous := !c.Request || c.Addr == c.Target; gratuitous && (c.Addr == lab.Virtual4.Addr() || c.Addr == lab.Virtual6.Addr()) {
			h.t.Errorf("%s says by itself: %+v", n.Name, c)
		}
	}
}
