package dataplane

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// recordBytes is what an event takes in the ring: it and its header.
const recordBytes = int(unsafe.Sizeof(bpfCarpEvent{})) + 8

// ring is the reading end of the ring buffer.
type ring struct {
	reader *ringbuf.Reader
	file   *os.File // the map, watched by the runtime's poller
	ready  chan struct{}
	record ringbuf.Record
	gone   chan struct{} // closed when the watcher has ended
}

// openRing starts watching the ring.
func openRing(m *ebpf.Map) (*ring, error) {
	reader, err := ringbuf.NewReader(m)
	if err != nil {
		return nil, fmt.Errorf("open the ring buffer: %w", err)
	}
	// A deadline in the past: read what is there, never wait.
	reader.SetDeadline(time.Unix(1, 0))
	file, err := pollable(m.FD())
	if err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	r := &ring{reader: reader, file: file, ready: make(chan struct{}, 1), gone: make(chan struct{})}
	go r.watch()
	return r, nil
}

// pollable is a copy of a file descriptor in the hands of Go's poller.
func pollable(fd int) (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("copy the ring buffer's descriptor: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(fmt.Errorf("watch the ring buffer: %w", err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "carp_events"), nil
}

// watch tells the loop each time the kernel says that the ring is no longer
// empty. The function given to Read never has what it wants, so Read waits for
// the next such moment and calls it again, until the file is closed.
func (r *ring) watch() {
	defer close(r.gone)
	conn, err := r.file.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Read(func(uintptr) bool {
		r.signal()
		return false
	})
}

// signal makes Ready readable. Once is enough: Drain reads all there is.
func (r *ring) signal() {
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

// close stops the watcher. Closing again does nothing.
func (r *ring) close() error {
	if r == nil || r.reader == nil {
		return nil
	}
	defer func() { r.reader = nil }()
	err := r.file.Close()
	<-r.gone
	return errors.Join(err, r.reader.Close())
}

// Ready is readable when events may wait. Call Drain then.
func (d *Dataplane) Ready() <-chan struct{} { return d.ring.ready }

// Drain gives fn every event that is in the ring now, in order of arrival, and
// does not wait for more. What comes meanwhile makes Ready readable again, so
// that a flood cannot keep the caller here. One goroutine at a time may drain.
func (d *Dataplane) Drain(fn func(Event)) error {
	r := d.ring
	if r.reader == nil {
		return os.ErrClosed
	}
	for n := r.reader.AvailableBytes() / recordBytes; n > 0; n-- {
		err := r.reader.ReadInto(&r.record)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the ring buffer: %w", err)
		}
		if e, ok := decode(r.record.RawSample); ok {
			fn(e)
		}
	}
	if r.reader.AvailableBytes() > 0 {
		r.signal()
	}
	return nil
}
