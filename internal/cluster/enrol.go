package cluster

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/carpd/carpd/internal/config"
)

// joinRequest is what a node sends with a token.
type joinRequest struct {
	Secret  []byte `json:"secret"`
	Name    string `json:"name"`
	Address string `json:"address"`
	CSR     []byte `json:"csr"`
}

// joinAnswer makes it a member. The key of the CA goes along, so that every node
// can enrol others when this one is gone.
type joinAnswer struct {
	Cert  []byte `json:"cert"`
	CA    []byte `json:"ca"`
	CAKey []byte `json:"ca_key"`
	List  roster `json:"list"`
}

// Token makes a token with which one node can join through this one.
func (m *Manager) Token(life time.Duration) (text string, until time.Time, err error) {
	self, on := m.Self()
	if !on {
		return "", until, m.notOn()
	}
	if life <= 0 {
		life = DefaultTokenLife
	}
	if life > maxTokenLife {
		return "", until, fmt.Errorf("a token lives for %v at most", maxTokenLife)
	}
	address, err := netip.ParseAddrPort(self.Address)
	if err != nil {
		return "", until, err
	}
	m.mu.Lock()
	id := m.id
	m.mu.Unlock()
	if id == nil { // It has left meanwhile.
		return "", until, m.notOn()
	}
	t, err := newToken(fingerprint(id.ca.cert), self.Key, address)
	if err != nil {
		return "", until, err
	}
	until = m.Now().Add(life).UTC().Truncate(time.Second)
	err = m.tickets(func(all tickets) (tickets, error) {
		return append(all, ticket{Hash: hash(t.Secret), Until: until}), nil
	})
	return t.String(), until, err
}

// tickets changes what is remembered of tokens, on the disk.
func (m *Manager) tickets(change func(tickets) (tickets, error)) error {
	m.changing.Lock()
	defer m.changing.Unlock()
	return m.ticketsLocked(change)
}

// ticketsLocked is tickets for those who hold changing.
func (m *Manager) ticketsLocked(change func(tickets) (tickets, error)) error {
	var all tickets
	if err := m.dir.readJSON(ticketsFile, &all); err != nil {
		return err
	}
	all, err := change(all.keep(m.Now()))
	if err != nil {
		return err
	}
	return m.dir.writeJSON(ticketsFile, all)
}

// join answers a stranger with a token. Tries are limited by address; the secret is
// far too long to be guessed, this keeps a guesser from costing us time.
func (s *server) join(w http.ResponseWriter, r *http.Request) {
	if host := hostOf(r.RemoteAddr); !s.joins.Take(host, s.m.Now()) {
		s.m.refused.add(r.RemoteAddr, tooManyJoins, "it tries to join too often")
		answerError(w, http.StatusTooManyRequests, CodeBusy, "too many tries: wait a few seconds")
		return
	}
	var q joinRequest
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJoin))
	if err != nil || json.Unmarshal(body, &q) != nil {
		answerError(w, http.StatusBadRequest, CodeBody, "this is no request to join")
		return
	}
	answer, err := s.m.enrol(q)
	var d *denied
	if errors.As(err, &d) {
		s.m.refused.add(r.RemoteAddr, d.reason, d.text)
		answerError(w, http.StatusForbidden, CodeToken, d.text)
		return
	}
	if err == nil {
		s.m.note("node joined", q.Name+" has joined the cluster by a token of this node")
		s.m.spread(context.WithoutCancel(r.Context()), q.Name)
	}
	raw, _ := json.Marshal(answer)
	answerCall(w, raw, err)
}

// enrol makes a node a member. Everything is checked before the token is spent, and
// the token is spent, on the disk, before anything is signed.
func (m *Manager) enrol(q joinRequest) (*joinAnswer, error) {
	address, err := checkNode(q.Name, q.Address)
	if err != nil {
		return nil, Refuse(CodeBody, "%v", err)
	}
	pub, err := readRequest(q.CSR)
	if err != nil {
		return nil, Refuse(CodeBody, "%v", err)
	}
	m.changing.Lock()
	defer m.changing.Unlock()
	m.mu.Lock()
	id := m.id
	self, on := m.enabled()
	m.mu.Unlock()
	if !on {
		return nil, m.notOn()
	}
	cert, err := id.ca.newNode(q.Name, address, pub, m.Now())
	if err != nil {
		return nil, err
	}
	if err := m.spend(q, fingerprint(cert)); err != nil {
		return nil, err
	}
	if err := m.updateLocked(func(list roster) (roster, error) {
		return list.enrolled(q.Name, address.String(), fingerprint(cert), self, m.Now()), nil
	}); err != nil {
		return nil, err
	}
	return m.welcome(id, cert)
}

