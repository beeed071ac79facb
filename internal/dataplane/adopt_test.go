package dataplane

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/carp"
)

// loadHere loads in the namespace of the router, as carpd does.
func (l *lan) loadHere(t *testing.T, o Options) (d *Dataplane) {
	t.Helper()
	l.router.do(t, func() { d = load(t, o) })
	return d
}

// crashed is an instance that answers for vhid 1 and whose carpd is gone.
func (l *lan) crashed(t *testing.T) Options {
	t.Helper()
	l.router.address(t, "192.0.2.12/24")
	o := Options{XDP: "generic", Instance: instanceName()}
	d := l.loadHere(t, o)
	l.attach(t, d)
	if err := d.SetLink(l.routerIf, Link{MAC: l.routerMAC}); err != nil {
		t.Fatal(err)
	}
	slot := addGroup(t, d, vhid1(l))
	d.Answer(slot, later())
	if !l.asks(t, l.client.tap(t, l.clientIf)) {
		t.Fatal("not answered before the crash")
	}
	if err := errors.Join(d.SetState(slot, Master), d.Close()); err != nil {
		t.Fatal(err)
	}
	return o
}

func vhid1(l *lan) Group {
	return Group{Ifindex: l.routerIf, VHID: 1, Addresses: addrs("192.0.2.1", "2001:db8::1")}
}

// linkIDs are the links on the router's interface.
func linkIDs(t *testing.T, d *Dataplane, ifindex int) map[string]uint32 {
	t.Helper()
	ids := map[string]uint32{}
	for name, l := range d.attached[ifindex].links {
		info, err := l.Info()
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = uint32(info.ID)
	}
	return ids
}

// The next carpd goes on where the last one was killed: the kernel answers all
// the time, with the deadline that it had, before and after the group is placed,
// and slot and counters stay.
func TestGoOnAfterACrash(t *testing.T) {
	l := newLAN(t)
	o := l.crashed(t)
	p := l.client.tap(t, l.clientIf)
	d := l.loadHere(t, o)
	if !l.asks(t, p) {
		t.Error("not answered before the group is placed")
	}
	ids := linkIDs(t, d, l.routerIf)
	a := l.attach(t, d)
	if a.Mode != "generic" || len(ids) != 3 {
		t.Errorf("%+v with %d links", a, len(ids))
	}
	slot := addGroup(t, d, vhid1(l))
	if slot != 1 {
		t.Errorf("slot %d, was 1", slot)
	}
	if err := d.Sweep(); err != nil {
		t.Fatal(err)
	}
	if !l.asks(t, p) {
		t.Error("not answered after the group is placed")
	}
	if got := packets(t, d, slot)[carp.ArpAnswered]; got != 3 {
		t.Errorf("%d answers counted, want the one before the crash and two after", got)
	}
	after := linkIDs(t, d, l.routerIf)
	for name, id := range ids {
		if after[name] != id {
			t.Errorf("the link of %s was made anew", name)
		}
	}
	d.Answer(slot, time.Time{})
	if l.asks(t, p) {
		t.Error("answered after the new carpd has taken the promise back")
	}
}

// Links run the programs of the carpd that goes on, not those of the last one.
func TestLinksGetTheNewPrograms(t *testing.T) {
	l := newLAN(t)
	d := l.loadHere(t, l.crashed(t))
	for _, name := range []string{bpfProgCarpIn, bpfProgCarpOut, bpfProgCarpRx} {
		info, err := d.attached[l.routerIf].links[name].Info()
		if err != nil {
			t.Fatal(err)
		}
		p := d.progs[name]
		if name == bpfProgCarpRx {
			p = d.progs[bpfProgCarpRxGeneric] // what a veth has
		}
		if want := idOf(t, p); uint32(info.Program) != want {
			t.Errorf("%s runs program %d, the new one is %d", name, info.Program, want)
		}
	}
}

func TestSweepRemovesWhatNobodyClaims(t *testing.T) {
	l := newLAN(t)
	o := l.crashed(t)
	d := l.loadHere(t, o)
	l.attach(t, d)
	other := addGroup(t, d, Group{Ifindex: l.routerIf, VHID: 9, Addresses: addrs("192.0.2.9")})
	if other == 1 {
		t.Errorf("a new group got the slot of one that may still be claimed")
	}
	if err := d.Sweep(); err != nil {
		t.Fatal(err)
	}
	if l.asks(t, l.client.tap(t, l.clientIf)) {
		t.Error("answered for a group that the configuration no longer has")
	}
	// virtual MAC, VHID, address here and for other interfaces, row for people, bit
	// of the filter.
	if n := lookups(t, d); n != 6 {
		t.Errorf("%d rows left, want those of vhid 9", n)
	}
}

