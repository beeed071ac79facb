package cluster

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// One caller has so many calls at once and so many a second; another is not
// touched by that.
func TestRates(t *testing.T) {
	r := newRates(2, 3)
	now := at(0)
	for i, want := range []bool{true, true, true, false} {
		if got := r.Take("a", now); got != want {
			t.Errorf("call %d: %t", i, got)
		}
	}
	if !r.Take("b", now) {
		t.Error("b pays for a")
	}
	if now = now.Add(time.Second / 2); !r.Take("a", now) || r.Take("a", now) {
		t.Error("one call comes back in half a second")
	}
	for i := range 3 * maxCallers {
		r.Take(string(rune('a'+i)), now)
	}
	if r.Callers() > maxCallers {
		t.Errorf("%d callers are remembered", r.Callers())
	}
}

// A member that calls too often is told so, and so is who tries to join too often.
func TestTooMany(t *testing.T) {
	nodes := newCluster(t, 2)
	n1, n2 := nodes[0].echo(), nodes[1]
	var refusal *Refusal
	for range 10 * callsBurst {
		if err := n2.ask("n1"); err != nil {
			if !errors.As(err, &refusal) || refusal.Code != CodeBusy {
				t.Fatal(err)
			}
			break
		}
	}
	if refusal == nil || n1.refused.all()[tooManyCalls] == 0 {
		t.Errorf("%v", n1.refused.all())
	}
	n3, text := newNode(t, "n3"), spoil(t, n1.token(0), func(k *token) { k.Secret[0]++ })
	for range 2 * joinsBurst {
		_ = n3.Join(t.Context(), "n3", n3.listen, text)
	}
	refusedWith(t, n3.Join(t.Context(), "n3", n3.listen, text), "too many tries: wait a few seconds")
}

// One address cannot take all connections, and what is closed is free again.
func TestGate(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	refused := make(chan string, 2*maxPerHost)
	g := newGate(l, func(who string) { refused <- hostOf(who) })
	defer g.Close()
	accepted := make(chan net.Conn, 2*maxPerHost)
	go func() {
		for {
			c, err := g.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		must(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	var open []net.Conn
	for range maxPerHost {
		dial()
		open = append(open, <-accepted)
	}
	dial()
	if who := <-refused; who != "127.0.0.1" {
		t.Error(who)
	}
	must(t, open[0].Close())
	_ = open[0].Close() // Counted once.
	dial()
	<-accepted
	dial()
	<-refused
	if all, _ := g.Crowd.Count(); all != maxPerHost {
		t.Errorf("%d are open", all)
	}
}

// A body that is too large is refused, a path that is not there is not found, and
// nothing answers but POST.
func TestOddRequests(t *testing.T) {
	n1 := newCluster(t, 2)[0].echo()
	n2cfg := &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{{Certificate: [][]byte{n1.id.node.cert.Raw}, PrivateKey: n1.id.node.key}}}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: n2cfg, DisableKeepAlives: true}}
	for _, c := range []struct {
		method, path string
		size, want   int
	}{
		{"POST", callPrefix + "who", 10, 200},
		{"POST", callPrefix + "who", maxBody + 1, 413},
		{"POST", callPrefix + "nothing", 10, 422},
		{"GET", callPrefix + "who", 0, 404},
		{"POST", "/", 0, 404},
		{"POST", "/v1/call", 0, 404},
		{"POST", joinPath, maxJoin + 1, 400},
		{"POST", joinPath, 10, 400},
		{"GET", joinPath, 0, 404},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, "https://"+n1.listen+c.path, bytes.NewReader(make([]byte, c.size)))
		must(t, err)
		resp, err := client.Do(req)
		if err != nil && c.want == 413 {
			continue // It was cut off while it sent.
		}
		must(t, err)
		_ = resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s %s of %d bytes: %s, want %d", c.method, c.path, c.size, resp.Status, c.want)
		}
	}
}

// Older versions of TLS are not spoken.
func TestOldTLS(t *testing.T) {
	n1 := first(t)
	_, err := tls.Dial("tcp", n1.listen, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
	refusedWith(t, err, "protocol version")
}

// Who connects and says nothing is sent away.
func TestSilentConnection(t *testing.T) {
	t.Parallel()
	n1 := first(t)
	c, err := net.Dial("tcp", n1.listen)
	must(t, err)
	defer c.Close()
	must(t, c.SetReadDeadline(time.Now().Add(12*headerTime)))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the connection is not closed: %v", err)
	}
}
