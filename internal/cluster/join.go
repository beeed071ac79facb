package cluster

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// joinTime is how long one try to join takes at most.
const joinTime = 20 * time.Second

// Join makes this node a member with a token. Configure does the rest. After an
// error that leaves open whether the other side has done it, the same token works
// again: this node comes with the same key.
func (m *Manager) Join(ctx context.Context, name, listen, text string) error {
	address, err := checkNode(name, listen)
	if err != nil {
		return err
	}
	t, err := readToken(text)
	if err != nil {
		return err
	}
	m.changing.Lock()
	defer m.changing.Unlock()
	if err := m.free(); err != nil {
		return err
	}
	key, err := m.keyToJoin()
	if err != nil {
		return err
	}
	csr, err := newRequest(name, key)
	if err != nil {
		return err
	}
	answer, err := m.ask(ctx, t, joinRequest{t.Secret, name, address.String(), csr})
	if err != nil {
		return err
	}
	id, err := answer.identity(t, key, name)
	if err != nil {
		return err
	}
	return m.adopt(id, answer.List)
}

// keyToJoin is the key of a try before, or a new one. It is on the disk before it
// is used. The key of a member that was removed is not used again.
func (m *Manager) keyToJoin() (*ecdsa.PrivateKey, error) {
	if err := m.dir.make(); err != nil {
		return nil, err
	}
	if !m.dir.isThere() {
		if key, err := m.dir.key(nodeKeyFile); !errors.Is(err, os.ErrNotExist) {
			return key, err
		}
	} else if err := m.dir.wipe(); err != nil {
		return nil, err
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	return key, m.dir.writeKey(nodeKeyFile, key)
}

// ask sends the request to the node that the token names. The secret leaves only
// after the handshake, in which that node was recognised.
func (m *Manager) ask(ctx context.Context, t token, q joinRequest) (*joinAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+t.Address.String()+joinPath, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DisableKeepAlives: true,
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return m.dialToken(ctx, t) }}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("the node that made the token, at %s: %w", t.Address, why(err))
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := receive(t.Address.String(), resp)
	if err != nil {
		return nil, err
	}
	answer := &joinAnswer{List: newRoster()}
	if err := json.Unmarshal(raw, answer); err != nil {
		return nil, fmt.Errorf("the answer of %s: %w", t.Address, err)
	}
	return answer, answer.List.check()
}

// dialToken connects to the node that made the token.
func (m *Manager) dialToken(ctx context.Context, t token) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	raw, err := m.connect(ctx, t.Address.String())
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, &tls.Config{
		MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, NextProtos: []string{"http/1.1"},
		VerifyConnection: func(state tls.ConnectionState) error { return t.recognise(state.PeerCertificates, m.Now()) },
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// recognise makes sure that a chain is that of the node which made the token: its
// own key, and a CA with the key that the token names, which has signed it. The
// CA's key alone is not enough, because every member holds it, a stolen one too.
func (t token) recognise(chain []*x509.Certificate, now time.Time) error {
	if len(chain) != 2 || fingerprint(chain[1]) != sum(t.CA) {
		return &denied{foreignCA, "it is of another cluster than the token: the fingerprint of its CA is another one; nothing was sent"}
	}
	if d := valid(chain[0], chain[1], now); d != nil {
		return d
	}
	if fingerprint(chain[0]) != sum(t.Node) {
		return &denied{anotherName, "it is not the node that made the token: the fingerprint of its key is another one; nothing was sent"}
	}
	return nil
}

// identity makes of the answer what this node is from now on, and checks that it
// is what was asked for.
func (a *joinAnswer) identity(t token, key *ecdsa.PrivateKey, name string) (*identity, error) {
	cert, err1 := x509.ParseCertificate(a.Cert)
	ca, err2 := x509.ParseCertificate(a.CA)
	caKey, err3 := parseKey(a.CAKey)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("the answer to the request to join: %w", err)
	}
	good := fingerprint(ca) == sum(t.CA) && caKey.PublicKey.Equal(ca.PublicKey) && cert.CheckSignatureFrom(ca) == nil &&
		key.PublicKey.Equal(cert.PublicKey) && cert.Subject.CommonName == name
	if !good {
		return nil, errors.New("the answer to the request to join does not fit it")
	}
	return &identity{&pair{ca, caKey}, &pair{cert, key}}, nil
}
