package election

import (
	"flag"
	"slices"
	"testing"
	"time"
)

var (
	simDays = flag.Float64("sim.days", 4, "virtual days to simulate")
	simSeed = flag.Uint64("sim.seed", 1, "first seed; a failure names its seed")
)

const simLength = 2 * time.Hour

// TestSimulation lets groups of three routers live through virtual days of
// crashes, pauses, link flaps, cuts, loss, reordering, demotions, edits and
// graceful stops, with equal and different settings, unnumbered and dual-stack
// nodes and preempt here and there. The invariants are asserted at every step.
func TestSimulation(t *testing.T) {
	t.Parallel()
	days := *simDays
	if testing.Short() {
		days = min(days, 1)
	}
	worlds := int(days * float64(24*time.Hour/simLength))
	steps := 0
	for i := range worlds {
		seed := *simSeed + uint64(i)
		w := newWorld(seed, simLength, mutation{})
		w.run()
		steps += w.steps
		for invariant, story := range w.found {
			t.Fatalf("seed %d, %+v: %s\n%s", seed, w.setting, invariant, story)
		}
	}
	t.Logf("%d worlds of %v from seed %d, %d steps", worlds, simLength, *simSeed, steps)
}

// mutation breaks a rule of the machine, or of what the caller owes it.
type mutation struct {
	dropRule []string                    // rules that do nothing
	before   func(n *node, e Event) bool // false: the event is swallowed
	after    func(*Effects)
	params   func(*Params)
	setting  func(*setting)
}

// without is the rulebook with the named rules taken out.
func (b rulebook) without(names ...string) *rulebook {
	out := func(r rule) bool { return slices.Contains(names, r.name) && r.name != "rearm" }
	b.master = slices.DeleteFunc(slices.Clone(b.master), out)
	b.backup = slices.DeleteFunc(slices.Clone(b.backup), out)
	if slices.Contains(names, "rearm") { // the list has to end with some rule
		b.backup[len(b.backup)-1].try = masterStays
	}
	return &b
}

func equalNumbered(s *setting)   { s.equal, s.unnumbered = true, false }
func equalUnnumbered(s *setting) { s.equal, s.unnumbered = true, true }
func numbered(s *setting)        { s.unnumbered = false }
func equalDualStack(s *setting)  { *s = setting{equal: true, ipv4: true, ipv6: true} }

// TestInvariantsCatchBrokenRules shows of every invariant that it is violated
// when a rule behind it is taken away, so that a simulation without violations
// means something.
func TestInvariantsCatchBrokenRules(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]struct {
		mutation
		invariant string
	}{
		"no yielding to a better MASTER": {mutation{dropRule: []string{"yieldToBetter"}}, oneMaster},
		"no yielding on a tie":           {mutation{dropRule: []string{"yieldTieToHigherAddress"}, setting: equalNumbered}, oneMaster},
		"no re-arming":                   {mutation{dropRule: []string{"rearm"}}, oneMaster},
		"no yielding to the less demoted": {mutation{dropRule: []string{"yieldToLessDemoted"},
			params: func(p *Params) { p.Advskew = max(p.Advskew, 245) }}, oneMaster},
		"no take-over of the demoted": {mutation{dropRule: []string{"takeOverDemoted"}}, rightMaster},
		"no preemption":               {mutation{dropRule: []string{"preemptWorse"}}, rightMaster},
		"ties decided in both families": {mutation{dropRule: []string{"holdTieOfOtherFamily"},
			setting: equalDualStack}, someMaster},
		"unnumbered ties as on a BSD": {mutation{dropRule: []string{"yieldTieWithoutOrder"},
			setting: equalUnnumbered}, someMaster},
		"no waiting after such a tie": {mutation{params: func(p *Params) { p.TieWait = 0 },
			setting: equalUnnumbered}, someMaster},
		"no master-down timer": {mutation{before: func(n *node, e Event) bool {
			_, tick := e.(Tick)
			return !tick || n.m.State() != Backup
		}}, someMaster},
		"no cause": {mutation{after: func(fx *Effects) { fx.Cause = Cause{} }}, hasCause},
		"no fencing of a stalled MASTER": {mutation{before: func(n *node, _ Event) bool {
			n.m.lead.until = later(n.m.lead.until, n.w.now)
			return true
		}}, fenced},
		"a lease longer than a peer waits": {mutation{params: func(p *Params) { p.Lease += 300 * time.Millisecond }}, leaseOver},
		"no take-over on a bow-out":        {mutation{dropRule: []string{"takeOverOnBowOut", "takeOverTooSlow"}}, handover},
		"handing over without a demotion": {mutation{before: func(_ *node, e Event) bool {
			d, ok := e.(Demoted)
			return !ok || d.Total != 1
		}, params: func(p *Params) { p.Preempt = true }}, givenAway},
		"everybody's bow-out counts": {mutation{dropRule: []string{"ignoreBowOutOfAnother"}, setting: numbered}, handover},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= 60; seed++ {
				w := newWorld(seed, simLength, broken.mutation)
				w.run()
				if _, found := w.found[broken.invariant]; found {
					t.Logf("seed %d: %s", seed, broken.invariant)
					return
				}
			}
			t.Errorf("no world violates: %s", broken.invariant)
		})
	}
}
