// Package dataplane is the kernel side of carpd: it loads the programs of bpf/,
// attaches them to interfaces, and owns the maps through which they are told
// what to do. Events come back through a ring buffer.
//
// Everything is pinned under /sys/fs/bpf/carpd/<instance>/ and therefore
// outlives the process. What the kernel does on its own is bounded by two
// deadlines per group (Answer, Accept) on CLOCK_BOOTTIME: when nobody renews
// them, the kernel falls silent.
//
// The package must never keep a rule in Go that packets depend on: what is not
// in a map is not in force. It must never answer without a deadline, touch a
// program or link that it did not attach, or make the loop wait: each call is a
// few bpf(2) calls at most.
//
// All methods may be called by several goroutines at once.
package dataplane

//go:generate go tool bpf2go -cc clang-14 -cflags "-mcpu=v3 -O2 -g -Wall -Werror -nostdinc -I../../headers" -target bpfel -type carp_state -type carp_reason -type carp_family -type carp_balancing -output-stem carp bpf ../../bpf/carp.bpf.c
