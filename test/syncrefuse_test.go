package test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// offered is a version on the wire between two nodes.
type offered struct {
	Version  status.Version   `json:"version"`
	Document json.RawMessage  `json:"document"`
	History  []status.Version `json:"history"`
	Bases    map[string]int   `json:"bases"`
}

// caller calls carpd as another node would.
type caller struct {
	s    *site
	http *http.Client
	base string
}

// calls makes a caller with a certificate.
func (c *carpd) calls(cert tls.Certificate) *caller {
	c.s.t.Helper()
	local, err := c.node.Forward(clusterAddress(c.node))
	c.s.must(err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}}}
	c.s.t.Cleanup(transport.CloseIdleConnections)
	return &caller{c.s, &http.Client{Transport: transport, Timeout: 30 * time.Second}, "https://" + local + "/v1/call/"}
}

// call is the text of an answer.
func (c *caller) call(path string, body any) string {
	c.s.t.Helper()
	raw, err := json.Marshal(body)
	c.s.must(err)
	resp, err := c.http.Post(c.base+path, "application/json", bytes.NewReader(raw))
	c.s.must(err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	c.s.must(err)
	return string(text)
}

// fetch is the version that the node runs.
func (c *caller) fetch() (u offered) {
	c.s.t.Helper()
	c.s.must(json.Unmarshal([]byte(c.call("sync/fetch", struct{}{})), &u))
	return u
}

// refused is why the node would not take a version.
func (c *caller) refused(u offered) string {
	c.s.t.Helper()
	var a struct {
		Refused string `json:"refused"`
	}
	c.s.must(json.Unmarshal([]byte(c.call("sync/offer", u)), &a))
	return a.Refused
}

// with is a version with another document.
func (u offered) with(old, new string) offered {
	u.Document = []byte(strings.Replace(string(u.Document), old, new, 1))
	sum := sha256.Sum256(u.Document)
	u.Version.Number, u.Version.Hash = u.Version.Number+1, "sha256:"+hex.EncodeToString(sum[:])
	return u
}

// stranger is a certificate that no cluster knows.
func stranger(s *site) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	of := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "r2"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	s.must(err)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// TestSyncRefuses: over the wire and with the keys of a member, an update that
// came before, an older one, one that was changed on the way, one of a newer
// carpd and one with other sections are refused in clear words and change
// nothing; with a wrong certificate not even that is said.
func TestSyncRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	all := newCluster(t, s, 2)
	agreed(all...)
	keys := filepath.Join(s.File("state"), all[1].instance, "cluster")
	cert, err := tls.LoadX509KeyPair(filepath.Join(keys, "node.crt"), filepath.Join(keys, "node.key"))
	s.must(err)
	r2 := all[0].calls(cert)
	old := r2.fetch()
	vhid, carpdev, word := 2, lab.Interface, password
	all[0].edit("vips/add", status.VIPRequest{Edit: status.VIPEdit{VHID: &vhid, Carpdev: &carpdev, Password: &word, Addresses: []string{"192.0.2.2/24"}}})
	all[0].apply()
	now := agreed(all...)
	is := r2.fetch()
	if is.Version != now || old.Version.Number != now.Number-1 {
		t.Fatalf("r1 gives %+v and gave %+v; all agree on %+v", is.Version, old.Version, now)
	}
	if why := r2.refused(is); why != "" {
		t.Errorf("what it has: %s", why)
	}
	short := func(v status.Version) string { return strings.TrimPrefix(v.Hash, "sha256:")[:8] }
	forged := is
	forged.Version.Number++
	forged.Document = []byte(strings.Replace(string(is.Document), "192.0.2.2/24", "192.0.2.3/24", 1))
	for _, c := range []struct {
		what string
		u    offered
		want string
	}{
		{"replayed", old, "version 1 of r1 (" + short(old.Version) + ") is older than version 2 of r1 (" + short(now) + "), which this node has"},
		{"changed", forged, "the document is not that of version 3 of r1 (" + short(now) + "): its hash is sha256:"},
		{"newer", is.with(`"format":1`, `"format":2`), "the document has format 2 and this carpd reads up to 1: update this node"},
		{"sections", is.with(`,"settings"]`, `]`), "it holds groups and this node shares groups and settings: choose the same cluster.sections on all nodes"},
		{"own keys", is.with(`"keys":{`, `"keys":{"advskew":7,`), "the file of this node would share sha256:"},
	} {
		if why := r2.refused(c.u); !strings.HasPrefix(why, c.want) {
			t.Errorf("%s: got  %s\nwant %s", c.what, why, c.want)
		}
	}
	if text := all[0].calls(stranger(s)).call("sync/offer", is.with("192.0.2.2/24", "192.0.2.3/24")); !strings.Contains(text, `"code":"no member"`) && !strings.Contains(text, `"code": "no member"`) {
		t.Errorf("a stranger hears %s", text)
	}
	if v := agreed(all...); v != now {
		t.Errorf("the version is %+v", v)
	}
	if e := all[0].event("cluster refused", 10*time.Second); !strings.Contains(e.Text, "is refused") {
		t.Errorf("the event says %q", e.Text)
	}
}
