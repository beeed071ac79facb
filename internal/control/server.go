package control

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

// Limits of one request. Streams have none in time, but in number.
const (
	readTimeout   = 5 * time.Second
	answerTimeout = 30 * time.Second
	reloadTimeout = 25 * time.Second // below answerTimeout, so that its error is heard
	closeTimeout  = time.Second
	maxHeader     = 16 << 10
	maxBody       = 64 << 10
	maxFollowers  = 64
)

// Server gives one Source to the clients of one socket, and of TCP where it is
// told to (Reach).
type Server struct {
	src       Source
	log       zerolog.Logger
	pages     http.Handler // of everything that is not the API; nil for none
	listener  *net.UnixListener
	followers atomic.Int32
	shown     picture
	// read and answer limit one request that is not a stream.
	read, answer time.Duration
	patience     time.Duration // with a follower who does not read
	// document describes the table of routes, of which it is a part.
	document func() ([]byte, error)
	// life ends when the server does.
	life context.Context
	end  context.CancelFunc

	// What follows is for those who come over TCP.
	remote   atomic.Pointer[Remote]
	doors    doors
	again    time.Duration // between attempts to open a door
	files    files
	sessions sessions
	crowd    *crowd
	requests *rates
	failures *rates
}

// Show makes the server give everything that is not the API to a handler. It is
// called before Run.
func (s *Server) Show(pages http.Handler) { s.pages = pages }

// Listen opens the socket, so that a second carpd or a bad path is noticed at
// once. The socket is served from Run on, and removed when Run or Close ends.
func Listen(path string, src Source, log zerolog.Logger) (*Server, error) {
	l, err := listen(path)
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.Background())
	s := &Server{
		src: src, log: log, listener: l, read: readTimeout, answer: answerTimeout, patience: followPatience, life: life, end: end,
		again: retryEvery, requests: newRates(requestRate, requestBurst), failures: newRates(rate.Every(failureEvery), failureBurst),
		crowd: newCrowd(),
	}
	s.document = sync.OnceValues(func() ([]byte, error) { return describe(routes) })
	s.doors.open = map[string]*door{}
	s.remote.Store(&Remote{})
	return s, nil
}

// Close removes the socket of a server that was never run.
func (s *Server) Close() error {
	s.end()
	s.doors.close()
	return s.listener.Close()
}

// Run answers until ctx is done, then ends every stream and removes the socket.
func (s *Server) Run(ctx context.Context) error {
	srv := s.httpServer()
	stopped := make(chan struct{})
	defer s.doors.close()
	defer s.end()
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		s.end()
		shutdown(srv)
	})
	err := srv.Serve(s.listener)
	if stop() { // Not asked to end: the listener broke.
		shutdown(srv)
		return fmt.Errorf("serve %s: %w", s.listener.Addr(), err)
	}
	<-stopped
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", s.listener.Addr(), err)
	}
	return nil
}

// httpServer carries the limits. The context of every request ends with s.life,
// which is what ends a stream.
func (s *Server) httpServer() *http.Server {
	return &http.Server{
		Handler:           s.guarded(s.enterLocal),
		ReadHeaderTimeout: s.read,
		ReadTimeout:       s.read,
		WriteTimeout:      s.answer,
		IdleTimeout:       s.answer,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return s.life },
		ConnContext:       s.local,
		ErrorLog:          stdlog.New(s.log.With().Str("part", "control").Logger(), "", 0),
	}
}

// shutdown lets answers under way finish for a moment; then it cuts off clients
// that do not read.
func shutdown(srv *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if srv.Shutdown(ctx) != nil {
		_ = srv.Close()
	}
}
