package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// first is a cluster of one.
func first(t *testing.T) *node {
	t.Helper()
	return newCluster(t, 1)[0]
}

// token is one of a node.
func (n *node) token(life time.Duration) string {
	n.t.Helper()
	text, _, err := n.Token(life)
	must(n.t, err)
	return text
}

// refusedWith checks that an error says something.
func refusedWith(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
}

// Each reason for which a node does not get in, with what it is told.
func TestJoinRefused(t *testing.T) {
	n1, n2 := first(t), newNode(t, "n2")
	good := n1.token(0)
	other := first(t)
	for _, c := range []struct{ rule, name, listen, token, want string }{
		{"no token", "n2", n2.listen, "hello", "this is no whole token"},
		{"half a token", "n2", n2.listen, good[:40], "this is no whole token"},
		{"a name that cannot be", "n 2", n2.listen, good, `"n 2" is no name for a node`},
		{"an address that cannot be", "n2", "0.0.0.0:1", good, `"0.0.0.0:1" is not an address and port that other nodes reach`},
		{"the name of another node", "n1", n2.listen, good, "another node is called n1: choose another name, or carpctl cluster remove n1 first"},
		{"the address of another node", "n2", n1.listen, good, "n1 listens on " + n1.listen + " already"},
		{"a token of another secret", "n2", n2.listen, spoil(t, good, func(k *token) { k.Secret[0]++ }), "this token is not one that this node has made"},
		{"a token of another CA", "n2", n2.listen, spoil(t, good, func(k *token) { k.CA[0]++ }), "it is of another cluster than the token"},
		{"a token of another node", "n2", n2.listen, spoil(t, good, func(k *token) { k.Node[0]++ }), "it is not the node that made the token"},
		{"a token of another cluster at this address", "n2", n2.listen, spoil(t, other.token(0), func(k *token) { k.Address = addr(n1.listen) }), "it is of another cluster than the token"},
		{"nobody there", "n2", n2.listen, spoil(t, good, func(k *token) { k.Address = addr(freeAddress(t)) }), "nobody listens there"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			refusedWith(t, n2.Join(t.Context(), c.name, c.listen, c.token), c.want)
			if _, on := n2.Self(); on || len(n1.Members()) != 1 {
				t.Error("it is a member")
			}
		})
	}
	must(t, n2.Join(t.Context(), "n2", n2.listen, good)) // None of this has spent the token.
	refusedWith(t, n2.Join(t.Context(), "n2", n2.listen, good), "this node is n2 of a cluster already")
	n3 := newNode(t, "n3")
	refusedWith(t, n3.Join(t.Context(), "n3", n3.listen, good), "this token was used already")
	short := n1.token(time.Minute)
	n1.later(61 * time.Second)
	refusedWith(t, n3.Join(t.Context(), "n3", n3.listen, short), "this token expired")
	if n1.refused.all()[wrongToken] != 3 {
		t.Errorf("counted %v", n1.refused.all())
	}
	n1.heard(t, "cluster refused: 127.0.0.1:")
}

// spoil changes a token.
func spoil(t *testing.T, text string, f func(*token)) string {
	t.Helper()
	k, err := readToken(text)
	must(t, err)
	f(&k)
	return k.String()
}

// heard waits for an event.
func (n *node) heard(t *testing.T, prefix string) {
	t.Helper()
	eventually(t, n.name+" tells: "+prefix, func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, e := range n.events {
			if strings.HasPrefix(e, prefix) {
				return true
			}
		}
		return false
	})
}

// Of two who come with one token at the same moment one gets in.
func TestTwoJoinersOneToken(t *testing.T) {
	n1 := first(t)
	for range 5 {
		before, text := len(n1.Members()), n1.token(0)
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			n := newNode(t, "x")
			n.name = strings.Repeat("x", before+1) + string(rune('a'+i))
			wg.Go(func() { errs[i] = n.Join(t.Context(), n.name, n.listen, text) })
		}
		wg.Wait()
		lost := errors.Join(errs...)
		if (errs[0] == nil) == (errs[1] == nil) || len(n1.Members()) != before+1 {
			t.Fatalf("%v: %v", errs, n1.Members())
		}
		refusedWith(t, lost, "this token was used already")
		n1.later(time.Minute) // For the limit of joins.
	}
}

