package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Process is a program that runs on a node, or beside the lab. Unless the lab is
// kept, what runs on a node dies with the owner, even when the owner is killed.
type Process struct {
	Name string
	Args []string
	// Env is added to the owner's environment, in which STATE_DIRECTORY is one
	// that goes away with the lab.
	Env   []string
	Stdin string
	// Log is the file that takes both outputs. It is appended to, so that a
	// restarted program goes on in the same log.
	Log string

	lab    *Lab
	node   *Node // nil = outside of the lab's network
	cmd    *exec.Cmd
	exited chan struct{}
	err    error // of Wait; read only after exited is closed
}

// Command prepares a program; Start or Output runs it.
func (n *Node) Command(name string, args ...string) *Process {
	return &Process{Name: name, Args: args, lab: n.lab, node: n}
}

// Command prepares a program that belongs to the lab and runs outside of its
// network, where its owner is.
func (l *Lab) Command(name string, args ...string) *Process {
	return &Process{Name: name, Args: args, lab: l}
}

// prepare is the program as it is to run.
func (p *Process) prepare() *exec.Cmd {
	cmd := exec.Command(p.Name, p.Args...)
	cmd.Env = append(append(os.Environ(), "STATE_DIRECTORY="+p.lab.File("state")), p.Env...)
	if p.Stdin != "" {
		cmd.Stdin = strings.NewReader(p.Stdin)
	}
	return cmd
}

// launch starts what was prepared, in the namespace where it belongs.
func (p *Process) launch(cmd *exec.Cmd) error {
	start := func(f func() error) error { return f() }
	if p.node != nil {
		start = p.node.thread.do
	}
	if err := start(cmd.Start); err != nil {
		return fmt.Errorf("start %s on %s: %w", p.Name, p.where(), err)
	}
	return nil
}

// where is the name of the node.
func (p *Process) where() string {
	if p.node == nil {
		return "the owner's network"
	}
	return p.node.Name
}

// Start starts the program in the node's namespace.
func (p *Process) Start() error {
	p.cmd = p.prepare()
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	// The signal comes at the end of the thread that started it, and only that of
	// a node is there for as long as the owner.
	if p.node != nil && !p.lab.state.Keep {
		p.cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	if p.Log != "" {
		log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("open the log of %s: %w", p.Name, err)
		}
		defer log.Close()
		p.cmd.Stdout, p.cmd.Stderr = log, log
	}
	if err := p.launch(p.cmd); err != nil {
		return err
	}
	p.exited = make(chan struct{})
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p.lab.addProcess(p)
}

// addProcess remembers what has to be ended.
func (l *Lab) addProcess(p *Process) error {
	id := identify(p.cmd.Process.Pid)
	l.mu.Lock()
	l.procs = append(l.procs, p)
	l.mu.Unlock()
	return l.record(func(s *state) { s.Processes = append(s.Processes, id) })
}

// Output runs the program to its end and returns what it wrote.
func (p *Process) Output() (string, error) {
	cmd := p.prepare()
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := p.launch(cmd); err != nil {
		return "", err
	}
	err := cmd.Wait()
	return out.String(), err
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited is closed when the program has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Running reports whether the program still runs.
func (p *Process) Running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// Kill ends the program with SIGKILL and waits for its end.
func (p *Process) Kill() error { return p.end(syscall.SIGKILL, 5*time.Second) }

// Stop asks the program to end with SIGTERM, waits for its end, and returns
// the error of a program that did not end well or in time.
func (p *Process) Stop(within time.Duration) error {
	if err := p.end(syscall.SIGTERM, within); err != nil {
		return errors.Join(err, p.Kill())
	}
	return p.err
}

// end sends a signal and waits.
func (p *Process) end(sig syscall.Signal, within time.Duration) error {
	if err := p.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(within):
		return fmt.Errorf("%s on %s did not end within %s of %s", p.Name, p.where(), within, sig)
	}
}

// Signal sends a signal.
func (p *Process) Signal(sig syscall.Signal) error { return p.cmd.Process.Signal(sig) }

// Freeze stops the program with SIGSTOP, Thaw lets it go on.
func (p *Process) Freeze() error { return p.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen program go on.
func (p *Process) Thaw() error { return p.Signal(syscall.SIGCONT) }

// stopAll ends every process that still runs: politely first, so that programs
// remove what they added, all at once so that it takes no longer than one.
func (l *Lab) stopAll() {
	l.mu.Lock()
	procs := l.procs
	l.mu.Unlock()
	for _, p := range procs {
		_ = p.Thaw()
		_ = p.Signal(syscall.SIGTERM)
	}
	deadline := time.After(3 * time.Second)
	for _, p := range procs {
		select {
		case <-p.exited:
		case <-deadline:
			deadline = time.After(0)
			_ = p.Kill()
		}
	}
}
