package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// settleEvery is how often certificates are looked at.
const settleEvery = time.Hour

// Run takes part in the cluster until ctx ends, as the configuration and the files
// say at each time.
func (m *Manager) Run(ctx context.Context) {
	for ctx.Err() == nil {
		m.mu.Lock()
		again := m.again
		m.mu.Unlock()
		turn, end := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() { defer close(ended); m.turn(turn) }()
		select {
		case <-again:
		case <-ctx.Done():
		}
		end()
		<-ended
	}
	m.carrier.forget()
}

// turn takes part, or does not, with settings that stay as they are.
func (m *Manager) turn(ctx context.Context) {
	self, on := m.Self()
	if !on {
		<-ctx.Done()
		return
	}
	if err := m.settle(); err != nil {
		m.setTrouble(fmt.Sprintf("its certificate cannot be made anew: %v", err))
	}
	if now, _ := m.Self(); now != self {
		m.Log.Info().Str("address", now.Address).Msg("cluster: this node has another address")
	}
	m.mu.Lock()
	listen := m.cfg.Listen
	m.mu.Unlock()
	var wg sync.WaitGroup
	if listen != "" {
		wg.Go(func() { m.serve(ctx, listen) })
	}
	wg.Go(func() { m.lookAround(ctx) })
	wg.Go(func() { m.bringNews(ctx) })
	wg.Go(func() { m.keepSettled(ctx) })
	wg.Wait()
}

// keepSettled renews certificates long before they expire.
func (m *Manager) keepSettled(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(settleEvery):
		}
		if err := m.settle(); err != nil {
			m.Log.Error().Err(err).Msg("cluster: certificate not made anew")
		}
	}
}

// problem is why this node takes no part although it should, or not fully.
func (m *Manager) problem() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch _, on := m.enabled(); {
	case on || m.id == nil && m.dir.isThere():
		return m.trouble
	case m.id == nil && m.cfg.Node != "":
		return fmt.Sprintf("the configuration calls this node %s of a cluster, and it is not enrolled: carpctl cluster init or join does that", m.cfg.Node)
	case m.id == nil:
		return ""
	}
	name := m.id.name()
	gone, removed := m.list.Removed[fingerprint(m.id.node.cert)]
	switch {
	case removed:
		return fmt.Sprintf("this node was removed from the cluster by %s: carpctl cluster remove %s forgets its keys", gone.By, name)
	case m.cfg.Node == "":
		return fmt.Sprintf("this node is enrolled as %s, and the configuration has no section cluster: it takes no part", name)
	case m.cfg.Node != name:
		return fmt.Sprintf("this node is enrolled as %s, and the configuration calls it %s: it takes no part", name, m.cfg.Node)
	}
	return fmt.Sprintf("the name %s was given to another node meanwhile: carpctl cluster remove %s forgets the keys of this one", name, name)
}