// When the answer was lost the same node can come again with the same token.
func TestJoinAgain(t *testing.T) {
	n1, n2 := first(t), newNode(t, "n2")
	text := n1.token(0)
	cut := errors.New("the line is cut")
	n2.opts.Dial = func(ctx context.Context, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		return &deafConn{Conn: c, err: cut}, err
	}
	n2.stop()
	n2.start()
	refusedWith(t, n2.Join(t.Context(), "n2", n2.listen, text), "the line is cut")
	eventually(t, "n1 has enrolled it", func() bool { return len(n1.Members()) == 2 })
	n2.opts.Dial = nil
	n2.stop()
	n2.start()
	must(t, n2.Join(t.Context(), "n2", n2.listen, text))
	if len(n1.Members()) != 2 {
		t.Errorf("%v", n1.Members())
	}
}

// deafConn loses what comes after the request was written, which is the second
// large piece: the first begins the handshake.
type deafConn struct {
	net.Conn
	err   error
	large atomic.Int32
}

func (c *deafConn) Write(b []byte) (int, error) {
	if len(b) > 300 {
		c.large.Add(1)
	}
	return c.Conn.Write(b)
}

func (c *deafConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.large.Load() > 1 {
		return 0, c.err
	}
	return n, err
}

// The secret leaves only when the other side is the one that made the token: neither
// another CA nor another node that holds the CA's key hears it.
func TestNothingSentToAnImpostor(t *testing.T) {
	n1, n2 := first(t), newNode(t, "n2")
	text := n1.token(0)
	for rule, id := range map[string]*identity{
		"another CA":                  identityFor(t, issuer(t, time.Now()), "n1"),
		"who has stolen the CA's key": identityFor(t, n1.id.ca, "n1"),
	} {
		address, heard := impostor(t, id)
		err := n2.Join(t.Context(), "n2", n2.listen, spoil(t, text, func(k *token) { k.Address = addr(address) }))
		refusedWith(t, err, "nothing was sent")
		if b := heard(); len(b) != 0 {
			t.Errorf("%s: it heard %q", rule, b)
		}
	}
}

// identityFor is a node's identity made with a CA.
func identityFor(t *testing.T, ca *pair, name string) *identity {
	t.Helper()
	k, err := newKey()
	must(t, err)
	c, err := ca.newNode(name, addr("127.0.0.1:1"), &k.PublicKey, time.Now())
	must(t, err)
	return &identity{ca, &pair{c, k}}
}

// impostor listens with an identity, and tells what it was sent inside of TLS.
func impostor(t *testing.T, id *identity) (address string, heard func() []byte) {
	t.Helper()
	m := newManager(Options{})
	m.id = id
	l, err := tls.Listen("tcp", "127.0.0.1:0", m.serverTLS())
	must(t, err)
	var all []byte
	var mu sync.Mutex
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				b := make([]byte, 1<<16)
				n, _ := c.Read(b)
				mu.Lock()
				all = append(all, b[:n]...)
				mu.Unlock()
			})
		}
	})
	end := sync.OnceFunc(func() { _ = l.Close(); wg.Wait() })
	t.Cleanup(end)
	return l.Addr().String(), func() []byte { end(); return all }
}

// Any member enrols others, also when the first is dead and was never asked.
func TestEnrolThroughAnother(t *testing.T) {
	nodes := newCluster(t, 3)
	nodes[0].stop()
	n4 := newNode(t, "n4")
	must(t, n4.Join(t.Context(), "n4", n4.listen, nodes[2].token(0)))
	n4.configure()
	eventually(t, "n2 hears of it", func() bool { return len(nodes[1].Members()) == 4 })
	nodes[0].start()
	nodes[0].configure()
	for _, n := range append(nodes, n4) {
		eventually(t, n.name+" sees all", func() bool { return n.sees(4) })
	}
}

// Files are for root alone, and neither they nor events have a token or its secret.
func TestSecretsAreKept(t *testing.T) {
	nodes := newCluster(t, 2)
	text := nodes[0].token(0)
	k, err := readToken(text)
	must(t, err)
	for _, n := range nodes {
		must(t, filepath.WalkDir(n.opts.Dir, func(path string, d fs.DirEntry, err error) error {
			info, err2 := os.Stat(path)
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[d.IsDir()]; info.Mode().Perm() != want {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
			b, _ := os.ReadFile(path)
			if bytes.Contains(b, []byte(text)) || bytes.Contains(b, k.Secret) || strings.Contains(string(b), sum(k.Secret)) {
				t.Errorf("%s has the token", path)
			}
			return nil
		}))
	}
}
