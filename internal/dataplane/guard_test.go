package dataplane

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/boottime"
	"github.com/carpd/carpd/internal/carp"
)

// guarded is vhid 1 in slot 1 with the key of 192.0.2.1 and an interval of its
// own, and vhid 2 in slot 2, without IPv4 packets that come from us.
func guarded(t testing.TB, own time.Duration) *Dataplane {
	t.Helper()
	d := load(t, Options{})
	keyed(t, d, 1, states("192.0.2.1"))
	keyed(t, d, 2, []carp.Midstate{stateOf(testSecret, message(2, nil, addrs("192.0.2.2")))})
	d.SetInterval(1, own)
	if err := d.SetOwn(loopback, addrs("192.0.2.12", "fe80::12")); err != nil {
		t.Fatal(err)
	}
	return d
}

// variant is an advert of vhid 1 with fields that the digest does not cover.
func variant(a carp.Advert) []byte {
	a.VHID = 1
	return signed(testSecret, message(1, nil, addrs("192.0.2.1")), a)
}

// age makes what was delivered of a group older.
func age(t testing.TB, d *Dataplane, slot Slot, by time.Duration) {
	t.Helper()
	var g bpfCarpGuard
	if err := d.objs.CarpGuard.Lookup(slot, &g); err != nil {
		t.Fatal(err)
	}
	for i := range g.Recent {
		if g.Recent[i].AtNs != 0 {
			g.Recent[i].AtNs -= uint64(by)
		}
	}
	if err := d.objs.CarpGuard.Put(slot, g); err != nil {
		t.Fatal(err)
	}
}

// see gives one frame to a program and compares.
func see(t *testing.T, d *Dataplane, h hook, what string, frame []byte, want result) {
	t.Helper()
	if got := h.judge(t, d, frame, 1, 2); got != h.spent(want) {
		t.Errorf("%s: %s: got %v, want %v", h.name, what, got, h.spent(want))
	}
}

// The same bytes in the same family within half an interval are one advert.
func TestDuplicates(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name   string
		own    time.Duration
		advert carp.Advert
		window time.Duration
	}{
		{"both of one second", s, carp.Advert{Advbase: 1}, s / 2},
		{"ours is shorter", s, carp.Advert{Advbase: 3}, s / 2},
		{"theirs is shorter", 3 * s, carp.Advert{Advbase: 1, Advskew: 128}, 3 * s / 4},
		{"a bow-out", s, carp.Advert{Advbase: 255, Advskew: 255}, s / 2},
		{"the slowest pair there is", 255 * s, carp.Advert{Advbase: 255}, 255 * s / 2},
		{"OpenBSD's fastest has no duplicates", s, carp.Advert{}, 0},
		{"nor has who was told no interval", 0, carp.Advert{Advbase: 1}, 0},
	} {
		d := guarded(t, c.own)
		c.advert.Counter = 77
		frame := ipv4(variant(c.advert))
		for _, h := range allHooks(d) {
			forget(t, d, 1)
			see(t, d, h, c.name+", first", frame, genuine)
			if c.window == 0 {
				see(t, d, h, c.name+", again", frame, genuine)
				continue
			}
			see(t, d, h, c.name+", again", frame, duplicate)
			see(t, d, h, c.name+", from elsewhere", patch(frame, 26, 198, 51, 100, 7), duplicate)
			age(t, d, 1, c.window-100*time.Millisecond)
			see(t, d, h, c.name+", shortly before", frame, duplicate)
			age(t, d, 1, 100*time.Millisecond)
			see(t, d, h, c.name+", after half an interval", frame, genuine)
			see(t, d, h, c.name+", and again", frame, duplicate)
		}
	}
}

// OpenBSD repeats its counter in both families; the copies of a bow-out have
// each their own; another advskew is another advert; so is what came long ago.
func TestWhatIsNoDuplicate(t *testing.T) {
	d := guarded(t, time.Second)
	for _, h := range allHooks(d) {
		forget(t, d, 1)
		one := variant(carp.Advert{Advbase: 1, Counter: 5})
		see(t, d, h, "IPv4", ipv4(one), genuine)
		see(t, d, h, "IPv6", ipv6(one), genuine)
		see(t, d, h, "IPv4 again", ipv4(one), duplicate)
		see(t, d, h, "IPv6 again", ipv6(one), duplicate)
		see(t, d, h, "another skew", ipv4(variant(carp.Advert{Advbase: 1, Advskew: 1, Counter: 5})), genuine)
		for i := range uint64(3) {
			see(t, d, h, "bow-out", ipv4(variant(carp.Advert{Advbase: 255, Advskew: 255, Counter: 6 + i})), genuine)
		}
		see(t, d, h, "the first, four later", ipv4(one), genuine)
	}
}

