package cluster

import (
	"context"
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"
)

// callAnyhow calls a node with a certificate, or none, without asking who answers.
func callAnyhow(t *testing.T, id *identity, to Member) ([]byte, error) {
	t.Helper()
	cfg := &tls.Config{InsecureSkipVerify: true}
	if id != nil {
		cfg.Certificates = []tls.Certificate{{Certificate: [][]byte{id.node.cert.Raw}, PrivateKey: id.node.key}}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true}}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+to.Address+callPrefix+"who", strings.NewReader("{}"))
	must(t, err)
	resp, err := client.Do(req)
	must(t, err)
	defer resp.Body.Close()
	return receive(to.Name, resp)
}

// expiredFor is an identity with a certificate that a CA has signed long ago.
func expiredFor(t *testing.T, ca *pair, name string) *identity {
	t.Helper()
	k, err := newKey()
	must(t, err)
	c, err := ca.newNode(name, addr("127.0.0.1:1"), &k.PublicKey, time.Now().Add(-2*nodeLife))
	must(t, err)
	return &identity{ca, &pair{c, k}}
}

// renamed is a node's own key in a certificate of another name.
func renamed(t *testing.T, n *node, name string) *pair {
	t.Helper()
	c, err := n.id.ca.newNode(name, addr("127.0.0.1:1"), &n.id.node.key.PublicKey, time.Now())
	must(t, err)
	return &pair{c, n.id.node.key}
}
