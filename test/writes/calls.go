package main

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// call is a system call with its arguments, as PTRACE_GET_SYSCALL_INFO tells.
type call struct {
	op   uint8
	_    [3]uint8
	arch uint32
	_    [2]uint64 // instruction and stack pointer
	nr   uint64
	args [6]uint64
}

// entering is the call that a thread is about to do; false when it comes back
// from one.
func entering(tid int) (c call, ok bool) {
	const entry = 1 // PTRACE_SYSCALL_INFO_ENTRY
	_, _, e := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(c), uintptr(unsafe.Pointer(&c)), 0, 0)
	return c, e == 0 && c.op == entry
}

// onFile are the calls that change an open file.
var onFile = map[uint64]string{
	unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite64", unix.SYS_WRITEV: "writev",
	unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync", unix.SYS_FTRUNCATE: "ftruncate",
	unix.SYS_FCHMOD: "fchmod", unix.SYS_FCHOWN: "fchown", unix.SYS_COPY_FILE_RANGE: "copy_file_range",
}

// onName are the calls that change a name, with the argument that has it.
var onName = map[uint64]struct {
	name string
	arg  int
}{
	unix.SYS_RENAMEAT: {"renameat", 3}, unix.SYS_RENAMEAT2: {"renameat2", 3}, unix.SYS_LINKAT: {"linkat", 3},
	unix.SYS_UNLINKAT: {"unlinkat", 1}, unix.SYS_MKDIRAT: {"mkdirat", 1}, unix.SYS_SYMLINKAT: {"symlinkat", 2}, unix.SYS_FCHMODAT: {"fchmodat", 1},
}

// changes is what a call changes and where; no path when it changes no file.
// Names are absolute in carpd.
func (w *watcher) changes(c call) (what, path string) {
	if name, ok := onFile[c.nr]; ok {
		fd := c.args[0]
		if c.nr == unix.SYS_COPY_FILE_RANGE {
			fd = c.args[2]
		}
		return name, w.file(fd)
	}
	if n, ok := onName[c.nr]; ok {
		return n.name, w.text(c.args[n.arg])
	}
	const making = unix.O_CREAT | unix.O_TRUNC | unix.O_TMPFILE&^unix.O_DIRECTORY
	if c.nr == unix.SYS_OPENAT && c.args[2]&making != 0 {
		return "openat", w.text(c.args[1])
	}
	return "", ""
}
