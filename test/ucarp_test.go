package test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/lab"
)

// ucarpLate is how late UCarp may be with everything it hears or waits for: it
// looks once a second, and this machine may be busy.
const ucarpLate = 1500 * time.Millisecond

// ucarp is a running UCarp for 192.0.2.1.
type ucarp struct {
	*lab.Process
	node *lab.Node
}

// ucarpOptions are what differs between tests.
type ucarpOptions struct {
	vhid     int
	skew     int
	password string
	preempt  bool
}

// ucarp starts UCarp on a node. It takes and gives back the address by itself.
func (s *site) ucarp(n *lab.Node, o ucarpOptions) *ucarp {
	s.t.Helper()
	lab.Need(s.t, "ucarp")
	if o.vhid == 0 {
		o.vhid = 1
	}
	if o.password == "" {
		o.password = password
	}
	up := s.script(n, "up", "addr add %s dev %s", lab.Virtual4, lab.Interface)
	down := s.script(n, "down", "addr del %s dev %s", lab.Virtual4, lab.Interface)
	args := []string{
		"--interface=" + lab.Interface, "--srcip=" + n.IPv4.Addr().String(),
		fmt.Sprintf("--vhid=%d", o.vhid), "--pass=" + o.password, "--addr=" + lab.Virtual4.Addr().String(),
		"--advbase=1", fmt.Sprintf("--advskew=%d", o.skew), "--upscript=" + up, "--downscript=" + down,
		"--shutdown", "--neutral",
	}
	if o.preempt {
		args = append(args, "--preempt")
	}
	u := &ucarp{Process: n.Command("ucarp", args...), node: n}
	u.Log = s.File(n.Name + ".ucarp.log")
	s.must(u.Start())
	return u
}

// script writes one that runs a command of ip.
func (s *site) script(n *lab.Node, name, format string, args ...any) string {
	path := s.File(n.Name + "." + name + ".sh")
	text := "#!/bin/sh\nexec ip " + fmt.Sprintf(format, args...) + "\n"
	s.must(os.WriteFile(path, []byte(text), 0o755))
	return path
}

// state is the last state in the log: MASTER, BACKUP or nothing yet.
func (u *ucarp) state() string {
	_, last, _ := cutLast(u.log(), "Switching to state: ")
	state, _, _ := strings.Cut(last, "\n")
	return strings.TrimSpace(state)
}

// log is everything UCarp has written.
func (u *ucarp) log() string {
	b, _ := os.ReadFile(u.Log)
	return string(b)
}

// cutLast is strings.Cut around the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
