package cluster

import (
	"crypto/x509"
	"fmt"
	"time"
)

// Reasons why a certificate is refused; they are counted by these words.
const (
	noCertificate  = "no certificate"
	foreignCA      = "certificate of another CA"
	expired        = "certificate expired"
	notYetValid    = "certificate not valid yet"
	removedNode    = "removed node"
	notMember      = "not a member"
	anotherName    = "another name"
	tooManyCalls   = "too many calls"
	wrongToken     = "join token"
	tooManyJoins   = "too many joins"
	tooManyClients = "too many connections"
)

// denied is why somebody is not let in: a word that is counted, and a sentence.
type denied struct{ reason, text string }

// Error is the sentence.
func (d *denied) Error() string { return d.text }

// admit finds the member that a certificate stands for. It must be signed by our
// CA and valid now, its key must be in the list, and under the name that it has.
func admit(cert *x509.Certificate, ca *x509.Certificate, list roster, now time.Time) (Member, *denied) {
	if cert == nil {
		return Member{}, &denied{noCertificate, "a member's certificate is needed"}
	}
	if d := valid(cert, ca, now); d != nil {
		return Member{}, d
	}
	key, name := fingerprint(cert), cert.Subject.CommonName
	if gone, removed := list.Removed[key]; removed {
		return Member{}, &denied{removedNode, fmt.Sprintf("%s was removed from the cluster by %s on %s", gone.Name, gone.By, gone.At.UTC().Format(time.RFC3339))}
	}
	m, there := list.byKey(key)
	switch {
	case !there:
		return Member{}, &denied{notMember, fmt.Sprintf("the certificate of %q belongs to no member of this cluster", name)}
	case m.Name != name:
		return Member{}, &denied{anotherName, fmt.Sprintf("the certificate says %q, and its key is that of %s", name, m.Name)}
	}
	return m, nil
}

// valid checks signature and time.
func valid(cert, ca *x509.Certificate, now time.Time) *denied {
	if cert.CheckSignatureFrom(ca) != nil {
		return &denied{foreignCA, fmt.Sprintf("the certificate of %q is not signed by the CA of this cluster", cert.Subject.CommonName)}
	}
	at := now.UTC().Format(time.RFC3339)
	switch {
	case now.After(cert.NotAfter):
		return &denied{expired, fmt.Sprintf("the certificate of %q expired on %s; it is %s here", cert.Subject.CommonName, cert.NotAfter.UTC().Format(time.RFC3339), at)}
	case now.Before(cert.NotBefore):
		return &denied{notYetValid, fmt.Sprintf("the certificate of %q is not valid before %s; it is %s here: compare the clocks",
			cert.Subject.CommonName, cert.NotBefore.UTC().Format(time.RFC3339), at)}
	}
	return nil
}
