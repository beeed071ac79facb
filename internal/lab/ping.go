package lab

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// LostAfter is how long a reply may take: later it counts as lost, earlier as
// delayed.
const LostAfter = 2 * time.Second

// Types of echo requests and replies.
const (
	echoRequest4, echoReply4 = 8, 0
	echoRequest6, echoReply6 = 128, 129
)

// Pinger is a client that sends echo requests at a steady rate through the
// node's ordinary routing and neighbour table, and knows of each one when it
// was sent and when its reply came.
type Pinger struct {
	target netip.Addr
	cookie uint32
	fd     int
	file   *os.File
	to     unix.Sockaddr
	beat   *beat
	done   chan struct{}

	mu     sync.Mutex // guards what follows
	probes []probe
}

// probe is one echo request. back is zero while there is no reply.
type probe struct{ sent, back int64 } // Unix time in nanoseconds

// pingers counts those of this process: each has its own cookie.
var pingers atomic.Uint32

// Ping starts a Pinger on the node.
func (n *Node) Ping(target netip.Addr, every time.Duration) (*Pinger, error) {
	p := &Pinger{target: target, cookie: 0xca000000 | pingers.Add(1), done: make(chan struct{})}
	if err := n.Run(p.open); err != nil {
		return nil, fmt.Errorf("open the ping socket of %s: %w", n.Name, err)
	}
	go p.read()
	p.beat = newBeat(every, p.send)
	n.lab.onClose(p.Stop)
	return p, nil
}

// open makes a raw ICMP socket that gets echo replies only.
func (p *Pinger) open() (err error) {
	const flags = unix.SOCK_RAW | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	if p.target.Is4() {
		p.to = &unix.SockaddrInet4{Addr: p.target.As4()}
		p.fd, err = unix.Socket(unix.AF_INET, flags, unix.IPPROTO_ICMP)
	} else {
		p.to = &unix.SockaddrInet6{Addr: p.target.As16()}
		p.fd, err = unix.Socket(unix.AF_INET6, flags, unix.IPPROTO_ICMPV6)
	}
	if err != nil {
		return err
	}
	p.file = os.NewFile(uintptr(p.fd), "ping")
	if err := p.filter(); err != nil {
		return err
	}
	return stamped(p.fd)
}

// filter keeps every ICMP type but the reply away from the socket.
func (p *Pinger) filter() error {
	if p.target.Is4() {
		const icmpFilter = 1 // ICMP_FILTER: a bit set means blocked
		return unix.SetsockoptInt(p.fd, unix.SOL_RAW, icmpFilter, ^(1 << echoReply4))
	}
	var f unix.ICMPv6Filter
	for i := range f.Data {
		f.Data[i] = ^uint32(0)
	}
	f.Data[echoReply6>>5] &^= 1 << (echoReply6 & 31)
	return unix.SetsockoptICMPv6Filter(p.fd, unix.SOL_ICMPV6, unix.ICMPV6_FILTER, &f)
}

// Stop ends the requests; the record stays. Replies still under way are lost.
func (p *Pinger) Stop() {
	if p.beat.stop() {
		_ = p.file.Close()
		<-p.done
	}
}

// send sends the requests that are due. One that the node could not even send
// counts like one without a reply.
func (p *Pinger) send(due int) {
	for range due {
		p.mu.Lock()
		seq := uint64(len(p.probes))
		p.probes = append(p.probes, probe{sent: time.Now().UnixNano()})
		p.mu.Unlock()
		_ = unix.Sendto(p.fd, p.request(seq), 0, p.to)
	}
}

// request is an echo request with cookie and sequence number in the data. The
// kernel fills in the checksum of IPv6.
func (p *Pinger) request(seq uint64) []byte {
	b := make([]byte, 8, 20)
	b[0] = echoRequest6
	binary.BigEndian.PutUint16(b[4:], uint16(p.cookie))
	binary.BigEndian.PutUint16(b[6:], uint16(seq))
	b = binary.BigEndian.AppendUint32(b, p.cookie)
	b = binary.BigEndian.AppendUint64(b, seq)
	if p.target.Is4() {
		b[0] = echoRequest4
		binary.BigEndian.PutUint16(b[2:], checksum(b))
	}
	return b
}

// read takes replies until the socket is closed.
func (p *Pinger) read() {
	defer close(p.done)
	conn, err := p.file.SyscallConn()
	if err != nil {
		return
	}
	buf, oob := make([]byte, 128), make([]byte, 128)
	_ = conn.Read(func(fd uintptr) bool {
		for {
			n, oobn, _, _, err := unix.Recvmsg(int(fd), buf, oob, 0)
			switch err {
			case nil:
				p.take(buf[:n], stamp(oob[:oobn]))
			case unix.EAGAIN:
				return false
			case unix.EBADF, unix.ENOTSOCK:
				return true
			}
			// Other errors are ICMP errors that the kernel hands on: told
			// once, and the next message follows.
		}
	})
}

// take notes one reply.
func (p *Pinger) take(b []byte, at time.Time) {
	if p.target.Is4() && len(b) >= 20 {
		b = b[int(b[0]&15)*4:] // raw IPv4 sockets see the IP header
	}
	if len(b) < 20 || binary.BigEndian.Uint32(b[8:]) != p.cookie {
		return
	}
	seq := binary.BigEndian.Uint64(b[12:])
	p.mu.Lock()
	defer p.mu.Unlock()
	if seq < uint64(len(p.probes)) && p.probes[seq].back == 0 {
		p.probes[seq].back = at.UnixNano()
	}
}
