package lab

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// askPrefix starts the source MAC of every question; it is locally
// administered and used by nothing else.
const askPrefix = 0x02ca

// askID tells one question from all others: the asker's number and a count.
type askID struct {
	asker uint8
	count uint32 // 24 bits
}

// mac is the source MAC of the question. The answer is sent to it.
func (id askID) mac() carp.MAC {
	return carp.MAC{askPrefix >> 8, askPrefix & 0xff, id.asker, byte(id.count >> 16), byte(id.count >> 8), byte(id.count)}
}

// askOf reads the question from the destination of an answer.
func askOf(m carp.MAC) (id askID, ok bool) {
	if m[0] != askPrefix>>8 || m[1] != askPrefix&0xff {
		return id, false
	}
	return askID{asker: m[2], count: uint32(m[3])<<16 | uint32(m[4])<<8 | uint32(m[5])}, true
}

// answer is one reply that entered the switch.
type answer struct {
	port     string
	at       time.Time
	mac, src carp.MAC // inside the packet, and of the frame
}

// Asker asks who has an address, at a steady rate, by ARP or by Neighbour
// Solicitation. Each question has its own source MAC, so that every answer
// belongs to one question, and the ports on which the answers enter the switch
// tell who gave them: two nodes that answer with the same virtual MAC cannot
// hide behind each other.
type Asker struct {
	id     uint8
	wire   *Wire
	fd     int
	ifi    int
	target netip.Addr
	at     carp.MAC // whom it asks
	build  func(carp.MAC) []byte
	beat   *beat

	mu   sync.Mutex
	sent []time.Time // by count
}

// askers counts those of this process.
var askers atomic.Uint32

// Ask starts an Asker on the node. It asks from an address that nobody has,
// so that no table of a router learns the node at a wrong MAC.
func (n *Node) Ask(target netip.Addr, every time.Duration) (*Asker, error) {
	return n.AskAt(carp.MAC{}, target, every)
}

// AskAt is Ask with questions that go to one MAC, as those of a host do that
// asks whether what it knows still holds. The zero MAC asks everybody.
func (n *Node) AskAt(mac carp.MAC, target netip.Addr, every time.Duration) (*Asker, error) {
	a := &Asker{id: uint8(askers.Add(1)), wire: n.lab.Wire, target: target, at: mac}
	a.build = a.arpRequest
	if target.Is6() {
		a.build = a.solicitation
	}
	l, err := n.nl.LinkByName(Interface)
	if err != nil {
		return nil, fmt.Errorf("find %s of %s: %w", Interface, n.Name, err)
	}
	a.ifi = l.Attrs().Index
	err = n.Run(func() (err error) {
		a.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open the asking socket: %w", err)
	}
	a.beat = newBeat(every, a.ask)
	n.lab.onClose(a.Stop)
	return a, nil
}

// Stop ends the questions; the record stays.
func (a *Asker) Stop() {
	if a.beat.stop() {
		_ = unix.Close(a.fd)
	}
}

// ask sends the questions that are due.
func (a *Asker) ask(due int) {
	for range due {
		a.mu.Lock()
		id := askID{a.id, uint32(len(a.sent))}
		a.sent = append(a.sent, time.Now())
		a.mu.Unlock()
		// An error is a question without an answer, and shows as such.
		_ = unix.Sendto(a.fd, a.question(id), 0, &unix.SockaddrLinklayer{Ifindex: a.ifi})
	}
}

// question is the frame of one question.
func (a *Asker) question(id askID) []byte {
	b := a.build(id.mac())
	if a.at != (carp.MAC{}) {
		copy(b, a.at[:])
	}
	return b
}

// Reply is one answer to an Asker, with the MACs that it tells.
type Reply struct {
	At     time.Time
	Port   string
	MAC    carp.MAC // inside the packet
	SrcMAC carp.MAC // of the frame
}

// Replies are all answers so far, in no order.
func (a *Asker) Replies() (out []Reply) {
	a.wire.mu.Lock()
	defer a.wire.mu.Unlock()
	for id, list := range a.wire.answers {
		if id.asker != a.id {
			continue
		}
		for _, r := range list {
			out = append(out, Reply{r.at, r.port, r.mac, r.src})
		}
	}
	return out
}

// Answers is what became of the questions of a span of time.
type Answers struct {
	Asked    int
	Answered int
	By       map[string]int // questions answered, by port
	Doubles  []Double
	Longest  time.Duration // the longest time without an answered question
}

// Double is a question that more than one node answered.
type Double struct {
	At    time.Time
	Ports []string
}

// Report counts the questions asked from and until two instants; a zero until
// means now. Answers that are still under way do not count: ask for a time
// that is over.
func (a *Asker) Report(from, until time.Time) Answers {
	a.mu.Lock()
	sent := a.sent
	a.mu.Unlock()
	a.wire.mu.Lock()
	defer a.wire.mu.Unlock()
	r := Answers{By: map[string]int{}}
	var last time.Time
	for i, at := range sent {
		if at.Before(from) || !until.IsZero() && at.After(until) {
			continue
		}
		r.Asked++
		ports := portsOf(a.wire.answers[askID{a.id, uint32(i)}])
		r.add(at, ports)
		if len(ports) > 0 {
			if !last.IsZero() {
				r.Longest = max(r.Longest, at.Sub(last))
			}
			last = at
		}
	}
	return r
}

// add counts one question.
func (r *Answers) add(at time.Time, ports []string) {
	if len(ports) > 0 {
		r.Answered++
	}
	for _, p := range ports {
		r.By[p]++
	}
	if len(ports) > 1 {
		r.Doubles = append(r.Doubles, Double{at, ports})
	}
}

// portsOf lists the different ports of answers.
func portsOf(list []answer) []string {
	var ports []string
next:
	for _, a := range list {
		for _, p := range ports {
			if p == a.port {
				continue next
			}
		}
		ports = append(ports, a.port)
	}
	return ports
}
