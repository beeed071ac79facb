package control

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Remote is how a Server is reached over TCP, by TLS, and by whom.
type Remote struct {
	Listen []string // address:port; none closes all
	// PEM files. They are read again when they change.
	Certificate, Key string
	ClientCA         string // empty, or missing = no client certificates
	Tokens           []Token
	Clients          []RemoteClient
}

// Token is a bearer token, of which only the digest is known.
type Token struct {
	Name string
	Role Role
	Hash string // as HashToken makes it
}

// RemoteClient is the role of a client certificate by its common name.
type RemoteClient struct {
	Name string
	Role Role
}

// RoleNamed is the role that the configuration calls read or admin.
func RoleNamed(word string) Role {
	for _, r := range []Role{ReadOnly, Admin} {
		if r.String() == word {
			return r
		}
	}
	return Nobody
}

// HashToken is the digest by which a token is kept. Tokens are long and random,
// so that no slow hash is needed against guessing.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// token finds the entry with the digest of a token. All entries are compared,
// each in constant time, so that nothing is learned from how long it takes.
func (r *Remote) token(hash string) (found Token, ok bool) {
	for _, t := range r.Tokens {
		if subtle.ConstantTimeCompare([]byte(t.Hash), []byte(hash)) == 1 {
			found, ok = t, true
		}
	}
	return found, ok
}

// caller is who has a token with this digest.
func (r *Remote) caller(hash, via string) (Caller, bool) {
	t, ok := r.token(hash)
	return Caller{Role: t.Role, Via: via, Name: t.Name}, ok
}

// client is whose certificate it is. The chain was verified when the connection
// was made; it is again here, since a certificate may have ended, or its CA may
// not be trusted any more, in the hours that a connection lives.
func (r *Remote) client(certs []*x509.Certificate, roots *x509.CertPool) (Caller, bool) {
	if len(certs) == 0 || roots == nil {
		return Caller{}, false
	}
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := certs[0].Verify(options); err != nil {
		return Caller{}, false
	}
	i := slices.IndexFunc(r.Clients, func(c RemoteClient) bool { return c.Name == certs[0].Subject.CommonName })
	if i < 0 {
		return Caller{}, false
	}
	return Caller{Role: r.Clients[i].Role, Via: "certificate", Name: r.Clients[i].Name}, true
}

// bearer is the token of a request, if it has one.
func bearer(r *http.Request) (token string, there bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return "", false
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", true // Some other scheme, which nobody has.
	}
	return strings.TrimSpace(token), true
}

// identify finds out who makes a request that came over TCP: by his token, else
// by his session, else by his certificate. A wrong token is an error; whoever
// shows nothing is nobody.
func (s *Server) identify(r *http.Request) (Caller, error) {
	remote := s.remote.Load()
	if token, there := bearer(r); there {
		return s.checkToken(remote, r, token, "token")
	}
	if c, ok := s.sessions.find(r, remote); ok {
		return c, nil
	}
	if r.TLS != nil {
		if c, ok := remote.client(r.TLS.PeerCertificates, s.files.roots(remote.ClientCA)); ok {
			return c, nil
		}
	}
	return Caller{}, nil
}

// checkToken looks at a token, unless too many wrong ones came from there.
func (s *Server) checkToken(remote *Remote, r *http.Request, token, via string) (Caller, error) {
	from := addressOf(r)
	if !s.failures.Has(from, time.Now()) {
		return Caller{}, refuse(http.StatusTooManyRequests, "too many wrong tokens from %s: wait", from)
	}
	c, ok := remote.caller(HashToken(token), via)
	if ok {
		return c, nil
	}
	s.failures.Take(from, time.Now())
	s.log.Warn().Str("remote", r.RemoteAddr).Msg("control: a wrong token")
	return Caller{}, refuse(http.StatusUnauthorized, "the token is not known here")
}
