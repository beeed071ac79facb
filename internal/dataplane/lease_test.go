package dataplane

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/boottime"
)

// leaseRow reads the deadlines of a slot as packets do, from the map.
func leaseRow(t *testing.T, d *Dataplane, slot Slot) (l bpfCarpLease) {
	t.Helper()
	if err := d.objs.CarpLease.Lookup(uint32(slot), &l); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestDeadlinesAreTheMapItself(t *testing.T) {
	d := withGroup(t)
	d.Answer(1, boottime.FromKernel(1_000_000_007))
	d.Accept(1, boottime.FromKernel(2_000_000_011))
	if got := leaseRow(t, d, 1); got != (bpfCarpLease{AnswerUntil: 1_000_000_007, AcceptUntil: 2_000_000_011}) {
		t.Errorf("the map has %+v", got)
	}
	answer, accept := d.Deadlines(1)
	if answer.UnixNano() != 1_000_000_007 || accept.UnixNano() != 2_000_000_011 {
		t.Errorf("deadlines %v and %v", answer, accept)
	}
	d.Answer(1, time.Time{})
	if answer, accept = d.Deadlines(1); !answer.IsZero() || accept.IsZero() {
		t.Errorf("after taking one back: %v and %v", answer, accept)
	}
}

func TestNoDeadlineWithoutAGroup(t *testing.T) {
	d := withGroup(t)
	d.Answer(2, later())
	if err := d.RemoveGroup(2); err != nil {
		t.Fatal(err)
	}
	for _, slot := range []Slot{0, 2, 3, 8192, 8193, 1 << 31} {
		d.Answer(slot, later())
		d.Accept(slot, later())
		if a, b := d.Deadlines(slot); !a.IsZero() || !b.IsZero() {
			t.Errorf("slot %d has deadlines", slot)
		}
		if slot < 8193 {
			if got := leaseRow(t, d, slot); got != (bpfCarpLease{}) {
				t.Errorf("slot %d: the map has %+v", slot, got)
			}
		}
	}
}

// A deadline that is stored while its group goes does not outlive the group,
// and one that is stored while the dataplane is closed harms nobody.
func TestADeadlineDoesNotOutliveItsGroup(t *testing.T) {
	d := load(t, Options{})
	var storing sync.WaitGroup
	quit := make(chan struct{})
	var current atomic.Uint32
	for range 2 {
		storing.Go(func() {
			for until := later(); ; {
				select {
				case <-quit:
					return
				default:
					d.Answer(Slot(current.Load()), until)
					d.Accept(Slot(current.Load()), until)
				}
			}
		})
	}
	for range 100 {
		slot := addGroup(t, d, Group{Ifindex: loopback, VHID: 9, Addresses: addrs("192.0.2.9")})
		current.Store(uint32(slot))
		for leaseRow(t, d, slot).AcceptUntil == 0 {
			runtime.Gosched()
		}
		if err := d.RemoveGroup(slot); err != nil {
			t.Fatal(err)
		}
		// A store that is under way may be seen for a moment.
		for limit := time.Now().Add(10 * time.Second); leaseRow(t, d, slot) != (bpfCarpLease{}); runtime.Gosched() {
			if time.Now().After(limit) {
				t.Fatalf("slot %d has %+v after its group has gone", slot, leaseRow(t, d, slot))
			}
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	close(quit)
	storing.Wait()
}
