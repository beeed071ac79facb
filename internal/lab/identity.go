package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// fields reads /proc/PID/stat from the state on; nil when there is no such
// process. The name before it is in brackets and may contain anything.
func fields(pid int) []string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(f) < 20 || f[0] == "Z" {
		return nil
	}
	return f
}

// identify reads the start time of a process; 0 when it does not exist.
func identify(pid int) identity {
	f := fields(pid)
	if f == nil {
		return identity{PID: pid}
	}
	start, _ := strconv.ParseUint(f[19], 10, 64)
	return identity{PID: pid, Start: start}
}

// alive reports whether this very process still runs.
func (p identity) alive() bool { return p.Start != 0 && identify(p.PID) == p }

// kill ends the process and waits a moment until it is gone, because a
// process holds its namespace.
func (p identity) kill() {
	if !p.alive() {
		return
	}
	_ = unix.Kill(p.PID, unix.SIGKILL)
	for end := time.Now().Add(2 * time.Second); p.alive() && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
}

// strays are the children that outlived a process of the lab. Each of those
// began a session, so a stray is in one of these sessions and in one of our
// namespaces; a shell that a person opened there is not.
func (s *state) strays() (list []identity) {
	var sessions, spaces []string
	for _, p := range s.Processes {
		sessions = append(sessions, strconv.Itoa(p.PID))
	}
	for _, name := range s.Namespaces {
		var st unix.Stat_t
		if unix.Stat(filepath.Join("/run/netns", name), &st) == nil {
			spaces = append(spaces, fmt.Sprintf("net:[%d]", st.Ino))
		}
	}
	links, _ := filepath.Glob("/proc/[0-9]*/ns/net")
	for _, l := range links {
		pid, _ := strconv.Atoi(strings.Split(l, "/")[2])
		space, _ := os.Readlink(l)
		f := fields(pid)
		if f != nil && slices.Contains(spaces, space) && slices.Contains(sessions, f[3]) {
			list = append(list, identify(pid))
		}
	}
	return list
}
