package lab

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/vishvananda/netns"
)

// thread is an OS thread that stays in one namespace for its whole life.
// Processes are started from it: they inherit the namespace and nothing else
// changes for them (ip netns exec would hide bpffs), and they die with the
// thread, so that a killed owner leaves no process behind.
type thread struct {
	work chan func()
	done chan struct{}
}

// newThread starts the thread. It ends when close is called.
func newThread(ns netns.NsHandle) (*thread, error) {
	t := &thread{work: make(chan func()), done: make(chan struct{})}
	ready := make(chan error, 1)
	go func() {
		defer close(t.done)
		// Never unlocked: the runtime ends the thread with the goroutine.
		runtime.LockOSThread()
		err := netns.Set(ns)
		ready <- err
		if err != nil {
			return
		}
		for f := range t.work {
			f()
		}
	}()
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("enter namespace: %w", err)
	}
	return t, nil
}

// do runs f on the thread and waits for it.
func (t *thread) do(f func() error) (err error) {
	done := make(chan struct{})
	t.work <- func() {
		defer close(done)
		err = f()
	}
	<-done
	return err
}

// close ends the thread and with it the processes started from it.
func (t *thread) close() {
	close(t.work)
	<-t.done
}

// errLeft tells that a function given to Run did not come back.
var errLeft = errors.New("the function left its goroutine (t.Fatal must not be called in Run)")

// Run calls fn on a thread that is in the node's namespace: sockets that it
// opens stay there. The thread is thrown away if it cannot be brought back.
// fn must not call t.Fatal.
func (n *Node) Run(fn func() error) error {
	result := make(chan error, 1)
	go func() {
		err := errLeft
		defer func() { result <- err }()
		runtime.LockOSThread()
		home, homeErr := netns.Get()
		if homeErr != nil {
			err = fmt.Errorf("find the own namespace: %w", homeErr)
			return
		}
		defer func() { _ = home.Close() }()
		if setErr := netns.Set(n.ns); setErr != nil {
			err = fmt.Errorf("enter namespace of %s: %w", n.Name, setErr)
			return
		}
		err = fn()
		if netns.Set(home) == nil {
			runtime.UnlockOSThread()
		}
	}()
	return <-result
}
