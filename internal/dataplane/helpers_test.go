package dataplane

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/boottime"
	"github.com/carpd/carpd/internal/carp"
)

// loopback is the interface that BPF_PROG_TEST_RUN presents to a program.
const loopback = 1

// needRoot skips without the capabilities that bpf(2) and namespaces need.
func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN: run as root")
	}
}

var instances atomic.Uint32

// instanceName is one that no other test or process uses.
func instanceName() string { return fmt.Sprintf("dp-%d-%d", os.Getpid(), instances.Add(1)) }

// load loads a dataplane for one test and unloads it after.
func load(t testing.TB, o Options) *Dataplane {
	t.Helper()
	needRoot(t)
	if o.Instance == "" {
		o.Instance = instanceName()
	}
	d, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := Unload(o.Instance); err != nil {
			t.Errorf("unload: %v", err)
		}
	})
	return d
}

// addGroup adds a group or fails.
func addGroup(t testing.TB, d *Dataplane, g Group) Slot {
	t.Helper()
	slot, err := d.AddGroup(g)
	if err != nil {
		t.Fatal(err)
	}
	return slot
}

// addrs reads addresses.
func addrs(texts ...string) (as []netip.Addr) {
	for _, s := range texts {
		as = append(as, netip.MustParseAddr(s))
	}
	return as
}

// later is a deadline that no test lives to see, past one that is over.
func later() time.Time { return boottime.Now().Add(time.Hour) }
func past() time.Time  { return boottime.Now().Add(-time.Nanosecond) }

// events drains the ring.
func events(t testing.TB, d *Dataplane) (all []Event) {
	t.Helper()
	if err := d.Drain(func(e Event) { all = append(all, e) }); err != nil {
		t.Fatal(err)
	}
	return all
}

// packets reads the counters of a slot.
func packets(t testing.TB, d *Dataplane, slot Slot) Packets {
	t.Helper()
	p, err := d.packets(slot)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// hook is a program with its verdicts. carp_in must do all that carp_rx does
// where there is no XDP, so most tests run over both.
type hook struct {
	name              string
	prog              *ebpf.Program
	pass, drop, reply uint32
	ctx               any
}

func hooks(d *Dataplane) []hook {
	return []hook{
		{name: "carp_rx", prog: d.objs.CarpRx, pass: 2, drop: 1, reply: 3},
		{name: "carp_in", prog: d.objs.CarpIn, pass: 0xffffffff, drop: 2, reply: 7},
	}
}

func egress(d *Dataplane) hook {
	return hook{name: "carp_out", prog: d.objs.CarpOut, pass: 0xffffffff, drop: 2, reply: 7}
}

// run gives one frame to a program.
func (h hook) run(t testing.TB, frame []byte) (verdict string, out []byte) {
	t.Helper()
	opts := ebpf.RunOptions{Data: frame, DataOut: make([]byte, 2048), Repeat: 1, Context: h.ctx}
	ret, err := h.prog.Run(&opts)
	if err != nil {
		t.Fatalf("%s with %d bytes: %v", h.name, len(frame), err)
	}
	if verdict = h.verdict(ret); verdict == "" {
		t.Fatalf("%s returned %d", h.name, ret)
	}
	return verdict, opts.DataOut
}

// verdict is the word for what a program returned; empty if there is none.
func (h hook) verdict(ret uint32) string {
	return map[uint32]string{h.pass: "pass", h.drop: "drop", h.reply: "reply"}[ret]
}

// result is what became of one frame: the verdict, and what was counted.
type result struct {
	verdict string
	counted string
}

// spent is what becomes of an advert: carp_rx passes it, for tcpdump on the host
// to see, and carp_in, behind tcpdump, takes it off the way to the stack.
func (h hook) spent(r result) result {
	if h.name == "carp_in" && strings.HasSuffix(r.counted, " ok]") {
		r.verdict = "drop"
	}
	return r
}

// judge runs a frame and tells what was counted for the slots.
func (h hook) judge(t testing.TB, d *Dataplane, frame []byte, slots ...Slot) result {
	t.Helper()
	slots = append([]Slot{0}, slots...)
	var before []Packets
	for _, s := range slots {
		before = append(before, packets(t, d, s))
	}
	r := result{}
	r.verdict, _ = h.run(t, frame)
	for i, s := range slots {
		after := packets(t, d, s)
		for reason := range carp.NumReasons {
			for range after[reason] - before[i][reason] {
				r.counted += fmt.Sprintf("[%d %v]", s, reason)
			}
		}
	}
	return r
}

// cpus is how many values a per-CPU map has for a key.
func cpus(t testing.TB) int {
	t.Helper()
	n, err := ebpf.PossibleCPU()
	if err != nil {
		t.Fatal(err)
	}
	return n
}
