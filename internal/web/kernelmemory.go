package web

import (
	"context"
	"sync"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// kernelFresh is how long an answer of the kernel is shown before it is asked
// again. Programs change with a restart or an upgrade only.
const kernelFresh = 30 * time.Second

// kernelMemory keeps what the kernel told, so that nobody waits a second for a
// page. It asks only while somebody looks.
type kernelMemory struct {
	mu     sync.Mutex
	asked  time.Time
	asking bool
	told   *status.Dataplane
}

// get is the last answer, nil before the first one. When it is old, another one
// is asked for, and this one is given once more.
func (m *kernelMemory) get(src control.Source) *status.Dataplane {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.asking && time.Since(m.asked) > kernelFresh {
		m.asking, m.asked = true, time.Now()
		go m.ask(src)
	}
	return m.told
}

// ask waits for the kernel. An answer that fails leaves the one before it.
func (m *kernelMemory) ask(src control.Source) {
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	d, err := src.Dataplane(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asking = false
	if err == nil {
		m.told = d
	}
}
