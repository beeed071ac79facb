package test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/lab"
)

const (
	// floodTime is how long each flood lasts, floodRate what it must reach.
	floodTime = 20 * time.Second
	floodRate = 100_000
	// floodShare is how much of one processor carpd may use meanwhile.
	floodShare = 0.05
	// recordedAdverts are how many different ones a flood of replays has.
	recordedAdverts = 300
)

// TestFloods sends forged adverts and replayed genuine ones as fast as it goes
// to a BACKUP and to a MASTER: neither changes its state, and each genuine
// advert that came as far as the XDP program reaches the election. With one
// processor to share a frame may be lost before it reaches the program, so what
// counts is what the program has seen.
func TestFloods(t *testing.T) {
	for _, c := range []struct {
		state         string
		skew, speaker uint8
	}{{"BACKUP", 100, 0}, {"MASTER", 0, 101}} {
		t.Run(c.state, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t, c.state, c.skew, c.speaker)
			v.flood("forged", [][]byte{v.forged()}, vary)
			v.flood("one that is repeated", v.last(), nil)
			v.flood(fmt.Sprintf("%d recorded ones", recordedAdverts), v.before(), nil)
		})
	}
}

// victim is a carpd under flood, and a genuine speaker that it hears. Another
// one, that was recorded, is gone.
type victim struct {
	*site
	*carpd
	state    string
	skew     uint8
	speaker  *speaker
	recorded netip.Addr
	table    *guardTable
}

// speaker signs genuine adverts. Each has another advskew, of a hundred: the
// status of the peer shows it when the advert has reached the election.
type speaker struct {
	key   *carp.Key
	addr  netip.Addr
	skew  uint8 // the least
	count int
}

// next is a fresh advert.
func (s *speaker) next() carp.Advert {
	s.count++
	return s.signed(s.skew+uint8(s.count%100), time.Now())
}

// signed is an advert as it was sent at some time.
func (s *speaker) signed(skew uint8, at time.Time) carp.Advert {
	a := carp.Advert{VHID: 1, Advbase: 1, Advskew: skew, Counter: uint64(at.UnixNano())}
	s.key.Sign(&a)
	return a
}

// newVictim starts the carpd and brings it into its state: a BACKUP obeys the
// speaker, a MASTER hears that the speaker is worse.
func newVictim(t *testing.T, state string, skew, speakerSkew uint8) *victim {
	s := newSite(t, lab.Topology{Routers: 1})
	secret, _ := carp.NewSecret([]byte(password))
	v := &victim{site: s, state: state, skew: skew, recorded: netip.MustParseAddr("192.0.2.201"), speaker: &speaker{
		key:  carp.NewKey(secret, 1, []netip.Addr{lab.Virtual4.Addr()}),
		addr: netip.MustParseAddr("192.0.2.200"), skew: speakerSkew,
	}}
	v.carpd = s.carpd(s.Routers[0], group{skew: int(skew), preempt: true})
	v.table = openGuard(t, v.instance)
	if state == "MASTER" {
		v.is(state, 8*time.Second)
	}
	v.speak()
	v.is(state, 5*time.Second)
	return v
}

// frame is an advert in IPv4 from an address.
func (v *victim) frame(from netip.Addr, payload []byte) []byte {
	src, mac := from.As4(), carp.VHID(1).MAC()
	f := append([]byte{1, 0, 0x5e, 0, 0, 0x12}, mac[:]...)
	f = append(f, 8, 0, 0x45, 0xe0, 0, 56, 0, 0, 0x40, 0, 255, carp.Protocol, 0, 0)
	f = append(append(f, src[:]...), 224, 0, 0, 18)
	binary.BigEndian.PutUint16(f[24:], carp.Checksum(f[14:34]))
	return append(f, payload...)
}

// last are the last adverts of the one that is gone and, just as it left, of a
// MASTER itself.
func (v *victim) last() [][]byte {
	a := v.speaker.signed(v.speaker.skew, time.Now().Add(-time.Minute))
	frames := [][]byte{v.frame(v.recorded, a.AppendTo(nil))}
	if v.state == "MASTER" {
		frames = append(frames, v.frame(v.node.IPv4.Addr(), v.lastAdvert(v.node).Payload))
	}
	return frames
}

// before are adverts of the last hour, of the one that is gone and of a MASTER
// itself.
func (v *victim) before() (frames [][]byte) {
	for i := range recordedAdverts {
		from, skew := v.recorded, v.speaker.skew
		if v.state == "MASTER" && i%2 == 0 {
			from, skew = v.node.IPv4.Addr(), v.skew
		}
		a := v.speaker.signed(skew, time.Now().Add(-time.Hour+time.Duration(i)*time.Second))
		frames = append(frames, v.frame(from, a.AppendTo(nil)))
	}
	return frames
}

// forged is a well-formed advert with a digest of nothing, for vary.
func (v *victim) forged() []byte {
	f := v.frame(v.recorded, carp.Advert{VHID: 1, Advbase: 1, Counter: 1}.AppendTo(nil))
	vary(0, f)
	binary.BigEndian.PutUint16(f[40:], 0)
	binary.BigEndian.PutUint16(f[40:], carp.Checksum(f[34:]))
	return f
}