// A forged advert is not remembered: it cannot make a genuine one a duplicate.
func TestForgedIsNotRemembered(t *testing.T) {
	d := guarded(t, time.Second)
	good := variant(carp.Advert{Advbase: 1, Counter: 5})
	judgeBoth(t, d, 1, flipped(good, 35), forged)
	h := allHooks(d)[0]
	see(t, d, h, "the genuine one", ipv4(good), genuine)
	see(t, d, h, "a forged one again", ipv4(flipped(good, 35)), forged)
}

// Our own adverts are known by their counter, whatever was changed of them and
// wherever they come from, and by an own source address. The last 32 are known.
func TestOwnEchoes(t *testing.T) {
	d := guarded(t, time.Second)
	for i := range uint64(33) {
		d.Sent(1, 1<<60+1024*i)
	}
	own := carp.Advert{Advbase: 1, Advskew: 100, Counter: 1<<60 + 1024*20}
	better := own
	better.Advskew, better.Demotion = 0, 0
	for _, h := range allHooks(d) {
		forget(t, d, 1)
		see(t, d, h, "as sent", ipv4(variant(own)), ownEcho)
		see(t, d, h, "with another advskew and source", patch(ipv4(variant(better)), 26, 198, 51, 100, 7), ownEcho)
		see(t, d, h, "in the other family", ipv6(variant(better)), ownEcho)
		see(t, d, h, "the newest", ipv4(variant(carp.Advert{Advbase: 1, Counter: 1<<60 + 1024*32})), ownEcho)
		see(t, d, h, "the oldest that is known", ipv4(variant(carp.Advert{Advbase: 1, Counter: 1<<60 + 1024})), ownEcho)
		see(t, d, h, "the one before it", ipv4(variant(carp.Advert{Advbase: 1, Counter: 1 << 60})), genuine)
		see(t, d, h, "a BSD that counts on", ipv4(variant(carp.Advert{Advbase: 1, Counter: own.Counter + 1})), genuine)
		see(t, d, h, "our source", patch(ipv4(variant(carp.Advert{Advbase: 1, Counter: 3})), 26, 192, 0, 2, 12), ownEcho)
		see(t, d, h, "our source, IPv6", patch(ipv6(variant(carp.Advert{Advbase: 1, Counter: 3})), 22, addr16("fe80::12")...), ownEcho)
	}
	fresh := guarded(t, time.Second)
	see(t, fresh, allHooks(fresh)[0], "a counter of 0", ipv4(variant(carp.Advert{Advbase: 1})), genuine)
}

