package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// floodPrefix starts the MACs of FloodMAC; it is locally administered and used
// by nothing else.
const floodPrefix = 0x02cb

// FloodMAC is the MAC of a sender of a flood. What has it as source or
// destination is not recorded by Wire, which would drown in it.
func FloodMAC(i uint32) carp.MAC {
	return carp.MAC{floodPrefix >> 8, floodPrefix & 0xff, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
}

// Flood is a wish for very many frames.
type Flood struct {
	// Frames are sent in turn, again and again.
	Frames [][]byte
	// Vary, if set, changes frame number i, counted from 0, before it is sent.
	// It gets a copy of its own, of the length that the frame has.
	Vary func(i uint64, frame []byte)
	// Interface sends them; empty is the node's only one. The switch has one
	// per node, of the node's name: what it sends there arrives at that node
	// alone, does not cross the bridge, and is not seen by Wire.
	Interface string
	// Rate is frames per second; 0 is as fast as it goes.
	Rate int
	// For and Count bound the flood; the first that is reached ends it. One of
	// them must be set.
	For   time.Duration
	Count uint64
	// Egress sends through the queueing discipline and the TC programs of the
	// sending interface, which are left out else.
	Egress bool
}

// Flooded is what was sent.
type Flooded struct {
	Sent    uint64 // frames that the interface took
	Refused uint64 // frames that it did not take
	Took    time.Duration
}

// PerSecond is the rate at which frames were sent.
func (f Flooded) PerSecond() float64 { return float64(f.Sent) / f.Took.Seconds() }

// Flood sends and returns when all is sent or the context is done, which is no
// error. It sends from a thread of its own in the node's namespace; other
// goroutines may watch meanwhile.
func (n *Node) Flood(ctx context.Context, f Flood) (done Flooded, err error) {
	if len(f.Frames) == 0 || (f.For == 0 && f.Count == 0) {
		return done, fmt.Errorf("flood from %s: no frames, or no end to them", n.Name)
	}
	ifindex, err := n.ifindex(f.Interface)
	if err != nil {
		return done, err
	}
	err = n.Run(func() error {
		fd, err := f.socket(ifindex)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(fd) }()
		done, err = f.send(ctx, fd)
		return err
	})
	if err != nil {
		return done, fmt.Errorf("flood from %s of %s: %w", f.Interface, n.Name, err)
	}
	return done, nil
}

// socket is bound to the interface and receives nothing.
func (f *Flood) socket(ifindex int) (int, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if !f.Egress {
		err = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1)
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: ifindex})
	}
	if err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

// send sends until the end.
func (f *Flood) send(ctx context.Context, fd int) (done Flooded, err error) {
	b := newBatch(f)
	begin := time.Now()
	defer func() { done.Took = time.Since(begin) }()
	for ctx.Err() == nil {
		due, wait := f.due(done.Sent+done.Refused, time.Since(begin))
		if due == 0 && wait == 0 {
			return done, nil
		}
		if due == 0 {
			time.Sleep(wait)
			continue
		}
		sent, err := b.send(fd, due)
		done.Sent += uint64(sent)
		if errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.EAGAIN) {
			done.Refused++
		} else if err != nil && !errors.Is(err, unix.EINTR) {
			return done, err
		}
	}
	return done, nil
}

// due is how many frames to send now, at most a batch; or how long to wait for
// the next; or neither at the end.
func (f *Flood) due(gone uint64, at time.Duration) (frames int, wait time.Duration) {
	if f.For > 0 && at >= f.For {
		return 0, 0
	}
	left := uint64(batchLen)
	if f.Count > 0 {
		left = min(left, f.Count-gone)
	}
	if f.Rate == 0 || left == 0 {
		return int(left), 0
	}
	if now := uint64(at.Seconds() * float64(f.Rate)); now > gone {
		return int(min(left, now-gone)), 0
	}
	return 0, max(time.Millisecond, time.Second/time.Duration(f.Rate))
}

// ARPFlood is Frames and Vary of ARP requests for the target from so many
// requesters, each with an address and a MAC of its own: the addresses follow
// the first, the MACs are FloodMAC.
func ARPFlood(target, first netip.Addr, requesters uint32) Flood {
	from := first.As4()
	base := uint32(from[0])<<24 | uint32(from[1])<<16 | uint32(from[2])<<8 | uint32(from[3])
	return Flood{
		Frames: [][]byte{ARPRequest(FloodMAC(0), first, target)},
		Vary: func(i uint64, frame []byte) {
			who := uint32(i % uint64(requesters))
			mac, ip := FloodMAC(who), base+who
			copy(frame[6:], mac[:])
			copy(frame[22:], mac[:])
			frame[28], frame[29], frame[30], frame[31] = byte(ip>>24), byte(ip>>16), byte(ip>>8), byte(ip)
		},
	}
}
