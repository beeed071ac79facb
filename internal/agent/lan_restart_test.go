package agent

import (
	"context"
	"maps"
	"time"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/dataplane"
)

// pinned is what of a node outlives its carpd, beside deadlines and groups.
type pinned struct {
	memory  map[dataplane.Slot]dataplane.Memory
	left    map[dataplane.Slot]bool // of the last carpd, not claimed
	adopted map[dataplane.Slot]bool
}

// die ends the loop without a word, as SIGKILL does, and leaves the kernel.
func (n *node) die() {
	n.lan.t.Helper()
	if err := n.Retire(context.Background()); err != nil {
		n.lan.t.Fatal(err)
	}
	<-n.ended
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left, n.adopted = map[dataplane.Slot]bool{}, map[dataplane.Slot]bool{}
	for s := range n.kernel {
		n.left[s] = true
	}
	if len(n.ring) > 0 && !n.mute {
		select {
		case n.ready <- struct{}{}:
		default:
		}
	}
}

// rise lets another carpd go on, after a while.
func (n *node) rise(after time.Duration, groups ...config.Group) {
	pass(after)
	n.ended = make(chan struct{})
	n.run(groups)
}

func (n *node) Remember(s dataplane.Slot, m dataplane.Memory) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.memory == nil {
		n.memory = map[dataplane.Slot]dataplane.Memory{}
	}
	n.memory[s] = m
}

func (n *node) Recall(s dataplane.Slot) (dataplane.Memory, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m, ok := n.memory[s]
	return m, ok && n.adopted[s]
}

func (n *node) Sweep() error {
	n.mu.Lock()
	left := maps.Clone(n.left)
	n.mu.Unlock()
	for s := range left {
		if err := n.RemoveGroup(s); err != nil {
			return err
		}
	}
	return nil
}