// spend checks a token and the name, and marks the token.
func (m *Manager) spend(q joinRequest, key string) error {
	list := m.snapshot()
	return m.ticketsLocked(func(all tickets) (tickets, error) {
		i, d := all.take(q.Secret, key, m.Now())
		if d != nil {
			return nil, d
		}
		if gone, removed := list.Removed[key]; removed {
			return nil, Refuse(CodeNoMember, "this key was removed from the cluster by %s: a node that comes back needs a new one", gone.By)
		}
		if other, there := list.live(q.Name); there && other.Key != key {
			return nil, Refuse(CodeNameTaken, "another node is called %s: choose another name, or carpctl cluster remove %s first", q.Name, q.Name)
		}
		for _, other := range list.list() {
			if other.Address == q.Address && other.Key != key {
				return nil, Refuse(CodeNameTaken, "%s listens on %s already: choose another address, or carpctl cluster remove %s first", other.Name, q.Address, other.Name)
			}
		}
		all[i].Used = key
		return all, nil
	})
}

// enrolled is the list with one more node. One that asks again stays as it is.
func (r roster) enrolled(name, address, key, by string, now time.Time) roster {
	if e, there := r.live(name); there && e.Key == key {
		return r
	}
	r.set(name, entry{Key: key, Address: address, Rank: r.freeRank(), By: by, Since: now.UTC().Truncate(time.Second)})
	return r
}

// welcome is what a new member needs.
func (m *Manager) welcome(id *identity, cert *x509.Certificate) (*joinAnswer, error) {
	key, err := x509.MarshalPKCS8PrivateKey(id.ca.key)
	return &joinAnswer{cert.Raw, id.ca.cert.Raw, key, m.snapshot()}, err
}

// checkNode checks what a node is to be called and where it is to be reached.
func checkNode(name, listen string) (netip.AddrPort, error) {
	if !config.IsNodeName(name) {
		return netip.AddrPort{}, fmt.Errorf("%q is no name for a node: 1 to 32 letters, digits and -, not - at the ends", name)
	}
	return config.NodeAddress(listen)
}

// notOn says why this node takes part in no cluster.
func (m *Manager) notOn() error {
	if problem := m.problem(); problem != "" {
		return errors.New(problem)
	}
	return errors.New("this node takes part in no cluster: carpctl cluster init makes one, carpctl cluster join enters one")
}

// Init makes a CA and this node the first member. Configure does the rest.
func (m *Manager) Init(name, listen string) error {
	address, err := checkNode(name, listen)
	if err != nil {
		return err
	}
	m.changing.Lock()
	defer m.changing.Unlock()
	if err := m.free(); err != nil {
		return err
	}
	id, err := newIdentity(name, address, m.Now())
	if err != nil {
		return err
	}
	list := newRoster()
	list = list.enrolled(name, address.String(), fingerprint(id.node.cert), name, m.Now())
	return m.adopt(id, list)
}

// newIdentity makes a CA and the certificate of its first node.
func newIdentity(name string, address netip.AddrPort, now time.Time) (*identity, error) {
	caKey, err1 := newKey()
	key, err2 := newKey()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	ca, err := newCA(caKey, now)
	if err != nil {
		return nil, err
	}
	cert, err := ca.newNode(name, address, &key.PublicKey, now)
	return &identity{ca, &pair{cert, key}}, err
}

// free refuses to make a member of another cluster of a node that is one. A node
// that was removed is free again.
func (m *Manager) free() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.id == nil && m.dir.isThere():
		return errors.New("the files of a cluster are there and cannot be read: " + m.trouble)
	case m.id == nil:
		return nil
	}
	name := m.id.name()
	if e, member := m.list.live(name); member && e.Key == fingerprint(m.id.node.cert) {
		return fmt.Errorf("this node is %s of a cluster already: carpctl cluster remove %s first", name, name)
	}
	return nil
}

// adopt keeps an identity with its list, the list last.
func (m *Manager) adopt(id *identity, list roster) error {
	if err := m.dir.make(); err != nil {
		return err
	}
	// Tokens of an earlier cluster open nothing here.
	if err := errors.Join(m.dir.writeIdentity(id), m.dir.writeJSON(ticketsFile, tickets{}), m.dir.writeJSON(membersFile, list)); err != nil {
		return err
	}
	m.mu.Lock()
	m.id, m.list, m.peers = id, list, map[string]*peer{}
	m.restart()
	m.mu.Unlock()
	m.tell()
	return nil
}

// sum is a fingerprint in hexadecimal.
func sum(b []byte) string { return hex.EncodeToString(b) }
