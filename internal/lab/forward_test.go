package lab

import (
	"io"
	"net"
	"testing"
)

// TestForward: what listens on the loopback of a namespace is reached from
// outside, both directions end apart, and Close leaves nothing open.
func TestForward(t *testing.T) {
	l := newLab(t, Topology{Routers: 1})
	var inside net.Listener
	must(t, l.Routers[0].Run(func() (err error) {
		inside, err = net.Listen("tcp", "127.0.0.1:0")
		return err
	}))
	t.Cleanup(func() { _ = inside.Close() })
	go func() {
		for c, err := inside.Accept(); err == nil; c, err = inside.Accept() {
			asked, _ := io.ReadAll(c) // Until the other side closed its half.
			_, _ = c.Write(append([]byte("heard "), asked...))
			_ = c.Close()
		}
	}()
	local, err := l.Routers[0].Forward(inside.Addr().String())
	must(t, err)
	if local == inside.Addr().String() {
		t.Fatal("both ends have one address: this shows nothing")
	}
	c, err := net.Dial("tcp", local)
	must(t, err)
	defer c.Close()
	_, err = c.Write([]byte("hello"))
	must(t, err)
	must(t, c.(*net.TCPConn).CloseWrite())
	if got, err := io.ReadAll(c); err != nil || string(got) != "heard hello" {
		t.Errorf("got %q, %v", got, err)
	}
	open, err := net.Dial("tcp", local)
	must(t, err)
	defer open.Close()
	must(t, l.Close())
	if _, err := io.ReadAll(open); err != nil {
		t.Logf("the open connection ended with %v", err)
	}
	if c, err := net.Dial("tcp", local); err == nil {
		_ = c.Close()
		t.Error("the way in is still there after Close")
	}
}
