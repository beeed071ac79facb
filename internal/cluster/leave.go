package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// farewellTime is how long a removal waits for the node that is removed.
const farewellTime = time.Second

// Remove takes a node out of the cluster. Everybody refuses it as soon as they hear
// of it, which those who can be reached have when this returns. A node that removes
// itself forgets its keys. It tells which of the others could not be told.
func (m *Manager) Remove(ctx context.Context, name string) (untold []string, err error) {
	self, on := m.Self()
	if !on {
		return nil, m.leaveAnyway(name)
	}
	all := m.others()
	gone := slices.IndexFunc(all, func(o Member) bool { return o.Name == name })
	if gone < 0 && name != self.Name {
		return nil, fmt.Errorf("there is no node %s in the cluster", name)
	}
	list := m.snapshot().clone()
	list.remove(name, self.Name, m.Now().UTC().Truncate(time.Second))
	if name == self.Name {
		untold = m.push(ctx, all, list)
		return untold, m.leave()
	}
	m.farewell(ctx, all[gone], list)
	if err := m.update(func(mine roster) (roster, error) { return merge(mine, list), nil }); err != nil {
		return nil, err
	}
	m.note("node removed", name+" was removed from the cluster")
	return m.push(ctx, slices.Delete(all, gone, gone+1), list), nil
}

// farewell tells a node that it is removed, while it still is a member for us: else it
// would find out by being refused. One that does not listen is not waited for.
func (m *Manager) farewell(ctx context.Context, gone Member, list roster) {
	ctx, cancel := context.WithTimeout(ctx, farewellTime)
	defer cancel()
	m.push(ctx, []Member{gone}, list)
}

// leave forgets that this node was a member.
func (m *Manager) leave() error {
	m.changing.Lock()
	defer m.changing.Unlock()
	if err := m.dir.wipe(); err != nil {
		return err
	}
	m.mu.Lock()
	m.id, m.list, m.peers, m.trouble = nil, newRoster(), map[string]*peer{}, ""
	m.restart()
	m.mu.Unlock()
	m.carrier.forget()
	m.note("node removed", "this node has left the cluster")
	m.tell()
	return nil
}

// leaveAnyway is for a node that is enrolled and takes no part: it was removed, its
// section is not in the configuration, or its files are spoiled.
func (m *Manager) leaveAnyway(name string) error {
	m.mu.Lock()
	id, spoiled := m.id, m.id == nil && m.dir.isThere()
	node := m.cfg.Node
	m.mu.Unlock()
	if id != nil && id.name() == name || spoiled && node == name {
		return m.leave()
	}
	return m.notOn()
}
