package dataplane

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/carp"
)

// states are the keys of vhid 1 for lists of addresses, each of one.
func states(lists ...string) (keys []carp.Midstate) {
	for _, list := range lists {
		keys = append(keys, carp.NewKey(testSecret, 1, addrs(strings.Fields(list)...)).Midstates()...)
	}
	return keys
}

// signedFor is an advert of vhid 1 for a list of IPv4 addresses.
func signedFor(counter uint64, list string) []byte {
	return signed(testSecret, message(1, nil, addrs(strings.Fields(list)...)), carp.Advert{VHID: 1, Advbase: 1, Counter: counter})
}

// secrets are the rows of the map of keys.
func secrets(t testing.TB, d *Dataplane) (ids []bpfCarpKeyId) {
	t.Helper()
	if err := eachRow(d.objs.CarpSecret, func(key, _ []byte) error {
		var id bpfCarpKeyId
		err := decodeRow(key, &id)
		ids = append(ids, id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return ids
}

// Several keys are accepted at once: while the addresses of a group are changed,
// those before and after.
func TestSeveralKeys(t *testing.T) {
	d := load(t, Options{})
	keyed(t, d, 1, states("192.0.2.1"))
	before, after := signedFor(1, "192.0.2.1"), signedFor(1, "192.0.2.1 192.0.2.2")
	judgeBoth(t, d, 1, before, genuine)
	judgeBoth(t, d, 1, after, forged)
	setKeys(t, d, 1, states("192.0.2.1 192.0.2.2", "192.0.2.1"))
	judgeBoth(t, d, 1, before, genuine)
	judgeBoth(t, d, 1, after, genuine)
	setKeys(t, d, 1, states("192.0.2.1 192.0.2.2"))
	judgeBoth(t, d, 1, before, forged)
	judgeBoth(t, d, 1, after, genuine)
}

// The kernel takes 16 keys, and leaves all digests to carpd when there are more.
func TestMoreKeysThanRoom(t *testing.T) {
	var lists []string
	for i := range 17 {
		lists = append(lists, netip.AddrFrom4([4]byte{192, 0, 2, byte(100 + i)}).String())
	}
	d := load(t, Options{})
	keyed(t, d, 1, states(lists[:16]...))
	judgeBoth(t, d, 1, signedFor(1, lists[15]), genuine)
	judgeBoth(t, d, 1, signedFor(1, lists[16]), forged)
	setKeys(t, d, 1, states(lists...))
	judgeBoth(t, d, 1, signedFor(1, lists[16]), genuine)
	judgeBoth(t, d, 1, signedFor(1, "192.0.2.99"), genuine)
	if n := len(secrets(t, d)); n != 0 {
		t.Errorf("%d keys left", n)
	}
}

// A digest that cannot be judged is carpd's, never dropped, never limited and
// never remembered: there are no keys yet, or one of them is not to be found.
func TestWithoutKeysAllGoesToCarpd(t *testing.T) {
	d := load(t, Options{})
	keyed(t, d, 1, nil)
	d.SetInterval(1, carp.Interval(1, 0))
	for range 30 {
		judgeBoth(t, d, 1, signedFor(1, "192.0.2.77"), genuine)
	}
	setKeys(t, d, 1, states("192.0.2.1", "192.0.2.2"))
	ids := secrets(t, d)
	slices.SortFunc(ids, func(a, b bpfCarpKeyId) int { return int(a.Index) - int(b.Index) })
	if len(ids) != 2 {
		t.Fatalf("keys %v", ids)
	}
	if err := d.objs.CarpSecret.Delete(ids[1]); err != nil {
		t.Fatal(err)
	}
	for range 30 {
		judgeBoth(t, d, 1, signedFor(1, "192.0.2.77"), genuine)
	}
}

// No key outlives its use: those of a former version go, and all go with the group.
func TestKeysGoWithTheirGroup(t *testing.T) {
	d := load(t, Options{})
	slot := keyed(t, d, 1, states("192.0.2.1", "192.0.2.2", "192.0.2.3"))
	keyed(t, d, 2, states("192.0.2.1"))
	if n := len(secrets(t, d)); n != 4 {
		t.Errorf("%d keys of two groups, want 4", n)
	}
	setKeys(t, d, slot, states("192.0.2.1", "192.0.2.2"))
	if n := len(secrets(t, d)); n != 3 {
		t.Errorf("%d keys after a change, want 3", n)
	}
	if err := d.RemoveGroup(slot); err != nil {
		t.Fatal(err)
	}
	if ids := secrets(t, d); len(ids) != 1 || ids[0].Slot != 2 {
		t.Errorf("keys %v", ids)
	}
	if err := d.SetKeys(slot, states("192.0.2.1")); err == nil {
		t.Error("keys for a slot without a group")
	}
}

// Keys that a carpd was writing when it was killed go with the next change.
func TestKeysOfAKilledCarpdGo(t *testing.T) {
	d := load(t, Options{})
	slot := keyed(t, d, 1, states("192.0.2.1"))
	lists := states("192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5")
	if err := d.putKeys(slot, d.keys[slot].Version+1, lists); err != nil {
		t.Fatal(err)
	}
	setKeys(t, d, slot, states("192.0.2.1", "192.0.2.9"))
	if ids := secrets(t, d); len(ids) != 2 {
		t.Errorf("keys %v", ids)
	}
}

// A slot that is used again knows nothing of its last group.
func TestAnotherGroupInTheSlot(t *testing.T) {
	d := load(t, Options{})
	slow := variant(carp.Advert{Advbase: 255, Counter: 6})
	slot := keyed(t, d, 1, states("192.0.2.1"))
	d.SetInterval(slot, carp.Interval(255, 0))
	d.Sent(slot, 5)
	judgeBoth(t, d, slot, signedFor(5, "192.0.2.1"), ownEcho)
	h := allHooks(d)[0]
	see(t, d, h, "the last group's", ipv4(slow), genuine)
	see(t, d, h, "and again", ipv4(slow), duplicate)
	d.slots.free = nil
	if err := d.RemoveGroup(slot); err != nil {
		t.Fatal(err)
	}
	if again := keyed(t, d, 1, nil); again != slot {
		t.Fatalf("slot %d", again)
	}
	judgeBoth(t, d, slot, signedFor(5, "192.0.2.9"), genuine)
	setKeys(t, d, slot, states("192.0.2.1"))
	d.SetInterval(slot, carp.Interval(255, 0))
	see(t, d, h, "what the last group has heard", ipv4(slow), genuine)
	d.SetInterval(slot, 0)
	judgeBoth(t, d, slot, signedFor(5, "192.0.2.1"), genuine)
}

// While keys change all the time, no advert that is accepted before and after
// each change is ever refused.
func TestNoAdvertMeetsHalfOfAChange(t *testing.T) {
	d := load(t, Options{})
	a, b, c := states("192.0.2.1"), states("192.0.2.2"), states("192.0.2.3")
	keyed(t, d, 1, b)
	stop, done := make(chan struct{}), make(chan error)
	go func() {
		sets := [][]carp.Midstate{slices.Concat(a, b), slices.Concat(b, c), slices.Concat(a, c, b), b}
		for i := 0; ; i++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := d.SetKeys(1, sets[i%len(sets)]); err != nil {
				done <- err
				return
			}
		}
	}()
	frame := ipv4(signedFor(9, "192.0.2.2"))
	var p Packets
	for range 40 {
		if _, _, err := d.objs.CarpRx.Benchmark(frame, 10_000, nil); err != nil {
			t.Fatal(err)
		}
		events(t, d)
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	p = packets(t, d, 1)
	if p[carp.BadDigest] != 0 || p[carp.OK]+p[carp.Limited]+p[carp.RingFull] != 400_000 {
		t.Errorf("%d refused; %d ok, %d limited, %d with a full ring", p[carp.BadDigest], p[carp.OK], p[carp.Limited], p[carp.RingFull])
	}
	if v := d.keys[1].Version; v < 100 {
		t.Errorf("only %d changes", v)
	}
}

// The map of keys is for root alone, in a directory of its own, and no error
// tells of a key.
func TestKeysAreHidden(t *testing.T) {
	o := Options{Instance: instanceName()}
	d := load(t, o)
	keyed(t, d, 1, states("192.0.2.1"))
	files := pinned(t, o.Instance)
	if f := files["secret/carp_secret"]; f == nil || f.Mode().Perm() != 0o600 {
		t.Errorf("the pin: %v", f)
	}
	if f := files["secret"]; f == nil || f.Mode().Perm() != 0o700 {
		t.Errorf("its directory: %v", f)
	}
	if got := fmt.Sprintf("%v %+v %x", states("192.0.2.1"), states("192.0.2.1")[0], states("192.0.2.1")); got != "[***] *** [***]" {
		t.Error(got)
	}
}
