package lab

import (
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// snapLen is how much of a frame Wire copies.
const snapLen = 256

// wireFilter passes what Wire wants to see, so that a thousand echo requests a
// second do not wake it: protocol 112, ARP, neighbour discovery, IGMP, MLD and
// ICMP errors. Requests of an Asker are left out, answers to them are not; of a
// Flood from FloodMAC both are.
var wireFilter = []bpf.Instruction{
	bpf.LoadAbsolute{Off: 6, Size: 2}, // 0: first third of the source MAC
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: askPrefix, SkipTrue: drop(1)},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: floodPrefix, SkipTrue: drop(2)},
	bpf.LoadAbsolute{Off: 0, Size: 2}, // 3: first third of the destination
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: floodPrefix, SkipTrue: drop(4)},
	bpf.LoadAbsolute{Off: 12, Size: 2}, // 5: Ethernet type
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeARP, SkipTrue: pass(6)},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeIPv6, SkipTrue: 9}, // to 17
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: typeIPv4, SkipTrue: drop(8)},
	bpf.LoadAbsolute{Off: 23, Size: 1}, // 9: protocol
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: 112, SkipTrue: pass(10)},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: protoIGMP, SkipTrue: pass(11)},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protoICMP, SkipTrue: drop(12)},
	bpf.LoadMemShift{Off: 14},          // 13: length of the IPv4 header
	bpf.LoadIndirect{Off: 14, Size: 1}, // 14: ICMP type
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: 3, SkipTrue: pass(15)},
	bpf.Jump{Skip: uint32(drop(16))},
	bpf.LoadAbsolute{Off: 20, Size: 1}, // 17: next header
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: 112, SkipTrue: pass(18)},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: protoHopByHop, SkipTrue: pass(19)},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protoICMPv6, SkipTrue: drop(20)},
	bpf.LoadAbsolute{Off: 54, Size: 1},                               // 21: ICMPv6 type
	bpf.JumpIf{Cond: bpf.JumpLessThan, Val: 128, SkipTrue: pass(22)}, // errors
	bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: 130, SkipTrue: pass(23)},
	bpf.RetConstant{Val: 0},       // 24: drop
	bpf.RetConstant{Val: snapLen}, // 25: pass
}

// drop and pass are the jumps from an instruction to the last two.
func drop(from int) uint8 { return uint8(24 - from - 1) }
func pass(from int) uint8 { return uint8(25 - from - 1) }

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
