package dataplane

import (
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// serving is an instance that answers for vhid 1 and is about to end.
func (l *lan) serving(t *testing.T, o Options) *Dataplane {
	t.Helper()
	l.router.address(t, "192.0.2.12/24")
	d := l.loadHere(t, o)
	l.attach(t, d)
	slot := addGroup(t, d, vhid1(l))
	d.Answer(slot, later())
	return d
}

// stop ends it as carpd does.
func (l *lan) stop(t *testing.T, d *Dataplane) {
	t.Helper()
	l.router.do(t, func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// A veth has no link that could be reset, whatever the mode: all goes, unless
// the program is asked to stay.
func TestStopLeavesNothing(t *testing.T) {
	for _, c := range []struct{ mode, wish string }{{"generic", ""}, {"generic", "auto"}, {"native", "auto"}, {"native", "true"}, {"generic", "true"}} {
		t.Run(c.mode+" "+c.wish, func(t *testing.T) {
			l := newLAN(t)
			foreignXDP(t, l.client, l.clientIf, link.XDPDriverMode)
			o := Options{Instance: instanceName(), XDP: c.mode, DetachOnStop: c.wish}
			d := l.serving(t, o)
			if a, _ := d.Attachment(l.routerIf); a.Stays {
				t.Error("it says that the program stays")
			}
			l.stop(t, d)
			if n := len(pinned(t, o.Instance)); n != 0 {
				t.Errorf("%d names left", n)
			}
			if id := xdpOn(t, l.router); id != 0 {
				t.Errorf("program %d left", id)
			}
		})
	}
}

// With detach_on_stop: false the XDP program stays, has nothing to do, and is
// what the next carpd goes on with; unload takes it off.
func TestIdleProgramStays(t *testing.T) {
	l := newLAN(t)
	foreignXDP(t, l.client, l.clientIf, link.XDPDriverMode)
	o := Options{Instance: instanceName(), XDP: "native", DetachOnStop: "false"}
	d := l.serving(t, o)
	p := l.client.tap(t, l.clientIf)
	if !l.asks(t, p) {
		t.Fatal("not answered")
	}
	before := linkIDs(t, d, l.routerIf)[bpfProgCarpRx]
	if a, _ := d.Attachment(l.routerIf); !a.Stays {
		t.Error("it does not say that the program stays")
	}
	l.stop(t, d)
	if l.asks(t, p) {
		t.Error("answered after the end")
	}
	if xdpOn(t, l.router) == 0 {
		t.Error("the XDP program is gone")
	}
	l.router.do(t, func() {
		for _, hook := range []ebpf.AttachType{ebpf.AttachTCXIngress, ebpf.AttachTCXEgress} {
			if chain, err := link.QueryPrograms(link.QueryOptions{Target: l.routerIf, Attach: hook}); err != nil || len(chain.Programs) != 0 {
				t.Errorf("%v at %v: %v", chain, hook, err)
			}
		}
	})
	next := l.loadHere(t, o)
	if n := lookups(t, next) + rows(t, next.objs.CarpLinks); n != 0 {
		t.Errorf("%d rows of groups or interfaces left", n)
	}
	if a := l.attach(t, next); a.Mode != "native" {
		t.Errorf("%+v", a)
	}
	if after := linkIDs(t, next, l.routerIf)[bpfProgCarpRx]; after != before {
		t.Error("the XDP program was attached anew")
	}
	next.Answer(addGroup(t, next, vhid1(l)), later())
	if !l.asks(t, p) {
		t.Error("the next carpd does not answer")
	}
	l.stop(t, next)
	if err := Unload(o.Instance); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(5 * time.Second); xdpOn(t, l.router) != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the program is there after unload")
		}
	}
}