// vary makes another forged advert with a right checksum: what is added to one
// word is taken from the next.
func vary(i uint64, frame []byte) {
	const digest = 34 + 16
	word := uint16(i)
	binary.BigEndian.PutUint16(frame[digest:], word)
	binary.BigEndian.PutUint16(frame[digest+2:], ^word)
	binary.BigEndian.PutUint16(frame[digest+4:], uint16(i>>16))
	binary.BigEndian.PutUint16(frame[digest+6:], ^uint16(i>>16))
}

// flood floods the victim, again when the machine had other things to do and the
// generator did not get up to speed.
func (v *victim) flood(what string, frames [][]byte, vary func(uint64, []byte)) {
	v.t.Helper()
	for range 3 {
		if v.floodOnce(what, frames, vary) >= floodRate {
			return
		}
	}
	v.t.Errorf("%s: fewer than %d frames a second", what, floodRate)
}

// floodOnce sends frames to the victim while the speaker goes on, and compares.
func (v *victim) floodOnce(what string, frames [][]byte, vary func(uint64, []byte)) (rate float64) {
	v.t.Helper()
	before, moves, used, began := v.counters().Groups[0].Packets, v.group().Transitions, cpu(v.t, v.PID()), time.Now()
	ended := v.begin(lab.Flood{Frames: frames, Vary: vary, Interface: v.node.Name, For: floodTime})
	sent, reached := v.speakUntil(ended)
	share := float64(cpu(v.t, v.PID())-used) / float64(time.Since(began))
	done := <-ended
	v.t.Logf("%s, to a %s: %.0f/s for %v; of %d genuine adverts %d reached the program, and these the election; carpd used %.2f %% of one processor; counted: %s",
		what, v.state, done.PerSecond(), done.Took.Round(time.Millisecond), sent, reached, 100*share, more(before, v.counters().Groups[0].Packets))
	g := v.group()
	if g.Transitions != moves || g.State != v.state {
		v.t.Errorf("%s: %s after %d transitions", what, g.State, g.Transitions-moves)
	}
	if share > floodShare {
		v.t.Errorf("%s: carpd used %.2f %% of one processor", what, 100*share)
	}
	if reached < 10 {
		v.t.Errorf("%s: %d of %d genuine adverts reached the program", what, reached, sent)
	}
	return done.PerSecond()
}

// begin begins a flood; its result can be read when it has ended.
func (v *victim) begin(f lab.Flood) <-chan lab.Flooded {
	ended := make(chan lab.Flooded, 1)
	go func() {
		done, err := v.Switch.Flood(v.t.Context(), f)
		if err != nil {
			v.t.Error(err)
		}
		ended <- done
	}()
	return ended
}

// speakUntil lets the speaker send until a flood has ended.
func (v *victim) speakUntil(ended <-chan lab.Flooded) (sent, reached int) {
	for len(ended) == 0 {
		sent++
		if v.speak() {
			reached++
		}
		time.Sleep(200 * time.Millisecond)
	}
	return sent, reached
}

// speak sends a genuine advert, and reports whether it reached the program. If
// it did, it must reach the election.
func (v *victim) speak() bool {
	v.t.Helper()
	a := v.speaker.next()
	_, err := v.Switch.Flood(v.t.Context(), lab.Flood{
		Frames: [][]byte{v.frame(v.speaker.addr, a.AppendTo(nil))}, Interface: v.node.Name, Count: 1,
	})
	v.must(err)
	if !within(300*time.Millisecond, func() bool { return v.table.newest(v.t) == a.Counter }) {
		return false
	}
	if !within(3*time.Second, func() bool { return v.hasElected(a) }) {
		v.t.Error("an advert reached the program and not the election")
	}
	return true
}

// within reports whether a condition comes true in time.
func within(d time.Duration, cond func() bool) bool {
	for end := time.Now().Add(d); !cond(); time.Sleep(3 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// hasElected reports whether the loop has seen the advert.
func (v *victim) hasElected(a carp.Advert) bool {
	for _, p := range v.group().Peers {
		if p.Address == v.speaker.addr.String() {
			return p.Advskew == int(a.Advskew)
		}
	}
	return false
}

// more are the counters that have risen, in words.
func more(before, after map[string]uint64) string {
	var out []string
	for name, n := range after {
		if d := n - before[name]; d > 0 {
			out = append(out, fmt.Sprintf("%d %s", d, name))
		}
	}
	return strings.Join(out, ", ")
}

// cpu is the time that a process has used, by itself and in the kernel for it.
func cpu(t *testing.T, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), ") ") // from the third field on
	fields, ticks := strings.Fields(rest), int64(0)
	for _, f := range fields[11:13] { // utime and stime, in hundredths of a second
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// guardTable is what the program remembers of adverts.
type guardTable struct{ table *ebpf.Map }

// openGuard opens the pinned map of a carpd.
func openGuard(t *testing.T, instance string) *guardTable {
	t.Helper()
	m, err := ebpf.LoadPinnedMap(filepath.Join(pins, instance, "carp_guard"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return &guardTable{m}
}

// newest is the highest genuine counter that has come to the first group.
func (g *guardTable) newest(t *testing.T) uint64 {
	t.Helper()
	const newest = 4*48 + 8 // behind the last four adverts, and next
	b, err := g.table.LookupBytes(uint32(1))
	if err != nil || len(b) < newest+8 {
		t.Fatalf("read carp_guard: %d bytes, %v", len(b), err)
	}
	return binary.NativeEndian.Uint64(b[newest:])
}
