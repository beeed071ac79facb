package cluster

import (
	"crypto/x509"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// issued is a certificate of a name for a new key.
func issued(t *testing.T, ca *pair, name string, now time.Time) *x509.Certificate {
	t.Helper()
	k, err := newKey()
	must(t, err)
	c, err := ca.newNode(name, netip.MustParseAddrPort("192.0.2.1:1"), &k.PublicKey, now)
	must(t, err)
	return c
}

func issuer(t *testing.T, now time.Time) *pair {
	t.Helper()
	k, err := newKey()
	must(t, err)
	ca, err := newCA(k, now)
	must(t, err)
	return ca
}

// TestAdmit: a certificate is that of a member, or there is a sentence why not.
func TestAdmit(t *testing.T) {
	now := at(0)
	ca, other := issuer(t, now), issuer(t, now)
	n1, n2, gone, foreign := issued(t, ca, "n1", now), issued(t, ca, "n2", now), issued(t, ca, "gone", now), issued(t, other, "n1", now)
	list := newRoster().enrolled("n1", "192.0.2.1:1", fingerprint(n1), "n1", now).enrolled("gone", "192.0.2.2:1", fingerprint(gone), "n1", now)
	list.remove("gone", "n1", at(5))
	// Two that our CA has signed for keys of others: what a thief of the CA's key can make.
	renamed := list.clone().enrolled("n3", "192.0.2.3:1", fingerprint(n2), "n1", now)
	// The key of a member in the certificate of another CA.
	stolen, err := other.newNode("n1", netip.MustParseAddrPort("192.0.2.1:1"), n1.PublicKey, now)
	must(t, err)

	for _, c := range []struct {
		rule   string
		cert   *x509.Certificate
		list   roster
		now    time.Time
		reason string
		text   string
	}{
		{"a member", n1, list, now, "", ""},
		{"a clock that is a day ahead of ours", n1, list, now.Add(-23 * time.Hour), "", ""},
		{"none", nil, list, now, "no certificate", "a member's certificate is needed"},
		{"another CA", foreign, list, now, "certificate of another CA", `the certificate of "n1" is not signed by the CA of this cluster`},
		{"another CA has signed a member's key", stolen, list, now, "certificate of another CA", `not signed`},
		{"expired", n1, list, n1.NotAfter.Add(time.Second), "certificate expired", `the certificate of "n1" expired on 2028-01-15T08:00:00Z; it is 2028-01-15T08:00:01Z here`},
		{"not valid yet", n1, list, n1.NotBefore.Add(-time.Second), "certificate not valid yet", `is not valid before 2027-01-14T08:00:00Z; it is 2027-01-14T07:59:59Z here: compare the clocks`},
		{"removed", gone, list, now, "removed node", "gone was removed from the cluster by n1 on 2027-01-15T08:00:05Z"},
		{"signed, and in no list", n2, list, now, "not a member", `the certificate of "n2" belongs to no member of this cluster`},
		{"under another name", n2, renamed, now, "another name", `the certificate says "n2", and its key is that of n3`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			m, d := admit(c.cert, ca.cert, c.list, c.now)
			switch {
			case c.reason == "" && (d != nil || m.Name != "n1"):
				t.Errorf("%v %v", m, d)
			case c.reason != "" && (d == nil || d.reason != c.reason || !strings.Contains(d.text, c.text)):
				t.Errorf("%+v", d)
			}
		})
	}
}

// The CA's own certificate is made anew for the same key, and both stand for the
// same CA; so are those of nodes, when a third of their life is left.
func TestRenewedCA(t *testing.T) {
	k, err := newKey()
	must(t, err)
	old, err := newCA(k, at(0))
	must(t, err)
	fresh, err := newCA(k, at(0).Add(7*365*24*time.Hour))
	must(t, err)
	cert := issued(t, old, "n1", at(0))
	if fingerprint(old.cert) != fingerprint(fresh.cert) || cert.CheckSignatureFrom(fresh.cert) != nil {
		t.Error("the new certificate is another CA")
	}
	for days, want := range map[int]bool{0: false, 240: false, 250: true, 400: true} {
		if got := isOld(cert, at(0).Add(time.Duration(days)*24*time.Hour)); got != want {
			t.Errorf("after %d days: %t", days, got)
		}
	}
}

// What stands in certificates.
func TestCertificate(t *testing.T) {
	ca := issuer(t, at(0))
	c := issued(t, ca, "n1", at(0))
	if c.Subject.CommonName != "n1" || c.VerifyHostname("n1") != nil || c.VerifyHostname("192.0.2.1") != nil || c.IsCA ||
		!ca.cert.IsCA || ca.cert.KeyUsage != x509.KeyUsageCertSign || c.NotAfter.Sub(at(0)) != 365*24*time.Hour {
		t.Errorf("%+v", c)
	}
}
