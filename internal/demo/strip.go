package demo

import (
	"strings"
	"sync"
	"time"
)

// cell is how much time one character of the strip stands for.
const cell = 500 * time.Millisecond

// sample is what was seen at one moment.
type sample struct {
	at     time.Time
	states [2]string
	share  float64 // of the client's requests that were answered
}

// strip collects samples and actions, to print the whole run at its end.
type strip struct {
	mu      sync.Mutex
	samples []sample
	actions map[time.Time]byte
	rounds  []time.Time // when each round began
}

// newStrip makes an empty one.
func newStrip() *strip { return &strip{actions: map[time.Time]byte{}} }

// add adds a sample.
func (s *strip) add(x sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, x)
}

// action marks that something was done now.
func (s *strip) action(letter byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actions[time.Now()] = letter
}

// round marks that a round begins now.
func (s *strip) round() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rounds = append(s.rounds, time.Now())
}

// print draws one block per round.
func (s *strip) print(out *screen) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.samples) == 0 || len(s.rounds) == 0 {
		return
	}
	out.line("")
	out.line("K crash  S start  C cable out  P cable in  T hand-over  F freeze  W thaw; one character is " + short(cell))
	out.line("M MASTER  b BACKUP  i INIT  x no carpd  z frozen  - cut off;  client: # answered  + partly  . not")
	for i, from := range s.rounds {
		until := s.samples[len(s.samples)-1].at
		if i+1 < len(s.rounds) {
			until = s.rounds[i+1]
		}
		out.line("")
		for _, l := range s.block(from, until) {
			out.line(l)
		}
	}
}

// block draws the time from one instant to another.
func (s *strip) block(from, until time.Time) []string {
	n := int(until.Sub(from)/cell) + 1
	rows := make([][]byte, 4)
	for i := range rows {
		rows[i] = []byte(strings.Repeat(" ", n))
	}
	place := func(at time.Time) (int, bool) {
		return int(at.Sub(from) / cell), !at.Before(from) && !at.After(until)
	}
	for at, letter := range s.actions {
		if i, ok := place(at); ok {
			rows[0][i] = letter
		}
	}
	for _, x := range s.samples {
		if i, ok := place(x.at); ok {
			rows[1][i], rows[2][i] = letterOf(x.states[0]), letterOf(x.states[1])
			rows[3][i] = worse(rows[3][i], levelOf(x.share))
		}
	}
	names := []string{"      ", "r1    ", "r2    ", "client"}
	for i := range rows {
		names[i] += "  " + strings.TrimRight(string(rows[i]), " ")
	}
	return names
}

// letterOf is the letter of a router's state.
func letterOf(state string) byte {
	switch state {
	case "MASTER":
		return 'M'
	case "BACKUP":
		return 'b'
	case "INIT":
		return 'i'
	case stateDown:
		return 'x'
	case stateFrozen:
		return 'z'
	case stateCut:
		return '-'
	default:
		return ' '
	}
}

// levelOf is the character for a share of answered requests.
func levelOf(share float64) byte {
	switch {
	case share >= 0.99:
		return '#'
	case share > 0:
		return '+'
	default:
		return '.'
	}
}

// worse keeps the least of the answers that fall into one character.
func worse(a, b byte) byte {
	const order = " #+."
	if strings.IndexByte(order, a) > strings.IndexByte(order, b) {
		return a
	}
	return b
}
