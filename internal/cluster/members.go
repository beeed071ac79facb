package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// spreadTime is how long a change waits for the others to take it.
const spreadTime = 3 * time.Second

// members is a list on its way to another node.
type members struct {
	List *roster `json:"list"`
}

// update changes the list: it is on the disk before anybody sees it.
func (m *Manager) update(change func(roster) (roster, error)) error {
	m.changing.Lock()
	defer m.changing.Unlock()
	return m.updateLocked(change)
}

// updateLocked is update for those who hold changing.
func (m *Manager) updateLocked(change func(roster) (roster, error)) error {
	m.mu.Lock()
	old := m.list
	_, before := m.enabled()
	m.mu.Unlock()
	list, err := change(old.clone())
	if err != nil || list.equal(old) {
		return err
	}
	if err := list.check(); err != nil { // It could not be read again.
		return fmt.Errorf("the change would make %w", err)
	}
	if err := m.store(list); err != nil {
		return err
	}
	m.mu.Lock()
	m.list = list
	if _, after := m.enabled(); before != after {
		m.restart()
	}
	m.mu.Unlock()
	m.carrier.forget()
	m.tell()
	return nil
}

// store writes the list; a node of a hub has no files.
func (m *Manager) store(list roster) error {
	if m.dir == "" {
		return nil
	}
	return m.dir.writeJSON(membersFile, list)
}

// mergeIn takes what another node's list has beyond ours.
func (m *Manager) mergeIn(from string, theirs *roster) error {
	if err := theirs.check(); err != nil {
		return Refuse(CodeBody, "%v", err)
	}
	before := m.snapshot()
	err := m.update(func(mine roster) (roster, error) { return merge(mine, mine.fitting(*theirs)), mine.near(*theirs) })
	if after := m.snapshot(); err == nil && !after.equal(before) {
		m.report(before, after, from)
	}
	return err
}

// report tells who came and who went.
func (m *Manager) report(before, after roster, from string) {
	for _, now := range after.list() {
		if was, there := before.find(now.Name); !there || was.Key != now.Key {
			m.note("node joined", now.Name+" is a member of the cluster now, as "+from+" says")
		}
	}
	for _, was := range before.list() {
		if gone, removed := after.Removed[was.Key]; removed {
			m.note("node removed", was.Name+" was removed from the cluster by "+gone.By)
		}
	}
}

// note leaves a line in history and log.
func (m *Manager) note(kind, text string) {
	m.Log.Info().Str("kind", kind).Msg("cluster: " + text)
	m.Note(kind, text)
}

// snapshot is the list of now. It is not changed by anybody.
func (m *Manager) snapshot() roster {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.list
}

// digest names a list.
func (r roster) digest() string {
	raw, _ := json.Marshal(r) // Maps are written in the order of their keys.
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// find finds a member by name, with the rank that it has among all.
func (r roster) find(name string) (Member, bool) {
	for _, m := range r.list() {
		if m.Name == name {
			return m, true
		}
	}
	return Member{}, false
}

// spread gives our list to all others but one, and waits a moment for them. Who is
// not there gets it when it is.
func (m *Manager) spread(ctx context.Context, but string) {
	to := slices.DeleteFunc(m.others(), func(o Member) bool { return o.Name == but })
	m.push(ctx, to, m.snapshot())
}

// push gives a list to some nodes, and says who did not take it.
func (m *Manager) push(ctx context.Context, to []Member, list roster) (untold []string) {
	ctx, cancel := context.WithTimeout(ctx, spreadTime)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, other := range to {
		wg.Go(func() {
			if err := m.Call(ctx, other.Name, pathMembers, members{&list}, nil); err != nil {
				mu.Lock()
				untold = append(untold, other.Name)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(untold)
	return untold
}

// onMembers takes a member's list and answers with ours.
func (m *Manager) onMembers(_ context.Context, from string, body []byte) (any, error) {
	var theirs members
	if err := json.Unmarshal(body, &theirs); err != nil || theirs.List == nil {
		return nil, Refuse(CodeBody, "a list of members was expected")
	}
	return struct{}{}, m.mergeIn(from, theirs.List)
}

// settle makes our own entry and our certificates what they should be: the address
// of the configuration, and certificates that are not old.
func (m *Manager) settle() error {
	m.mu.Lock()
	cfg, id, name := m.cfg, m.id, m.cfg.Node
	_, on := m.enabled()
	m.mu.Unlock()
	if !on || id == nil { // Nodes of a hub have neither keys nor addresses.
		return nil
	}
	address, err := netip.ParseAddrPort(cfg.Listen)
	if err != nil {
		return err
	}
	if err := m.renew(id, address); err != nil {
		return err
	}
	return m.update(func(list roster) (roster, error) {
		e, there := list.live(name)
		if there && e.Address != cfg.Listen { // It may have left meanwhile.
			e.Address, e.By = cfg.Listen, name
			list.set(name, e)
		}
		return list, nil
	})
}

// identity is what makes this node a member now.
func (m *Manager) identity() *identity {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.id
}

// renew makes certificates anew that are old or name another address. The keys
// stay, and with them what other nodes know us by.
func (m *Manager) renew(id *identity, address netip.AddrPort) (err error) {
	now, fresh := m.Now(), *id
	if isOld(id.ca.cert, now) {
		if fresh.ca, err = newCA(id.ca.key, now); err != nil {
			return err
		}
	}
	if isOld(id.node.cert, now) || fresh.ca != id.ca || id.node.cert.VerifyHostname(address.Addr().String()) != nil {
		cert, err := fresh.ca.newNode(id.name(), address, &id.node.key.PublicKey, now)
		if err != nil {
			return err
		}
		fresh.node = &pair{cert, id.node.key}
	}
	if fresh == *id {
		return nil
	}
	m.changing.Lock()
	defer m.changing.Unlock()
	if now := m.identity(); now != id { // It has left meanwhile, or was enrolled anew.
		return nil
	}
	if err := m.dir.writeIdentity(&fresh); err != nil {
		return err
	}
	m.mu.Lock()
	m.id = &fresh
	m.mu.Unlock()
	m.carrier.forget()
	m.Log.Info().Time("until", fresh.node.cert.NotAfter).Msg("cluster: certificate made anew")
	return nil
}
