package dataplane

import (
	"testing"
	"time"

	"github.com/cilium/ebpf"
)

// Transit is traffic that concerns no group: it pays for every program on its
// way, and this is what it may pay at most.
const transitBudget = 15 * time.Nanosecond

// Frames of TCP between two other hosts.
var transit = []struct {
	name  string
	frame []byte
}{
	{"TCP/IPv4", unhex(`020000000012 020000000099 0800 4500 0028 0000 4000 40 06 0000 c6336401 c6336402
		1000 0050 00000000 00000000 5010 ffff 0000 0000`)},
	{"TCP/IPv6", unhex(`020000000012 020000000099 86dd 60000000 0014 06 40
		20010db8000100000000000000000001 20010db8000200000000000000000002
		1000 0050 00000000 00000000 5010 ffff 0000 0000`)},
	{"TCP/IPv4/tag", tagged(unhex(`020000000012 020000000099 0800 4500 0028 0000 4000 40 06 0000 c6336401 c6336402
		1000 0050 00000000 00000000 5010 ffff 0000 0000`), [2]uint16{0x8100, 5})},
}

// BenchmarkTransit measures what each program adds to transit traffic, beside an
// empty program: minima of 5 interleaved runs. Once is enough:
//
//	go test ./internal/dataplane -run '^$' -bench Transit -benchtime 1x
func BenchmarkTransit(b *testing.B) {
	d := withGroup(b)
	d.Answer(1, later())
	d.Accept(1, later())
	empty := map[ebpf.ProgramType]*ebpf.Program{
		ebpf.XDP: foreign(b, ebpf.XDP, 2), ebpf.SchedCLS: foreign(b, ebpf.SchedCLS, -1),
	}
	for _, h := range append(hooks(d), egress(d)) {
		for _, c := range transit {
			b.Run(h.name+"/"+c.name, func(b *testing.B) {
				if got := h.judge(b, d, c.frame, 1, 2); got != (result{"pass", ""}) {
					b.Fatalf("%v", got)
				}
				alone, with := minima(b, c.frame, empty[h.prog.Type()], h.prog)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(alone), "ns-empty")
				b.ReportMetric(float64(with), "ns-with")
				b.ReportMetric(float64(with-alone), "ns-more")
				if with-alone > transitBudget {
					b.Errorf("costs %v more than an empty program, want at most %v", with-alone, transitBudget)
				}
			})
		}
	}
}

// minima are the least times per frame of two programs in turn.
func minima(t testing.TB, frame []byte, a, b *ebpf.Program) (least, leastB time.Duration) {
	t.Helper()
	least, leastB = time.Hour, time.Hour
	for range 5 {
		for p, m := range map[*ebpf.Program]*time.Duration{a: &least, b: &leastB} {
			_, each, err := p.Benchmark(frame, 1_000_000, nil)
			if err != nil {
				t.Fatal(err)
			}
			*m = min(*m, each)
		}
	}
	return least, leastB
}