// Thousands of recorded adverts of one group neither keep a newer one of it from
// carpd nor those of another group, and few of them get there.
func TestReplaysDoNotStarve(t *testing.T) {
	const recorded, tick = 3000, 34 * time.Millisecond
	d := guarded(t, time.Second)
	frames := make([][]byte, recorded)
	for i := range frames {
		frames[i] = ipv4(variant(carp.Advert{Advbase: 1, Counter: 1000 + uint64(i)}))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, h := range allHooks(d) {
		forget(t, d, 1)
		forget(t, d, 2)
		see(t, d, h, "the newest so far", ipv4(variant(carp.Advert{Advbase: 1, Counter: 1 << 40})), genuine)
		before, began := packets(t, d, 1), boottime.Now()
		random.Shuffle(recorded, func(i, j int) { frames[i], frames[j] = frames[j], frames[i] })
		for _, f := range frames {
			h.run(t, f)
		}
		took, after := boottime.Now().Sub(began), packets(t, d, 1)
		passed, limited := after[carp.OK]-before[carp.OK], after[carp.Limited]-before[carp.Limited]
		if most := 64 + uint64((took+tick).Seconds()*512) + 2; passed > most || passed < 64 || passed+limited != recorded {
			t.Errorf("%s: %d of %d replays passed in %v, %d were too many", h.name, passed, recorded, took, limited)
		}
		for i := range uint64(10) {
			see(t, d, h, "a newer one", ipv4(variant(carp.Advert{Advbase: 1, Counter: 1<<40 + 1 + i})), genuine)
		}
		other := signed(testSecret, message(2, nil, addrs("192.0.2.2")), carp.Advert{VHID: 2, Advbase: 1, Counter: 1})
		see(t, d, h, "another group's", ipv4(other), result{"pass", "[2 ok]"})
		events(t, d)
	}
}

// Recorded adverts that were never heard here are new but once each: when a
// flood has shown all of them, what a peer sends now is newer than any.
func TestRecordedAdvertsAreNewOnce(t *testing.T) {
	d := guarded(t, time.Second)
	h := allHooks(d)[0]
	for i := range uint64(1000) {
		h.run(t, ipv4(variant(carp.Advert{Advbase: 1, Counter: 1000 + i})))
	}
	if p := packets(t, d, 1); p[carp.Limited] == 0 {
		t.Error("no limit")
	}
	for i := range uint64(1000) {
		h.run(t, ipv4(variant(carp.Advert{Advbase: 1, Counter: 1000 + i})))
	}
	time.Sleep(70 * time.Millisecond) // 34 tokens come in that time.
	see(t, d, h, "a newer one", ipv4(variant(carp.Advert{Advbase: 1, Counter: 1 << 40})), genuine)
}

// Forged adverts are told of once a second.
func TestForgedIsToldOnce(t *testing.T) {
	d := guarded(t, time.Second)
	for _, h := range allHooks(d) {
		for i := range 5 {
			h.run(t, ipv4(flipped(variant(carp.Advert{Advbase: 1, Counter: 5}), 16+i)))
		}
	}
	got := events(t, d)
	if len(got) != 1 || got[0].Kind != Forged || got[0].Slot != 1 || got[0].Src.String() != "192.0.2.11" || len(got[0].Payload) != 36 {
		t.Errorf("events %+v", got)
	}
}

// Frames of any shape are judged alike: options, tags, what follows the 36 bytes.
// An advert behind other IPv6 extension headers than a fragment's is not looked at.
func TestShapesOfGuardedAdverts(t *testing.T) {
	d := load(t, Options{})
	keyed(t, d, 1, states("192.0.2.1"))
	slot := addGroup(t, d, Group{Ifindex: loopback, VLAN: 5, Inner: 7, VHID: 1, Addresses: addrs("192.0.2.1")})
	setKeys(t, d, slot, states("192.0.2.1"))
	good := variant(carp.Advert{Advbase: 1, Counter: 5})
	bad := flipped(good, 35)
	twoTags := func(f []byte) []byte { return tagged(f, [2]uint16{0x88a8, 5}, [2]uint16{0x8100, 7}) }
	for _, h := range allHooks(d) {
		forget(t, d, 1)
		forget(t, d, slot)
		see(t, d, h, "options", withOptions(ipv4(good)), genuine)
		see(t, d, h, "options, forged", withOptions(ipv4(bad)), forged)
		see(t, d, h, "two tags", twoTags(ipv4(good)), result{"pass", "[2 ok]"})
		see(t, d, h, "two tags, forged", twoTags(ipv4(bad)), result{"drop", "[2 bad digest]"})
		for n := range 8 {
			more := make([]byte, n)
			see(t, d, h, "trailing bytes", ipv4(append(good[:36:36], more...)), genuine)
			see(t, d, h, "trailing bytes, IPv6", ipv6(append(good[:36:36], more...)), genuine)
			see(t, d, h, "padding, forged", append(ipv4(bad), more...), forged)
		}
		for _, next := range []byte{0, 43, 60} { // hop-by-hop, routing, destination options
			behind := ipv6(append([]byte{112, 0, 1, 4, 0, 0, 0, 0}, good...))
			behind[20] = next
			see(t, d, h, "an extension header", behind, result{"pass", ""})
		}
		see(t, d, h, "a fragment", fragment6(good, 112), result{"drop", "[1 fragment]"})
	}
}
