package control

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"
)

// guarded is what every request passes before it reaches a route or a page:
// enter finds out who it is or refuses it, and no other site's page may act.
func (s *Server) guarded(enter func(*http.Request) (*http.Request, error)) http.Handler {
	crossSite := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		r, err := enter(r)
		if err == nil && crossSite.Check(r) != nil {
			err = refuse(http.StatusForbidden, "a page of another site may not do that")
		}
		if err != nil {
			writeError(w, err)
			return
		}
		s.serve(w, r)
	})
}

// secure sets what a browser has to know of every answer. Pages say more of
// what they may load.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// enterLocal lets in who could open the socket. A name with a dot is one of the
// Internet: a browser was led here, through some proxy, by another site.
func (s *Server) enterLocal(r *http.Request) (*http.Request, error) {
	if name := hostname(r); strings.Contains(name, ".") && !isAddress(name) {
		return r, refuse(http.StatusMisdirectedRequest, "%s is not a name of this socket", name)
	}
	return r, nil
}

// enterRemote finds out who comes over TCP.
func (s *Server) enterRemote(r *http.Request) (*http.Request, error) {
	if !s.requests.Take(addressOf(r), time.Now()) {
		return r, refuse(http.StatusTooManyRequests, "too many requests")
	}
	if name := hostname(r); !s.answersTo(name) {
		return r, refuse(http.StatusMisdirectedRequest, "%s is not a name of this carpd", name)
	}
	c, err := s.identify(r)
	return r.WithContext(withCaller(r.Context(), c)), err
}

// answersTo keeps out a browser that another site leads here by a name of its
// own (DNS rebinding): an address is nobody's name, and the certificate has ours.
func (s *Server) answersTo(name string) bool {
	if own, err := os.Hostname(); isAddress(name) || name == "localhost" || err == nil && strings.EqualFold(name, own) {
		return true
	}
	cert := s.files.certificate(s.remote.Load())
	return cert != nil && cert.Leaf != nil && cert.Leaf.VerifyHostname(name) == nil
}

// hostname is the host that a request is for, without a port.
func hostname(r *http.Request) string {
	name, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		name = r.Host
	}
	return strings.Trim(name, "[]")
}

func isAddress(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil
}
