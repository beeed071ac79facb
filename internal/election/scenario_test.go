package election

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/carp"
)

var update = flag.Bool("update", false, "rewrite the scenarios with what the machine does; review the diff")

// A scenario is a story of one node that an operator can read. What stands
// before the arrow of a line happens, what stands after it is what the node
// does. Lines without a time set the scene or explain it:
//
//	group advbase 1 advskew 100 preempt     the settings of the node
//	we are 192.0.2.12 fe80::12              its addresses
//	sending fails / sending works           whether rounds of adverts leave
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := new(scenario).play(string(want))
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			compareLines(t, got, string(want))
		})
	}
}

func compareLines(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range w {
		if i >= len(g) || g[i] != w[i] {
			t.Errorf("line %d:\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
}

// scenario is the state of a story.
type scenario struct {
	m          *Machine
	own4, own6 netip.Addr
	mute       bool // rounds of adverts do not leave
}

// play tells the story again, with what the machine does.
func (s *scenario) play(text string) (string, error) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		happens, _, _ := strings.Cut(line, " → ")
		told, err := s.line(strings.TrimRight(happens, " "))
		if err != nil {
			return "", fmt.Errorf("line %d: %w", i+1, err)
		}
		lines[i] = told
	}
	return strings.Join(lines, "\n"), nil
}

func (s *scenario) line(line string) (string, error) {
	words := strings.Fields(line)
	switch {
	case line == "" || line[0] == '#':
		return line, nil
	case strings.HasPrefix(line, "group "):
		s.m = New(parseGroup(words[1:]))
		return line, nil
	case strings.HasPrefix(line, "we are "):
		s.own4, s.own6 = pick(words[2:], netip.Addr.Is4), pick(words[2:], netip.Addr.Is6)
		return line, nil
	case strings.HasPrefix(line, "sending "):
		s.mute = words[1] == "fails"
		return line, nil
	case strings.HasPrefix(line, "t="):
		now := seconds(words[0][2:])
		e, err := s.event(now, words[1:])
		if err != nil {
			return "", err
		}
		return line + " → " + s.step(now, e), nil
	default:
		return "", fmt.Errorf("what is %q?", line)
	}
}

// step gives the machine the event and tells the effects.
func (s *scenario) step(now time.Time, e Event) string {
	fx := s.m.Step(now, e)
	told := tell(fx)
	if fx.Send && !s.mute {
		s.m.Step(now, Sent{At: now})
	}
	return told
}

// tell renders effects.
func tell(fx Effects) string {
	var b strings.Builder
	if fx.Changed() {
		fmt.Fprintf(&b, "%s→", fx.From)
	}
	fmt.Fprintf(&b, "%s %s", fx.To, fx.Cause)
	if fx.Send || fx.BowOut {
		fmt.Fprintf(&b, "; send %d/%d", fx.Advert.Advbase, fx.Advert.Advskew)
	}
	if fx.Advert.Demotion > 0 {
		fmt.Fprintf(&b, " demoted %d", fx.Advert.Demotion)
	}
	for what, is := range map[string]bool{"; announce": fx.Announce, "; tie": fx.Tie} {
		if is {
			b.WriteString(what) // a step never has both
		}
	}
	if !fx.Wake.IsZero() {
		fmt.Fprintf(&b, "; wake %.3f", fx.Wake.Sub(epoch).Seconds())
	}
	return b.String()
}

// event reads what happens.
func (s *scenario) event(now time.Time, words []string) (Event, error) {
	switch strings.Join(words[:min(2, len(words))], " ") {
	case "link up":
		return LinkUp{}, nil
	case "link down":
		return LinkDown{}, nil
	case "carpdev missing":
		return LinkDown{Why: LinkMissing}, nil
	case "tick":
		return Tick{}, nil
	case "shut down":
		return Shutdown{}, nil
	case "hand over":
		return HandOver{}, nil
	case "advert from", "bow-out from":
		return s.advert(now, words), nil
	}
	switch words[0] {
	case "demoted":
		return Demoted{Total: number(words[1])}, nil
	case "reconfigured":
		return Reconfigured{Params: parseGroup(words[1:])}, nil
	default:
		return nil, fmt.Errorf("what is %q?", strings.Join(words, " "))
	}
}

// advert reads "advert from ADDRESS advbase N advskew N demoted N arrived T".
func (s *scenario) advert(now time.Time, words []string) Received {
	addr := netip.MustParseAddr(words[2])
	r := Received{
		Advert: carp.Advert{VHID: 1, Advbase: 1}, Family: carp.FamilyOf(addr),
		From: addr, Own: s.own4, At: now,
	}
	if addr.Is6() {
		r.Own = s.own6
	}
	if words[0] == "bow-out" {
		r.Advert.Advbase, r.Advert.Advskew = 255, 255
	}
	for i := 3; i+1 < len(words); i += 2 {
		switch v := words[i+1]; words[i] {
		case "advbase":
			r.Advert.Advbase = uint8(number(v))
		case "advskew":
			r.Advert.Advskew = uint8(number(v))
		case "demoted":
			r.Advert.Demotion = uint8(number(v))
		case "arrived":
			r.At = seconds(v)
		}
	}
	return r
}

// parseGroup reads "advbase 1 advskew 100 preempt ipv6 shared openbsd"; IPv4
// is there unless it says "ipv6only".
func parseGroup(words []string) Params {
	p := settings(0)
	for i, w := range words {
		switch w {
		case "advbase":
			p.Advbase = uint8(number(words[i+1]))
			p.Lease = carp.Lease(p.Advbase)
		case "advskew":
			p.Advskew = uint8(number(words[i+1]))
		case "preempt":
			p.Preempt = true
		case "ipv6":
			p.IPv6 = true
		case "shared":
			p.SharedTimer = true
		case "openbsd":
			p.MasterDown = ThreeIntervals
		}
	}
	return p
}

// pick is the first of the addresses that fits.
func pick(words []string, fits func(netip.Addr) bool) netip.Addr {
	for _, w := range words {
		if a := netip.MustParseAddr(w); fits(a) {
			return a
		}
	}
	return netip.Addr{}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func seconds(s string) time.Time {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(err)
	}
	return at(f)
}
