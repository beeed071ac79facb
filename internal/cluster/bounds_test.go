package cluster

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
)

// TestASpoiledList: a member that fills the list up to its bounds, or uses up the
// versions, is removed all the same, everywhere, and others can join.
func TestASpoiledList(t *testing.T) {
	hub := NewHub("n1", "n2", "n3")
	n1, n2, n3 := hub.Node("n1"), hub.Node("n2"), hub.Node("n3")
	bad := n3.snapshot().clone()
	for i := range maxRemoved {
		bad.Removed[fmt.Sprintf("%064x", i)] = removal{"junk", "n3", at(0)}
	}
	for _, to := range []string{"n1", "n2"} {
		must(t, n3.Call(t.Context(), to, pathMembers, members{&bad}, nil))
	}
	for _, number := range []uint64{1<<52 + 1, 1 << 40, math.MaxUint64} {
		bad := n3.snapshot().clone()
		e := bad.Members["n2"]
		e.Version = number
		bad.Members["n2"] = e
		refusedWith(t, n3.Call(t.Context(), "n1", pathMembers, members{&bad}, nil), fmt.Sprintf("n1 refuses: a list with the version %d", number))
	}
	untold, err := n1.Remove(t.Context(), "n3")
	if err != nil || len(untold) != 0 {
		t.Fatalf("%v, %v", untold, err)
	}
	for _, n := range []*Manager{n1, n2} {
		if len(n.Members()) != 2 {
			t.Errorf("%v", n.Members())
		}
		list := n.snapshot()
		must(t, list.check()) // Else it could not be read again.
		must(t, list.enrolled("n4", "192.0.2.4:7430", key(4), "n1", at(1)).check())
	}
}

// TestNoRoom: of a list that is too long there is room for what it says of names
// and keys that we know, and a change that would make ours too long is none.
func TestNoRoom(t *testing.T) {
	mine := newRoster().enrolled("a", "192.0.2.1:1", key(1), "a", at(0)).enrolled("b", "192.0.2.2:1", key(2), "a", at(0))
	theirs := mine.clone()
	for i := range maxMembers {
		theirs.Members[fmt.Sprint("a", i)] = mine.Members["a"]
	}
	for i := range maxRemoved {
		theirs.Removed[fmt.Sprintf("0%063x", i)] = removal{"a", "a", at(0)}
	}
	theirs.remove("b", "a", at(1))
	got := merge(mine, mine.fitting(theirs))
	_, b := got.live("b")
	if len(got.Members) != maxMembers || len(got.Removed) != maxRemoved/2+1 || b {
		t.Errorf("%d, %d, %v", len(got.Members), len(got.Removed), b)
	}
	hub := NewHub("n1")
	err := hub.Node("n1").update(func(r roster) (roster, error) {
		for i := range maxMembers {
			r.set(fmt.Sprint("a", i), r.Members["n1"])
		}
		return r, nil
	})
	refusedWith(t, err, "the change would make a list of 257 members")
}

// TestALeaverWritesNothing: what was begun before does not bring keys or an entry back.
func TestALeaverWritesNothing(t *testing.T) {
	n := first(t)
	id := n.identity()
	n.later(300 * 24 * 3600e9) // Its certificate is old.
	must(t, n.leave())
	must(t, n.renew(id, addr(n.listen)))
	if n.identity() != nil || n.dir.isThere() {
		t.Error("it is enrolled again")
	}
	if _, err := n.dir.key(caKeyFile); err == nil {
		t.Error("the key of the CA is there again")
	}
}

// TestARefusalIsBounded: its text ends in events and on terminals.
func TestARefusalIsBounded(t *testing.T) {
	body := `{"code":"x","error":"` + strings.Repeat("é", 1<<20) + `"}`
	_, err := receive("n2", &http.Response{StatusCode: 422, Body: io.NopCloser(strings.NewReader(body))})
	if len(err.Error()) > 2000 {
		t.Errorf("%d bytes", len(err.Error()))
	}
	_, err = receive("n2", &http.Response{StatusCode: 422, Body: io.NopCloser(strings.NewReader(`{"code":"x","error":"a\u001b[2Jb"}`))})
	if got := err.Error(); got != "n2 refuses: a [2Jb" {
		t.Errorf("%q", got)
	}
}

// TestConnectionsOfTheList: a member that changes its address again and again
// leaves nothing behind.
func TestConnectionsOfTheList(t *testing.T) {
	m := newManager(Options{})
	c := newWire(m)
	m.list = newRoster().enrolled("a", "192.0.2.1:1", key(1), "a", at(0))
	stays, _ := m.list.find("a")
	for i := range 9 {
		c.client(Member{Name: "a", Address: fmt.Sprintf("192.0.2.%d:1", i+2), Key: key(1)})
	}
	kept := c.client(stays)
	if c.forget(); len(c.clients) != 1 || c.client(stays) != kept {
		t.Errorf("%d are kept", len(c.clients))
	}
}
