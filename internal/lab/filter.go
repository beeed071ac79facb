package lab

import (
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// snapLen is how much of a frame Wire copies.
const snapLen = 256

// wireFilter passes what Wire wants to see, so that a thousand echo requests a
// second do not wake it: protocol 112, ARP, neighbour discovery, IGMP, MLD and
// ICMP errors. Requests of an Asker are left out, answers to them are not.
var wireFilter = []bpf.Instruction{
	bpf.LoadAbsolute{Off: 6, Size: 2}, // 0: first half of the source MAC
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: askPrefix, SkipTrue: drop(1)},
	bpf.LoadAbsolute{Off: 12, Size: 2}, // 2: Ethernet type
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeARP, SkipTrue: pass(3)},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeIPv6, SkipTrue: 9}, // to 14
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: typeIPv4, SkipTrue: drop(5)},
	bpf.LoadAbsolute{Off: 23, Size: 1}, // 6: protocol
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: 112, SkipTrue: pass(7)},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: protoIGMP, SkipTrue: pass(8)},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protoICMP, SkipTrue: drop(9)},
	bpf.LoadMemShift{Off: 14},          // 10: length of the IPv4 header
	bpf.LoadIndirect{Off: 14, Size: 1}, // 11: ICMP type
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: 3, SkipTrue: pass(12)},
	bpf.Jump{Skip: uint32(drop(13))},
	bpf.LoadAbsolute{Off: 20, Size: 1}, // 14: next header
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: 112, SkipTrue: pass(15)},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: protoHopByHop, SkipTrue: pass(16)},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protoICMPv6, SkipTrue: drop(17)},
	bpf.LoadAbsolute{Off: 54, Size: 1},                               // 18: ICMPv6 type
	bpf.JumpIf{Cond: bpf.JumpLessThan, Val: 128, SkipTrue: pass(19)}, // errors
	bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: 130, SkipTrue: pass(20)},
	bpf.RetConstant{Val: 0},       // 21: drop
	bpf.RetConstant{Val: snapLen}, // 22: pass
}

// drop and pass are the jumps from an instruction to the last two.
func drop(from int) uint8 { return uint8(21 - from - 1) }
func pass(from int) uint8 { return uint8(22 - from - 1) }

// attachFilter sets a classic BPF filter on a socket.
func attachFilter(fd int, program []bpf.Instruction) error {
	raw, err := bpf.Assemble(program)
	if err != nil {
		return err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]})
}
