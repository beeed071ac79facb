package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"strings"
	"time"
)

// Limits of a connection. A handshake that is not done in headerTime is cut.
const (
	headerTime = 5 * time.Second
	readTime   = 30 * time.Second
	writeTime  = 60 * time.Second
	idleTime   = 2 * time.Minute
	// endTime is for calls that are under way at the end. It is part of a restart,
	// for which the lease must suffice.
	endTime   = 300 * time.Millisecond
	maxBody   = 16 << 20 // thousands of groups fit
	maxHeader = 16 << 10
	maxJoin   = 64 << 10
)

// Paths of the listener.
const (
	callPrefix = "/v1/call/"
	joinPath   = "/v1/join"
)

// server answers the other nodes.
type server struct {
	m     *Manager
	calls *rates // by member
	joins *rates // by address
}

// serve listens until ctx ends. An address that is not there yet is tried again.
func (m *Manager) serve(ctx context.Context, address string) {
	for {
		err := m.listen(ctx, address)
		if ctx.Err() != nil {
			m.setTrouble("")
			return
		}
		m.setTrouble(fmt.Sprintf("it does not listen on %s: %v", address, err))
		select {
		case <-ctx.Done():
		case <-time.After(m.Every):
		}
	}
}

// setTrouble shows why nobody can come in.
func (m *Manager) setTrouble(text string) {
	m.mu.Lock()
	was := m.trouble
	m.trouble = text
	m.mu.Unlock()
	if text != "" && text != was {
		m.Log.Warn().Msg("cluster: " + text)
		m.Note("cluster", text)
	}
}

// listen serves on an address until it fails or ctx ends.
func (m *Manager) listen(ctx context.Context, address string) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return plainError(err)
	}
	m.setTrouble("")
	l = newGate(l, func(who string) { m.refused.add(who, tooManyClients, "it has too many connections open") })
	s := &server{m, newRates(callsPerSecond, callsBurst), newRates(joinsPerSecond, joinsBurst)}
	srv := &http.Server{
		Handler: s, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, ErrorLog: stdlog.New(io.Discard, "", 0),
		BaseContext:  func(net.Listener) context.Context { return ctx },
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1 is enough.
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(tls.NewListener(l, m.serverTLS())) }()
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	if srv.Shutdown(end) != nil { // Handlers were told by ctx; who does not listen is cut off.
		_ = srv.Close()
	}
	return err
}

// plainError leaves out what the sentence around it says already.
func plainError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// serverTLS asks for a certificate and takes any: the key must be the caller's,
// and who it belongs to is decided where a reason can be given. The CA's own
// certificate goes along, for a joiner who knows its fingerprint only.
func (m *Manager) serverTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ClientAuth: tls.RequestClientCert, SessionTicketsDisabled: true,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return m.certificate() },
	}
}

var errNotEnrolled = errors.New("this node is not enrolled")

// certificate is what this node shows.
func (m *Manager) certificate() (*tls.Certificate, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.id == nil {
		return nil, errNotEnrolled
	}
	return &tls.Certificate{Certificate: [][]byte{m.id.node.cert.Raw, m.id.ca.cert.Raw}, PrivateKey: m.id.node.key}, nil
}

// ServeHTTP lets members call, and strangers with a token join.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, isCall := strings.CutPrefix(r.URL.Path, callPrefix)
	switch {
	case r.Method != http.MethodPost || !isCall && r.URL.Path != joinPath:
		answerError(w, http.StatusNotFound, CodeNoSuch, "nothing is served here")
	case isCall:
		s.call(w, r, path)
	default:
		s.join(w, r)
	}
}

// call serves a member. The list is looked at with each request, so that a node
// that was removed is refused on connections that it has open.
func (s *server) call(w http.ResponseWriter, r *http.Request, path string) {
	from, d := s.m.who(r.TLS)
	if d == nil && !s.calls.Take(from.Name, s.m.Now()) {
		d = &denied{tooManyCalls, fmt.Sprintf("%s calls more than %d times a second", from.Name, callsPerSecond)}
	}
	if d != nil {
		s.m.refused.add(r.RemoteAddr, d.reason, d.text)
		code, status := CodeNoMember, http.StatusForbidden
		if d.reason == tooManyCalls {
			code, status = CodeBusy, http.StatusTooManyRequests
		}
		answerError(w, status, code, d.text)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		answerError(w, http.StatusRequestEntityTooLarge, CodeBody, fmt.Sprintf("read the body: %v", err))
		return
	}
	answer, err := s.m.dispatch(r.Context(), from.Name, path, body)
	answerCall(w, answer, err)
}

// who is the member at the other end.
func (m *Manager) who(state *tls.ConnectionState) (Member, *denied) {
	m.mu.Lock()
	id, list := m.id, m.list
	_, on := m.enabled()
	m.mu.Unlock()
	if !on {
		return Member{}, &denied{notMember, "this node takes part in no cluster"}
	}
	var cert *x509.Certificate
	if state != nil && len(state.PeerCertificates) > 0 {
		cert = state.PeerCertificates[0]
	}
	return admit(cert, id.ca.cert, list, m.Now())
}

// failure is an error on the wire.
type failure struct {
	Error string `json:"error"`
	Code  string `json:"code"`
}

// answerCall sends what a handler returned.
func answerCall(w http.ResponseWriter, answer []byte, err error) {
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		answerError(w, http.StatusUnprocessableEntity, refusal.Code, refusal.Text)
	case err != nil:
		answerError(w, http.StatusInternalServerError, CodeFailed, err.Error())
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	}
}

// answerError sends a refusal.
func answerError(w http.ResponseWriter, status int, code, text string) {
	raw, _ := json.Marshal(failure{text, code})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
