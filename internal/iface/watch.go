package iface

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/rs/zerolog"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// retryAfter is when a list that could not be taken is tried again.
const retryAfter = time.Second

// Watch sends the interfaces of the calling thread's network namespace: at once,
// and after every change of a link or an address. Changes that come faster than
// they are received are sent as one: what is received is always the newest.
//
// The channel is closed after ctx has ended. It is closed before that only if the
// kernel's notifications cannot be read any more, which is logged.
func Watch(ctx context.Context, log zerolog.Logger) (<-chan System, error) {
	b, err := openBell()
	if err != nil {
		return nil, err
	}
	return watchWith(ctx, log, b)
}

// watchWith is Watch with a bell that is there already, and closes it.
func watchWith(ctx context.Context, log zerolog.Logger, b *bell) (<-chan System, error) {
	w := &watch{log: log, bell: b, rings: make(chan struct{}, 1), silent: make(chan struct{})}
	if err := w.start(); err != nil {
		b.close()
		return nil, err
	}
	out := make(chan System)
	go w.listen(ctx)
	go w.run(ctx, out)
	return out, nil
}

// watch is what Watch's two goroutines share.
type watch struct {
	log    zerolog.Logger
	bell   *bell
	handle *netlink.Handle
	seen   System
	rings  chan struct{} // holds one: more rings than that mean the same
	silent chan struct{} // closed when the bell cannot be heard any more
}

// start opens the socket for lists and takes the first one, after the bell is
// there: nothing is missed in between.
func (w *watch) start() (err error) {
	if w.handle, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return fmt.Errorf("open netlink socket: %w", err)
	}
	if w.seen, err = list(w.handle); err != nil {
		w.handle.Close()
	}
	return err
}

// listen passes on the rings of the bell until it is closed.
func (w *watch) listen(ctx context.Context) {
	defer close(w.silent)
	for {
		overrun, err := w.bell.wait()
		if err != nil {
			if ctx.Err() == nil {
				w.log.Error().Err(err).Msg("interfaces are not watched any more")
			}
			return
		}
		if overrun {
			w.log.Debug().Msg("interfaces change faster than they are read: taking the whole list")
		}
		select {
		case w.rings <- struct{}{}:
		default:
		}
	}
}

// run takes lists and sends them. Only the newest waits for the receiver.
func (w *watch) run(ctx context.Context, out chan<- System) {
	defer close(out)
	defer w.handle.Close()
	defer func() { w.bell.close(); <-w.silent }()
	ready := out
	var retry <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.silent:
			return
		case ready <- w.seen:
			ready = nil
			continue
		case <-w.rings:
		case <-retry:
		}
		retry = nil
		next, err := list(w.handle)
		switch {
		case err != nil:
			w.log.Warn().Err(err).Msg("interfaces not listed")
			retry = time.After(retryAfter)
		case !reflect.DeepEqual(next, w.seen):
			w.seen, ready = next, out
		}
	}
}
