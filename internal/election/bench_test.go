package election

import (
	"testing"
	"time"
)

// A step is arithmetic: no rule allocates.
func TestStepDoesNotAllocate(t *testing.T) {
	for name, step := range map[string]func(now time.Time) Effects{
		"advert to a BACKUP": hearing(backup(settings(100))),
		"advert to a MASTER": hearing(master(settings(0))),
		"tick":               ticking(master(settings(0))),
		"transitions":        flapping(backup(settings(100))),
	} {
		now := epoch
		if n := testing.AllocsPerRun(1000, func() {
			now = now.Add(time.Second)
			step(now)
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	for name, step := range map[string]func(now time.Time) Effects{
		"backup-hears-master": hearing(backup(settings(100))),
		"master-advertises":   ticking(master(settings(0))),
		"master-hears-worse":  hearing(master(settings(0))),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			now := epoch
			for b.Loop() {
				now = now.Add(time.Second)
				step(now)
			}
		})
	}
}

// hearing gives an advert (1, 50) at each step.
func hearing(m *Machine) func(time.Time) Effects {
	r := hear(0, 1, 50)
	return func(now time.Time) Effects {
		r.At = now
		m.Step(now, Sent{At: now})
		return m.Step(now, r)
	}
}

// ticking sends a round at each step.
func ticking(m *Machine) func(time.Time) Effects {
	return func(now time.Time) Effects {
		m.Step(now, Sent{At: now})
		return m.Step(now, Tick{})
	}
}

// flapping becomes MASTER by a bow-out and yields again.
func flapping(m *Machine) func(time.Time) Effects {
	better, bowOut := hear(0, 1, 50), hear(0, 255, 255)
	return func(now time.Time) Effects {
		bowOut.At, better.At = now, now.Add(time.Millisecond)
		m.Step(now, bowOut)
		return m.Step(better.At, better)
	}
}
