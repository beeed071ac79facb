package lab

import (
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

// Bytes are what a frame has at an offset from its first byte.
type Bytes struct {
	At   int
	Want []byte
}

// Match is met by a frame that has all of these bytes.
type Match []Bytes

// Tally counts frames in the kernel, where they come in at an interface: a
// million a second without losing one. It is a small TCX program with a counter
// per CPU.
type Tally struct {
	program *ebpf.Program
	counts  *ebpf.Map
	link    link.Link
}

// Tally counts the frames that come in at the interface and match, and passes
// them on; with Swallow they end there. Empty is the node's only interface; the
// switch has one per node, of the node's name.
func (n *Node) Tally(ifname string, m Match) (*Tally, error) { return n.tally(ifname, m, tcxNext) }

// Swallow is a Tally that takes what it counts off the way, so that answers to
// senders that do not exist cost no more than the counting.
func (n *Node) Swallow(ifname string, m Match) (*Tally, error) { return n.tally(ifname, m, tcxDrop) }

// Verdicts of TCX.
const (
	tcxNext = -1
	tcxDrop = 2
)

// tally loads the program and attaches it.
func (n *Node) tally(ifname string, m Match, verdict int32) (t *Tally, err error) {
	t = &Tally{}
	defer func() {
		if err != nil {
			t.Close()
			err = fmt.Errorf("count frames at %s of %s: %w", ifname, n.Name, err)
		}
	}()
	t.counts, err = ebpf.NewMap(&ebpf.MapSpec{Name: "lab_tally", Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if err != nil {
		return t, err
	}
	t.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "lab_tally", Type: ebpf.SchedCLS, License: "Dual BSD/GPL", Instructions: m.program(t.counts, verdict),
	})
	if err != nil {
		return t, err
	}
	ifindex, err := n.ifindex(ifname)
	if err != nil {
		return t, err
	}
	err = n.Run(func() (err error) {
		t.link, err = link.AttachTCX(link.TCXOptions{Interface: ifindex, Program: t.program, Attach: ebpf.AttachTCXIngress})
		return err
	})
	if err == nil {
		n.lab.onClose(t.Close)
	}
	return t, err
}

// ifindex finds an interface of the node; empty is its only one.
func (n *Node) ifindex(ifname string) (int, error) {
	if ifname == "" {
		ifname = Interface
	}
	l, err := n.nl.LinkByName(ifname)
	if err != nil {
		return 0, fmt.Errorf("find %s of %s: %w", ifname, n.Name, err)
	}
	return l.Attrs().Index, nil
}

// Count is how many frames matched so far.
func (t *Tally) Count() (sum uint64, err error) {
	var perCPU []uint64
	if err := t.counts.Lookup(uint32(0), &perCPU); err != nil {
		return 0, fmt.Errorf("read the tally: %w", err)
	}
	for _, n := range perCPU {
		sum += n
	}
	return sum, nil
}

// Close takes the program off; the lab does it at its end.
func (t *Tally) Close() {
	if t.link != nil {
		_ = t.link.Close()
	}
	_ = t.program.Close()
	_ = t.counts.Close()
}

// program counts a frame that matches and gives it the verdict.
func (m Match) program(counts *ebpf.Map, verdict int32) asm.Instructions {
	const data, dataEnd = 76, 80 // in struct __sk_buff
	code := asm.Instructions{
		asm.LoadMem(asm.R7, asm.R1, data, asm.Word),
		asm.LoadMem(asm.R8, asm.R1, dataEnd, asm.Word),
	}
	for _, b := range m {
		code = append(code, b.program()...)
	}
	return append(code,
		asm.StoreImm(asm.RFP, -4, 0, asm.Word),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, -4),
		asm.LoadMapPtr(asm.R1, counts.FD()),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "pass"),
		asm.LoadMem(asm.R1, asm.R0, 0, asm.DWord),
		asm.Add.Imm(asm.R1, 1),
		asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R0, verdict),
		asm.Return(),
		asm.Mov.Imm(asm.R0, tcxNext).WithSymbol("pass"),
		asm.Return(),
	)
}

// program lets only frames with these bytes go on.
func (b Bytes) program() asm.Instructions {
	code := asm.Instructions{
		asm.Mov.Reg(asm.R2, asm.R7),
		asm.Add.Imm(asm.R2, int32(b.At+len(b.Want))),
		asm.JGT.Reg(asm.R2, asm.R8, "pass"),
	}
	for i, want := range b.Want {
		code = append(code,
			asm.LoadMem(asm.R3, asm.R7, int16(b.At+i), asm.Byte),
			asm.JNE.Imm(asm.R3, int32(want), "pass"))
	}
	return code
}

// PassXDP puts an XDP program that passes everything onto the switch's end of
// the node's cable. Without one, what a native XDP program of the node sends
// back never leaves a veth.
func (n *Node) PassXDP() error {
	ifindex, err := n.lab.Switch.ifindex(n.Name)
	if err != nil {
		return err
	}
	const xdpPass = 2
	pass, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "lab_pass", Type: ebpf.XDP, License: "Dual BSD/GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, xdpPass), asm.Return()},
	})
	if err != nil {
		return fmt.Errorf("load the passing program: %w", err)
	}
	defer func() { _ = pass.Close() }()
	return n.lab.Switch.Run(func() error {
		l, err := link.AttachXDP(link.XDPOptions{Program: pass, Interface: ifindex, Flags: link.XDPDriverMode})
		if err != nil {
			return fmt.Errorf("attach to the port of %s: %w", n.Name, err)
		}
		n.lab.onClose(func() { _ = l.Close() })
		return nil
	})
}
