// Package boottime is the clock of carpd: CLOCK_BOOTTIME, which is monotonic
// and goes on while the machine is suspended. Leases in the kernel and
// deadlines of the election are on this clock.
//
// An instant is a time.Time made with time.Unix(0, nanoseconds since boot). It
// must never be printed as a date: Wall turns it into one for people.
package boottime

import (
	"time"

	"golang.org/x/sys/unix"
)

// Now reads the clock.
func Now() time.Time {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic("boottime: CLOCK_BOOTTIME: " + err.Error())
	}
	return time.Unix(0, ts.Nano())
}

// FromKernel makes an instant of nanoseconds as bpf_ktime_get_boot_ns gives them.
func FromKernel(ns uint64) time.Time { return time.Unix(0, int64(ns)) }

// ToKernel is the instant in nanoseconds for the kernel; 0 for the zero time,
// which the kernel reads as "never".
func ToKernel(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixNano())
}

// Wall is the instant on the wall clock, for people. The zero time stays zero.
func Wall(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.Now().Add(t.Sub(Now())).Round(0)
}
