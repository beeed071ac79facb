package control

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/carpd/carpd/internal/status"
)

// raw is a TLS connection to do unusual things with.
func (o *site) raw(t *testing.T) *tls.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", o.addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}) //nolint:gosec // It is ours.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// answers fails the test unless others are served at once, over TCP and at the
// socket.
func (o *site) answers(t *testing.T, while string) {
	t.Helper()
	if got := o.ask(t, o.client(t, ""), "GET", "/api/v1/status", "", with(readToken)); got.code != 200 {
		t.Errorf("%s: another client gets %d", while, got.code)
	}
	if _, err := Dial(o.path).Status(t.Context()); err != nil {
		t.Errorf("%s: the socket: %v", while, err)
	}
}

const head = "Host: 127.0.0.1\r\nAuthorization: Bearer " + adminToken + "\r\n"

// TestSlowClientsOverTCP: those who do not finish a handshake, a header or a
// body are cut off, and nobody waits for them.
func TestSlowClientsOverTCP(t *testing.T) {
	o := online(t, planted("x"), func(s *Server) { s.read = 2 * time.Second })
	var slow []net.Conn
	for range 10 {
		c, err := net.Dial("tcp", o.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = c.Write([]byte{22, 3, 1}) // The beginning of a handshake.
		slow = append(slow, c)
		for _, text := range []string{"GET /api/v1/st", "POST /api/v1/announce HTTP/1.1\r\n" + head + "Content-Length: 10\r\n\r\n{"} {
			c := o.raw(t)
			if _, err := io.WriteString(c, text); err != nil {
				t.Fatal(err)
			}
			slow = append(slow, c)
		}
	}
	o.answers(t, "beside slow writers")
	for i, c := range slow {
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		_, err := io.Copy(io.Discard, c)
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			t.Errorf("slow client %d is never cut off", i)
		}
	}
}

// TestSlowReadersOverTCP: followers who do not read, on a stream that has much
// to say. The source and others go on, and the server can end.
func TestSlowReadersOverTCP(t *testing.T) {
	src := planted("x")
	var path string
	t.Run("served", func(t *testing.T) {
		o := online(t, src, nil)
		path = o.path
		for i := range 6 {
			c := o.raw(t)
			if _, err := fmt.Fprintf(c, "GET /api/v1/%s HTTP/1.1\r\n%s\r\n", []string{"stream", "events?follow=1"}[i%2], head); err != nil {
				t.Fatal(err)
			}
			if n, err := c.Read(make([]byte, 12)); err != nil || n == 0 { // It is being served.
				t.Fatal(err)
			}
		}
		long := strings.Repeat("x", 64<<10)
		for id := range uint64(200) { // 13 MB: more than any buffer on the way.
			src.add(status.Event{ID: id + 2, Text: long})
		}
		o.answers(t, "beside slow readers")
	})
	if _, err := net.Dial("unix", path); err == nil {
		t.Error("the server has not ended")
	}
	goleak.VerifyNone(t)
}

// TestFollowersWhoDoNotReadAreCutOff: their places are free for others.
func TestFollowersWhoDoNotReadAreCutOff(t *testing.T) {
	src := planted("x")
	o := online(t, src, func(s *Server) { s.patience = 100 * time.Millisecond })
	for _, what := range []string{"stream", "events?follow=1"} {
		c := o.raw(t)
		if _, err := fmt.Fprintf(c, "GET /api/v1/%s HTTP/1.1\r\n%s\r\n", what, head); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is counted", func() bool { return o.followers.Load() == 1 })
		long := strings.Repeat("x", 64<<10)
		for id := range uint64(200) {
			src.add(status.Event{ID: id + 2, Text: long})
		}
		eventually(t, "a follower of "+what+" is cut off", func() bool { return o.followers.Load() == 0 })
	}
}

// TestConnectionsAreCounted: one address cannot use up all there are, and what
// it leaves is free again.
func TestConnectionsAreCounted(t *testing.T) {
	o := online(t, newFake(), func(s *Server) { s.read = time.Minute })
	var open []net.Conn
	for range maxConnsEach {
		open = append(open, o.raw(t))
	}
	c, err := net.Dial("tcp", o.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
	var late net.Error
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.As(err, &late) && late.Timeout() {
		t.Errorf("one connection too many is kept: %v", err)
	}
	for _, c := range open {
		_ = c.Close()
	}
	eventually(t, "there is room again", func() bool {
		connections, addresses := o.crowd.Count()
		return connections == 0 && addresses == 0
	})
	o.answers(t, "when all have gone")
}

func TestCrowdHasRoomForOthers(t *testing.T) {
	c := newCrowd()
	for i := range byte(20) {
		for range maxConnsEach + 5 {
			c.Enter(hostOf(addrOf(i)))
		}
	}
	if all, _ := c.Count(); all != maxConns || c.Of(hostOf(addrOf(0))) != maxConnsEach {
		t.Errorf("%d connections, of the first %d", all, c.Of(hostOf(addrOf(0))))
	}
}
