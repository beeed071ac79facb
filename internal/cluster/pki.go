package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"time"
)

// Lifetimes. A certificate is made anew, for the same key, when a third of its
// life is left; nobody has to be told, because a member is known by its key.
const (
	caLife   = 10 * 365 * 24 * time.Hour
	nodeLife = 365 * 24 * time.Hour
	// skewAllowed is how far another node's clock may be behind.
	skewAllowed = 24 * time.Hour
)

// pair is a certificate with its key.
type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newKey makes an ECDSA P-256 key.
func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// fingerprint is the SHA-256 of a public key as it stands in certificates.
func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

// newCA makes the certificate of a CA for a key. Nodes that hold the same key make
// certificates that stand for the same CA.
func newCA(key *ecdsa.PrivateKey, now time.Time) (*pair, error) {
	t, err := template(pkix.Name{CommonName: "carpd cluster CA"}, now, caLife)
	if err != nil {
		return nil, err
	}
	t.IsCA, t.BasicConstraintsValid, t.MaxPathLenZero = true, true, true
	t.KeyUsage = x509.KeyUsageCertSign
	return signed(t, &pair{t, key}, key)
}

// newNode makes the certificate of a node.
func (ca *pair) newNode(name string, address netip.AddrPort, pub any, now time.Time) (*x509.Certificate, error) {
	t, err := template(pkix.Name{CommonName: name}, now, nodeLife)
	if err != nil {
		return nil, err
	}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	t.DNSNames = []string{name}
	t.IPAddresses = append(t.IPAddresses, address.Addr().AsSlice())
	// It must not outlive the CA's own certificate, which is made anew long before.
	if t.NotAfter.After(ca.cert.NotAfter) {
		t.NotAfter = ca.cert.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, t, ca.cert, pub, ca.key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of %s: %w", name, err)
	}
	return x509.ParseCertificate(der)
}

// template is what all certificates have.
func template(subject pkix.Name, now time.Time, life time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{SerialNumber: serial, Subject: subject, NotBefore: now.Add(-skewAllowed), NotAfter: now.Add(life)}, nil
}

// signed signs a certificate for a key with itself.
func signed(t *x509.Certificate, by *pair, key *ecdsa.PrivateKey) (*pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, by.cert, &key.PublicKey, by.key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of the CA: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	return &pair{cert, key}, err
}

// isOld reports whether a certificate is to be made anew.
func isOld(cert *x509.Certificate, now time.Time) bool {
	return now.Add(cert.NotAfter.Sub(cert.NotBefore) / 3).After(cert.NotAfter)
}

// newRequest is a node's request for a certificate. Only its key counts: what the
// certificate says is decided by the one who signs.
func newRequest(name string, key *ecdsa.PrivateKey) ([]byte, error) {
	return x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
}

var errRequest = errors.New("the request for a certificate is not one for an ECDSA P-256 key")

// readRequest is the key of a request whose sender holds it.
func readRequest(der []byte) (*ecdsa.PublicKey, error) {
	r, err := x509.ParseCertificateRequest(der)
	if err != nil || r.CheckSignature() != nil {
		return nil, errRequest
	}
	key, ok := r.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errRequest
	}
	return key, nil
}
