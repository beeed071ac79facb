package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const bpfMount = "/sys/fs/bpf"

// pinsEndWithUs reports that the BPF file system with the pins is not the one
// that our parent sees, but one of a mount namespace that may end with carpd, as
// under `ip netns exec`. After a crash the addresses would then stay on the
// interface with no program to keep them silent.
func pinsEndWithUs() bool {
	return !sameFileSystem(bpfMount, fmt.Sprintf("/proc/%d/root%s", os.Getppid(), bpfMount))
}

// sameFileSystem compares two places; one that cannot be seen is taken for the
// same.
func sameFileSystem(a, b string) bool {
	var x, y unix.Stat_t
	if unix.Stat(a, &x) != nil || unix.Stat(b, &y) != nil {
		return true
	}
	return x.Dev == y.Dev
}
