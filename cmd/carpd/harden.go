package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// harden keeps the keys out of swap and core dumps. Pages are locked as they
// are touched, so that the runtime's reserved address space costs nothing.
func harden() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("switch off core dumps: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("switch off core dumps: %w", err)
	}
	const flags = unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT
	if err := unix.Mlockall(flags); err != nil {
		return fmt.Errorf("lock memory: %w", err)
	}
	return nil
}