// With no group on it any more, an interface loses the programs.
func TestSweepDetaches(t *testing.T) {
	l := newLAN(t)
	d := l.loadHere(t, l.crashed(t))
	if err := d.Sweep(); err != nil {
		t.Fatal(err)
	}
	if id := xdpOn(t, l.router); id != 0 {
		t.Errorf("program %d is still there", id)
	}
	if n := rows(t, d.objs.CarpLinks) + rows(t, d.objs.CarpOwn); n != 0 {
		t.Errorf("%d rows of interfaces", n)
	}
}

// An address that the new configuration gives to another group moves, also when
// the group that loses it is not placed yet.
func TestAddressOfAnUnclaimedGroupMoves(t *testing.T) {
	l := newLAN(t)
	d := l.loadHere(t, l.crashed(t))
	slot, err := d.AddGroup(Group{Ifindex: l.routerIf, VHID: 2, Addresses: addrs("192.0.2.1")})
	if err != nil {
		t.Fatal(err)
	}
	first := addGroup(t, d, Group{Ifindex: l.routerIf, VHID: 1, Addresses: addrs("2001:db8::1")})
	if first != 1 || slot == first {
		t.Errorf("slots %d and %d", first, slot)
	}
	var o bpfCarpOwner
	key := bpfCarpVip4Key{Ifindex: uint32(l.routerIf), Addr: [4]byte{192, 0, 2, 1}}
	if err := d.objs.CarpVip4.Lookup(key, &o); err != nil || Slot(o.Slot) != slot {
		t.Errorf("%+v, %v", o, err)
	}
}

// Programs of an interface that was made anew under the same name are not on it,
// and its groups do not go on there: that is another interface.
func TestInterfaceMadeAnew(t *testing.T) {
	l := newLAN(t)
	o := l.crashed(t)
	eth0, err := l.router.nl.LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.router.nl.LinkDel(eth0); err != nil {
		t.Fatal(err)
	}
	l.join(t)
	l.router.address(t, "192.0.2.12/24")
	d := l.loadHere(t, o)
	if len(d.groups) != 0 || len(d.attached) != 0 {
		t.Errorf("%d groups and %d interfaces adopted", len(d.groups), len(d.attached))
	}
	if n := lookups(t, d) + rows(t, d.objs.CarpLinks); n != 0 {
		t.Errorf("%d rows left", n)
	}
	l.attach(t, d)
	slot := addGroup(t, d, vhid1(l))
	p := l.client.tap(t, l.clientIf)
	if l.asks(t, p) {
		t.Error("answered on the lease of another interface")
	}
	d.Answer(slot, later())
	if !l.asks(t, p) {
		t.Error("not answered")
	}
}

