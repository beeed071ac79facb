package control

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// retryEvery is how often a listener that could not be opened is tried again:
// its address may come with a MASTER, its certificate with a cluster.
const retryEvery = 5 * time.Second

// maxStreams is how many requests one HTTP/2 connection may have under way.
const maxStreams = 64

// doors are the listeners on TCP. None of them can end the server.
type doors struct {
	mu       sync.Mutex // guards what follows
	open     map[string]*door
	problems map[string]error
	retry    *time.Timer
	closed   bool
	gone     sync.WaitGroup // doors on their way out
}

// door is one listener with its connections.
type door struct {
	http  *http.Server
	ended chan struct{}
	leave context.CancelFunc // ends its streams
}

// Reach changes how the server is reached over TCP, and returns what of it
// could not be done; that is tried again from time to time. Requests under way
// are finished, by those too who may not come in any more.
func (s *Server) Reach(r Remote) (problems []string) {
	s.remote.Store(&r)
	s.doors.mu.Lock()
	defer s.doors.mu.Unlock()
	s.tend()
	return s.doors.troubles()
}

// Reached tells on which addresses the server listens now, and what is wrong
// with the others or with the certificates.
func (s *Server) Reached() (listening, problems []string) {
	s.doors.mu.Lock()
	listening = slices.Sorted(maps.Keys(s.doors.open))
	problems = s.doors.troubles()
	s.doors.mu.Unlock()
	if r := s.remote.Load(); len(listening) > 0 {
		_, err := s.files.load(r)
		_, caErr := s.files.loadRoots(r.ClientCA)
		for _, e := range []error{err, caErr} {
			if e != nil {
				problems = append(problems, "api: "+e.Error())
			}
		}
	}
	return listening, problems
}

// tend opens and closes until what is open is what is wanted. The caller holds
// the lock.
func (s *Server) tend() {
	d := &s.doors
	if d.closed {
		return
	}
	want := s.remote.Load().Listen
	for addr, o := range d.open {
		if !slices.Contains(want, addr) {
			d.shut(addr, o)
			s.log.Info().Str("address", addr).Msg("control: no longer listens")
		}
	}
	before := d.problems
	d.problems = map[string]error{}
	for _, addr := range want {
		if d.open[addr] == nil {
			s.try(addr, before[addr])
		}
	}
	s.tryLater()
}

// try opens one listener. A problem is logged when it is new.
func (s *Server) try(addr string, before error) {
	o, err := s.openDoor(addr)
	if err == nil {
		s.doors.open[addr] = o
		s.log.Info().Str("address", addr).Msg("control: listens")
		return
	}
	s.doors.problems[addr] = err
	if before == nil || before.Error() != err.Error() {
		s.log.Warn().Str("address", addr).Err(err).Msg("control: cannot listen; it is tried again")
	}
}

// tryLater sets the timer for what could not be opened.
func (s *Server) tryLater() {
	d := &s.doors
	if d.retry != nil {
		d.retry.Stop()
	}
	if len(d.problems) == 0 {
		return
	}
	d.retry = time.AfterFunc(s.again, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		s.tend()
	})
}

// troubles are the problems in a fixed order.
func (d *doors) troubles() (texts []string) {
	for _, addr := range slices.Sorted(maps.Keys(d.problems)) {
		texts = append(texts, fmt.Sprintf("api: cannot listen on %s: %v", addr, d.problems[addr]))
	}
	return texts
}

// openDoor listens and serves. Without a certificate it does not: whoever comes
// would only be turned away.
func (s *Server) openDoor(addr string) (*door, error) {
	if _, err := s.files.load(s.remote.Load()); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err // It would name the address again.
		}
		return nil, err
	}
	ctx, leave := context.WithCancel(s.life)
	o := &door{http: s.remoteServer(ctx), ended: make(chan struct{}), leave: leave}
	go func() {
		defer close(o.ended)
		if err := o.http.ServeTLS(counting(l, s.crowd), "", ""); !errors.Is(err, http.ErrServerClosed) {
			s.broke(addr, o, err)
		}
	}()
	return o, nil
}

// broke takes a listener that failed from the open ones, to be opened again.
func (s *Server) broke(addr string, o *door, err error) {
	s.log.Warn().Str("address", addr).Err(err).Msg("control: a listener failed")
	s.doors.mu.Lock()
	defer s.doors.mu.Unlock()
	if s.doors.open[addr] == o {
		delete(s.doors.open, addr)
		o.leave()
		s.doors.problems[addr] = err
		s.tryLater()
	}
}

// shut closes one listener at once, its streams too, and lets other answers
// finish for a while. The caller holds the lock.
func (d *doors) shut(addr string, o *door) {
	delete(d.open, addr)
	d.gone.Go(func() {
		o.leave()
		shutdown(o.http)
		<-o.ended
	})
}

// close shuts all doors and waits until they are.
func (d *doors) close() {
	d.mu.Lock()
	d.closed = true
	if d.retry != nil {
		d.retry.Stop()
	}
	for addr, o := range d.open {
		d.shut(addr, o)
	}
	d.mu.Unlock()
	d.gone.Wait()
}

// remoteServer has the limits of httpServer, and TLS.
func (s *Server) remoteServer(ctx context.Context) *http.Server {
	srv := s.httpServer()
	srv.Handler = s.guarded(s.enterRemote)
	srv.ConnContext = nil
	srv.BaseContext = func(net.Listener) context.Context { return ctx }
	srv.ErrorLog = stdlog.New(quiet{s.log}, "", 0)
	srv.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams}
	srv.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS13, GetConfigForClient: s.tlsConfig, NextProtos: []string{"h2", "http/1.1"}}
	return srv
}

// tlsConfig is that of one connection, with what the files hold now. A
// certificate of a client is asked for where one could be accepted.
func (s *Server) tlsConfig(*tls.ClientHelloInfo) (*tls.Config, error) {
	r := s.remote.Load()
	cert := s.files.certificate(r)
	if cert == nil {
		return nil, errors.New("no certificate")
	}
	c := &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{*cert}}
	if roots := s.files.roots(r.ClientCA); roots != nil && len(r.Clients) > 0 {
		c.ClientCAs, c.ClientAuth = roots, tls.VerifyClientCertIfGiven
	}
	return c, nil
}

// quiet takes what net/http says of connections from anywhere: handshakes that
// failed and the like, which are not to fill the log.
type quiet struct{ zerolog.Logger }

// Write logs one line.
func (q quiet) Write(line []byte) (int, error) {
	q.Debug().Str("part", "control").Msg(strings.TrimSpace(string(line)))
	return len(line), nil
}
