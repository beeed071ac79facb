package dataplane

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"github.com/carpd/carpd/internal/carp"
)

// costRow is one row of the table that `make bench` prints: what one program
// does with one frame, and what that costs over an empty program. A benchmark
// whose name begins with BenchmarkCost gives its rows to hook.cost, and the
// table has them:
//
//	func BenchmarkCostAnswer(b *testing.B) {
//		d := withGroup(b)
//		d.Answer(1, later())
//		for _, h := range hooks(d) {
//			h.cost(b, d, costRow{name: "ARP reply", frame: request, want: "reply",
//				slot: 1, reason: carp.ARPAnswered, limit: 90 * time.Nanosecond})
//		}
//	}
//
// A frame that the program changes is made new before every run of it: by the
// same few instructions, in front of the empty program too.
type costRow struct {
	name   string
	frame  []byte
	want   string        // the verdict, as of hook.run
	slot   Slot          // with reason: what is counted once for each frame;
	reason carp.Reason   // slot 0 does not ask
	limit  time.Duration // over an empty program; 0 if none is promised
	// before are run in front of every frame, to put the maps back as they were.
	// R6 is the context; R0 to R5 and R7 to R9 are free.
	before asm.Instructions
	repeat int    // frames in a run; 0 is costRepeat
	after  func() // called after each run, to drain the ring for example
}

const (
	costRuns   = 7
	costRepeat = 500_000
)

// cost measures the row: the empty program and ours in turn.
func (h hook) cost(b *testing.B, d *Dataplane, row costRow) {
	b.Run(row.name+"/"+h.name, func(b *testing.B) {
		if row.repeat == 0 {
			row.repeat = costRepeat
		}
		empty, ours := h.contestants(b, row)
		before := packets(b, d, row.slot)[row.reason]
		var alone, with []time.Duration
		for range costRuns {
			_, each := row.run(b, empty)
			alone = append(alone, each)
			verdict, each := row.run(b, ours)
			with = append(with, each)
			if got := h.verdict(verdict); got != row.want {
				b.Fatalf("the verdict is %s, want %s", got, row.want)
			}
		}
		if n := packets(b, d, row.slot)[row.reason] - before; row.slot != 0 && n < uint64(costRuns*row.repeat) {
			b.Fatalf("%v was counted %d times for %d frames", row.reason, n, costRuns*row.repeat)
		}
		row.report(b, alone, with)
	})
}

// run is one run of many frames: the last verdict, and the time for each.
func (row costRow) run(b *testing.B, p *ebpf.Program) (uint32, time.Duration) {
	b.Helper()
	ret, each, err := p.Benchmark(row.frame, row.repeat, nil)
	if err != nil {
		b.Fatal(err)
	}
	if row.after != nil {
		row.after()
	}
	return ret, each
}

// report gives the table its row; scripts/cost.awk fails when the limit is far
// away.
func (row costRow) report(b *testing.B, alone, with []time.Duration) {
	slices.Sort(alone)
	slices.Sort(with)
	least, middle := with[0]-alone[0], with[len(with)/2]-alone[len(alone)/2]
	b.ReportMetric(0, "ns/op")
	for unit, d := range map[string]time.Duration{
		"min-empty": alone[0], "min-ours": with[0], "min-more": least,
		"med-empty": alone[len(alone)/2], "med-ours": with[len(with)/2], "med-more": middle, "limit": row.limit,
	} {
		b.ReportMetric(float64(d.Nanoseconds()), unit)
	}
}

// contestants are an empty program and ours, both behind what makes the frame
// new, if that is needed.
func (h hook) contestants(b *testing.B, row costRow) (empty, ours *ebpf.Program) {
	b.Helper()
	empty = foreign(b, h.prog.Type(), int32(h.pass))
	verdict, out := h.run(b, row.frame)
	if verdict == row.want && bytes.Equal(out, row.frame) && len(row.before) == 0 {
		return empty, h.prog
	}
	return h.behind(b, row, h.like(b)), h.behind(b, row, h.prog)
}

// like is an empty program that may stand where ours stands.
func (h hook) like(b *testing.B) *ebpf.Program {
	return h.program(b, asm.Instructions{asm.Mov.Imm(asm.R0, int32(h.pass)), asm.Return()})
}

// program loads a program of the same kind as ours.
func (h hook) program(b *testing.B, code asm.Instructions) *ebpf.Program {
	b.Helper()
	spec := &ebpf.ProgramSpec{Type: h.prog.Type(), License: "BSD", Name: "contestant", Instructions: code}
	if h.prog.Type() == ebpf.XDP {
		const xdpHasFrags = 1 << 5 // BPF_F_XDP_HAS_FRAGS, as carp_rx
		spec.Flags, spec.AttachType = xdpHasFrags, ebpf.AttachXDP
	}
	p, err := ebpf.NewProgram(spec)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = p.Close() })
	return p
}

// behind is a program that makes everything new and goes on to another.
func (h hook) behind(b *testing.B, row costRow, next *ebpf.Program) *ebpf.Program {
	b.Helper()
	table, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.ProgramArray, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = table.Close() })
	code := append(asm.Instructions{asm.Mov.Reg(asm.R6, asm.R1)}, row.before...)
	code = append(code, h.renew(row.frame)...)
	p := h.program(b, append(code,
		asm.Mov.Reg(asm.R1, asm.R6),
		asm.LoadMapPtr(asm.R2, table.FD()),
		asm.Mov.Imm(asm.R3, 0),
		asm.FnTailCall.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("out"),
		asm.Return(),
	))
	if err := table.Put(uint32(0), next); err != nil {
		b.Fatal(err)
	}
	return p
}

// renew writes the frame over what an earlier run has made of it.
func (h hook) renew(frame []byte) asm.Instructions {
	data, end, size := int16(76), int16(80), int32(len(frame)) // in struct __sk_buff
	resize := asm.Instructions{asm.Mov.Imm(asm.R2, size), asm.Mov.Imm(asm.R3, 0), asm.FnSkbChangeTail.Call()}
	if h.prog.Type() == ebpf.XDP {
		data, end = 0, 4 // in struct xdp_md
		resize = asm.Instructions{asm.Mov.Imm(asm.R2, size), asm.Sub.Reg(asm.R2, asm.R8), asm.FnXdpAdjustTail.Call()}
	}
	code := asm.Instructions{
		asm.LoadMem(asm.R7, asm.R6, data, asm.Word),
		asm.LoadMem(asm.R8, asm.R6, end, asm.Word),
		asm.Sub.Reg(asm.R8, asm.R7),
		asm.JEq.Imm(asm.R8, size, "sized"),
		asm.Mov.Reg(asm.R1, asm.R6),
	}
	code = append(code, resize...)
	code = append(code,
		asm.LoadMem(asm.R7, asm.R6, data, asm.Word).WithSymbol("sized"),
		asm.LoadMem(asm.R8, asm.R6, end, asm.Word),
		asm.Mov.Reg(asm.R2, asm.R7),
		asm.Add.Imm(asm.R2, size),
		asm.JGT.Reg(asm.R2, asm.R8, "out"))
	at := 0
	for ; at+8 <= len(frame); at += 8 { // wide stores, so that loads behind them need not wait
		word := int64(binary.NativeEndian.Uint64(frame[at:]))
		code = append(code, asm.LoadImm(asm.R3, word, asm.DWord), asm.StoreMem(asm.R7, int16(at), asm.R3, asm.DWord))
	}
	for ; at < len(frame); at++ {
		code = append(code, asm.StoreImm(asm.R7, int16(at), int64(frame[at]), asm.Byte))
	}
	return code
}