// Whatever a carpd that was killed has left, the next one starts and serves.
func TestHalfMadeStates(t *testing.T) {
	remove := func(names ...string) func(t *testing.T, l *lan, dir string) {
		return func(t *testing.T, l *lan, dir string) {
			for _, name := range names {
				if err := os.Remove(strings.Replace(filepath.Join(dir, name), "IF", strconv.Itoa(l.routerIf), 1)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for name, spoil := range map[string]func(t *testing.T, l *lan, dir string){
		"a map is missing":          remove("carp_vip4"),
		"the deadlines are missing": remove("carp_lease"),
		"the groups are missing":    remove("carp_groups"),
		"the layout is missing":     remove("carp_meta"),
		"the keys are missing":      remove("secret/carp_secret", "secret"),
		"a program is missing":      remove("carp_in"),
		"killed while attaching":    remove("links/IF-carp_out", "links/IF-carp_rx"),
		"no link":                   remove("links/IF-carp_in", "links/IF-carp_out", "links/IF-carp_rx"),
		"no directory of links":     remove("links/IF-carp_in", "links/IF-carp_out", "links/IF-carp_rx", "links"),
		"the layout is not written": func(t *testing.T, _ *lan, dir string) { setLayout(t, dir, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLAN(t)
			o := l.crashed(t)
			dir, _ := instanceDir(o.Instance)
			spoil(t, l, dir)
			for range 2 { // and the one after it finds a whole state
				d := l.loadHere(t, o)
				l.attach(t, d)
				slot := addGroup(t, d, vhid1(l))
				d.Answer(slot, later())
				if err := d.Sweep(); err != nil {
					t.Error(err)
				}
				if !l.asks(t, l.client.tap(t, l.clientIf)) {
					t.Error("not answered")
				}
				if n := len(pinned(t, o.Instance)); n != len(d.maps)+len(d.progs)+3+3 {
					t.Errorf("%d names pinned", n)
				}
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// setLayout writes another layout into the pinned carp_meta.
func setLayout(t *testing.T, dir string, n uint32) {
	t.Helper()
	m, err := ebpf.LoadPinnedMap(filepath.Join(dir, bpfMapCarpMeta), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	if err := m.Put(uint32(0), bpfCarpMeta{Layout: n}); err != nil {
		t.Fatal(err)
	}
}

// A half written memory is not believed: the group's row and its lease are.
func TestMemory(t *testing.T) {
	l := newLAN(t)
	o := l.crashed(t)
	d := l.loadHere(t, o)
	slot := addGroup(t, d, vhid1(l))
	at := time.Unix(0, 5_000_000_000)
	m, ok := d.Recall(slot)
	if !ok || m.State != Master || m.Lease.IsZero() || !m.Next.IsZero() {
		t.Errorf("without a memory: %+v, %v", m, ok)
	}
	want := Memory{
		State: Backup, Cause: 7, Since: at, Lease: at.Add(1), Next: at.Add(2), Interval: 1500 * time.Millisecond,
		Down: [2]time.Time{at.Add(3), {}}, Counter: 77, Transitions: 5,
	}
	d.Remember(slot, want)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = l.loadHere(t, o)
	slot = addGroup(t, d, vhid1(l))
	if m, ok := d.Recall(slot); !ok || m != want {
		t.Errorf("%+v, %v\nwant %+v", m, ok, want)
	}
	d.memory[slot].Seq++
	if m, _ := d.Recall(slot); m.State != Master || m.Counter != 0 {
		t.Errorf("half written: %+v", m)
	}
	fresh := addGroup(t, d, Group{Ifindex: l.routerIf, VHID: 3, Addresses: addrs("192.0.2.3")})
	if _, ok := d.Recall(fresh); ok {
		t.Error("a new group has a memory")
	}
}

// Who keeps the addresses is told when nothing can be gone on with, while the
// programs that keep them silent are still there; and only then.
func TestAnewIsTold(t *testing.T) {
	l := newLAN(t)
	o := l.crashed(t)
	told := 0
	o.Anew = func() {
		told++
		if l.asks(t, l.client.tap(t, l.clientIf)) == (xdpOn(t, l.router) == 0) {
			t.Error("the programs are gone already")
		}
	}
	d := l.loadHere(t, o)
	if told != 0 || !d.Adopted() {
		t.Errorf("told %d times, adopted: %t", told, d.Adopted())
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	dir, _ := instanceDir(o.Instance)
	setLayout(t, dir, 0)
	if d := l.loadHere(t, o); told != 1 || d.Adopted() {
		t.Errorf("told %d times, adopted: %t", told, d.Adopted())
	}
}

func TestNewerLayoutIsRefused(t *testing.T) {
	l := newLAN(t)
	o := l.crashed(t)
	dir, _ := instanceDir(o.Instance)
	setLayout(t, dir, layout+1)
	before := pinned(t, o.Instance)
	var unknown *LayoutError
	_, err := Load(o)
	if !errors.As(err, &unknown) || unknown.Pinned != layout+1 {
		t.Fatalf("%v", err)
	}
	if err := Check(o); !errors.As(err, &unknown) {
		t.Errorf("check: %v", err)
	}
	after := pinned(t, o.Instance)
	if !slices.Equal(names(before), names(after)) {
		t.Errorf("pins changed: %v, before %v", names(after), names(before))
	}
	if !l.asks(t, l.client.tap(t, l.clientIf)) {
		t.Error("not answered any more")
	}
}

func names(files map[string]fs.FileInfo) (out []string) {
	for name := range files {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
