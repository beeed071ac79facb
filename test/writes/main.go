// Command writes holds a process at one of the system calls by which it changes
// files, so that a test can kill it exactly there or cut its network.
//
//	writes PID N DIR...
//
// It prints "ready" when it watches, then each call that changes something below
// one of the directories, log files apart. Before the N-th is done it prints
// "held" and waits for its standard input to end; then it lets go and ends. With
// N = 0 it only counts.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	runtime.LockOSThread() // A process has one tracer, which is a thread.
	pid, n, dirs, err := arguments(os.Args[1:])
	if err == nil {
		err = watch(&watcher{pid: pid, hold: n, dirs: dirs})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "writes:", err)
		os.Exit(1)
	}
}

// arguments are the process, the call and the directories.
func arguments(args []string) (pid, n int, dirs []string, err error) {
	if len(args) < 3 {
		return 0, 0, nil, fmt.Errorf("usage: writes PID N DIR")
	}
	if pid, err = strconv.Atoi(args[0]); err == nil {
		n, err = strconv.Atoi(args[1])
	}
	return pid, n, args[2:], err
}

// watcher follows one process.
type watcher struct {
	pid, hold, count int
	dirs             []string
}

// watch follows all threads until the process ends, or is let go.
func watch(w *watcher) error {
	if err := w.seize(); err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		var status unix.WaitStatus
		tid, err := unix.Wait4(-1, &status, unix.WALL, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil: // Nobody is left.
			return nil
		case !status.Stopped():
			continue
		}
		_ = unix.PtraceSyscall(tid, w.stopped(tid, status))
	}
}

// seize takes hold of all threads, of those too that are made meanwhile.
func (w *watcher) seize() error {
	held := map[int]bool{}
	for found := true; found; {
		found = false
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", w.pid))
		if err != nil {
			return err
		}
		for _, t := range tasks {
			tid, _ := strconv.Atoi(t.Name())
			if held[tid] {
				continue
			}
			held[tid], found = true, true
			seize(tid)
		}
	}
	return nil
}

// seize takes hold of one thread. One that ended, or is held already because
// its maker was, is left alone.
func seize(tid int) {
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE
	if _, _, e := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(tid), 0, options, 0, 0); e == 0 {
		_ = unix.PtraceInterrupt(tid)
	}
}

// stopped looks why a thread stopped, and says which signal it is to get.
func (w *watcher) stopped(tid int, status unix.WaitStatus) (signal int) {
	switch sig := status.StopSignal(); {
	case sig == unix.SIGTRAP|0x80:
		w.call(tid)
		return 0
	case status>>16 != 0: // An event of tracing.
		return 0
	default:
		return int(sig)
	}
}

// call looks at a system call that is about to be done.
func (w *watcher) call(tid int) {
	c, ok := entering(tid)
	if !ok {
		return
	}
	what, path := w.changes(c)
	if !w.below(path) {
		return
	}
	w.count++
	fmt.Println(w.count, what, path)
	if w.count == w.hold {
		fmt.Println("held")
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
}

// below reports whether a path is one to look at.
func (w *watcher) below(path string) bool {
	for _, d := range w.dirs {
		if rel, err := filepath.Rel(d, path); path != "" && err == nil && rel != ".." && !strings.HasPrefix(rel, "../") && !strings.HasSuffix(path, ".log") {
			return true
		}
	}
	return false
}

// text reads a text of the process, up to its end.
func (w *watcher) text(at uint64) string {
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", w.pid))
	if err != nil {
		return ""
	}
	defer func() { _ = mem.Close() }()
	s, _ := bufio.NewReader(io.NewSectionReader(mem, int64(at), unix.PathMax)).ReadString(0)
	return strings.TrimSuffix(s, "\x00")
}

// file is the path of an open file.
func (w *watcher) file(fd uint64) string {
	path, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", w.pid, int32(fd)))
	return path
}
