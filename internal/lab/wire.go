package lab

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Wire is what an observer sees who watches every port of the switch: which
// frame came in where, and when, by the clock of the kernel.
//
// One packet socket in the switch's namespace sees the frames on all ports as
// they come in; what the switch sends out is not recorded.
type Wire struct {
	file *os.File
	sw   *Node
	pcap *pcap

	mu       sync.Mutex // guards what follows
	ports    map[int]string
	muted    map[string]bool
	adverts  []Advert
	claims   []Claim
	controls []Control
	answers  map[askID][]answer
	changed  chan struct{} // closed and replaced at every new record
	done     chan struct{}
}

// listen starts the capture.
func (l *Lab) listen(pcapFile string) (*Wire, error) {
	w := &Wire{
		sw: l.Switch, ports: map[int]string{}, muted: map[string]bool{},
		answers: map[askID][]answer{}, changed: make(chan struct{}), done: make(chan struct{}),
	}
	var err error
	if w.pcap, err = createPcap(pcapFile); err != nil {
		return nil, err
	}
	if err := l.Switch.Run(w.open); err != nil {
		return nil, fmt.Errorf("open the capture: %w", err)
	}
	l.onClose(w.close)
	go w.read()
	return w, nil
}

// open makes the socket: filtered and with time stamps before it is bound, so
// that nothing unfiltered is ever queued.
func (w *Wire) open() error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	w.file = os.NewFile(uintptr(fd), "capture")
	if err := attachFilter(fd, wireFilter); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
		return err
	}
	if err := stamped(fd); err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL)})
}

// stamped gives a socket kernel time stamps and a large buffer.
func stamped(fd int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return err
	}
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20)
}

// htons puts a value into network byte order.
func htons(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}

// close ends the capture and its file.
func (w *Wire) close() {
	_ = w.file.Close()
	<-w.done
	w.pcap.close()
}

// read takes frames until the socket is closed.
func (w *Wire) read() {
	defer close(w.done)
	conn, err := w.file.SyscallConn()
	if err != nil {
		return
	}
	buf, oob := make([]byte, snapLen), make([]byte, 128)
	_ = conn.Read(func(fd uintptr) bool {
		for {
			n, oobn, _, from, err := unix.Recvmsg(int(fd), buf, oob, 0)
			if err != nil {
				// Anything but "nothing there" is the closed socket or a port
				// that went down; the latter is told once and goes on.
				return err != unix.EAGAIN && err != unix.ENETDOWN && err != unix.EINTR
			}
			if ll, ok := from.(*unix.SockaddrLinklayer); ok {
				w.take(buf[:n], stamp(oob[:oobn]), ll.Ifindex)
			}
		}
	})
}

// stamp finds the kernel's time of arrival among the control messages.
func stamp(oob []byte) time.Time {
	for len(oob) >= unix.SizeofCmsghdr {
		h, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			break
		}
		if h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_TIMESTAMPNS && len(data) >= 16 {
			return time.Unix(int64(binary.NativeEndian.Uint64(data)), int64(binary.NativeEndian.Uint64(data[8:])))
		}
		oob = rest
	}
	return time.Now()
}

// take records one frame.
func (w *Wire) take(b []byte, at time.Time, ifindex int) {
	f := decode(b)
	w.mu.Lock()
	defer w.mu.Unlock()
	port := w.port(ifindex)
	if port == "" || w.muted[port] {
		return
	}
	w.pcap.write(b, at)
	switch {
	case f.advert != nil:
		f.advert.At, f.advert.Port = at, port
		w.adverts = append(w.adverts, *f.advert)
	case f.claim != nil:
		f.claim.At, f.claim.Port = at, port
		if id, ok := askOf(f.claim.DstMAC); ok {
			w.answers[id] = append(w.answers[id], answer{port: port, at: at, mac: f.claim.MAC, src: f.claim.SrcMAC})
			return // nobody waits for a single answer
		}
		w.claims = append(w.claims, *f.claim)
	case f.control != nil:
		f.control.At, f.control.Port = at, port
		w.controls = append(w.controls, *f.control)
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// port names the port of an interface index; empty for the bridge itself. A
// port that is plugged in later is looked up when it is first seen.
func (w *Wire) port(ifindex int) string {
	name, ok := w.ports[ifindex]
	if !ok {
		if l, err := w.sw.nl.LinkByIndex(ifindex); err == nil && l.Attrs().MasterIndex != 0 {
			name = l.Attrs().Name
		}
		w.ports[ifindex] = name
	}
	return name
}

// mute makes Wire leave out a port that is cut off silently.
func (w *Wire) mute(port string, on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.muted[port] = on
}
