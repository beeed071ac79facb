package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/carpd/carpd/internal/words"
)

// Limits of a call.
const (
	callTime = 30 * time.Second
	dialTime = 5 * time.Second
)

// wire carries calls over mutual TLS. Connections are kept per key and address, so
// that none outlives what the list says of a member.
type wire struct {
	m       *Manager
	mu      sync.Mutex
	clients map[Member]*http.Client
}

// newWire makes one without connections.
func newWire(m *Manager) *wire { return &wire{m: m, clients: map[Member]*http.Client{}} }

// call posts one request.
func (c *wire) call(ctx context.Context, to Member, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+to.Address+callPrefix+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := c.client(to).Do(req)
	if err != nil {
		return nil, &Unreachable{to.Name, why(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	return receive(to.Name, resp)
}

// receive reads an answer, or the refusal in its place.
func receive(node string, resp *http.Response) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, &Unreachable{node, err}
	case len(raw) > maxBody:
		return nil, &Unreachable{node, fmt.Errorf("its answer has more than %d bytes", maxBody)}
	case resp.StatusCode == http.StatusOK:
		return raw, nil
	}
	var f failure
	if json.Unmarshal(raw, &f) != nil || f.Error == "" {
		return nil, &Unreachable{node, fmt.Errorf("it answered %s", words.Said(resp.Status))}
	}
	return nil, &Refusal{node, words.Said(f.Code), words.Said(f.Error)}
}

// client keeps the connections to a member.
func (c *wire) client(to Member) *http.Client {
	to.Rank = 0
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clients[to] == nil {
		c.clients[to] = &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialTLSContext:  func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx, to) },
				MaxConnsPerHost: 8, MaxIdleConnsPerHost: 4, IdleConnTimeout: idleTime / 2,
			},
		}
	}
	return c.clients[to]
}

// forget closes what is kept, so that everybody is looked at again, and drops what
// is no member's any more; calls that are under way end as they would.
func (c *wire) forget() {
	list := c.m.snapshot()
	c.mu.Lock()
	defer c.mu.Unlock()
	for to, client := range c.clients {
		client.CloseIdleConnections()
		if e, there := list.live(to.Name); !there || e.Key != to.Key || e.Address != to.Address {
			delete(c.clients, to)
		}
	}
}

// dial connects to a member and makes sure that it is the one.
func (c *wire) dial(ctx context.Context, to Member) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	raw, err := c.m.connect(ctx, to.Address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, c.tls(to))
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// connect opens a connection.
func (m *Manager) connect(ctx context.Context, address string) (net.Conn, error) {
	if m.Dial != nil {
		return m.Dial(ctx, address)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// tls shows our certificate and checks the other one: it must be the member that
// we mean. crypto/tls itself would only ask whether the CA has signed it.
func (c *wire) tls(to Member) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, NextProtos: []string{"http/1.1"},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.m.certificate() },
		VerifyConnection: func(state tls.ConnectionState) error {
			who, d := c.m.who(&state)
			if d == nil && (who.Name != to.Name || who.Key != to.Key) {
				d = &denied{anotherName, fmt.Sprintf("%s answers in place of %s", who.Name, to.Name)}
			}
			if d != nil {
				c.m.refused.add(to.Address, d.reason, d.text)
				return d
			}
			return nil
		},
	}
}
