package iface

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/ledger"
)

var (
	vip4  = netip.MustParseAddr("192.0.2.1")
	vip6  = netip.MustParseAddr("2001:db8::1")
	vhid1 = carp.MAC{0, 0, 0x5e, 0, 1, 1}
	vhid2 = carp.MAC{0, 0, 0x5e, 0, 1, 2}
)

// kept is a Keeper on a fresh ledger, in a namespace with the interface ka0.
type kept struct {
	t     *testing.T
	path  string
	index int
	*Keeper
}

func keeping(t *testing.T) *kept {
	t.Helper()
	host(t)
	k := &kept{t: t, path: filepath.Join(t.TempDir(), "added.json"), index: pair(t, "ka0")}
	k.crash()
	t.Cleanup(func() { k.Close() })
	return k
}

// crash throws the Keeper away and starts another one on the same ledger.
func (k *kept) crash() {
	k.t.Helper()
	if k.Keeper != nil {
		k.Close()
	}
	k.Keeper = must(NewKeeper(must(ledger.Open(k.path))(k.t)))(k.t)
}

// add adds an address and checks whose it is.
func (k *kept) add(addr netip.Addr, ours bool) {
	k.t.Helper()
	if got := must(k.AddAddress(k.index, addr))(k.t); got != ours {
		k.t.Errorf("%v: ours is %v, want %v", addr, got, ours)
	}
}

// listed are what the ledger on disk names, as kind and value.
func (k *kept) listed() []string {
	k.t.Helper()
	list := []string{}
	for _, e := range must(ledger.Open(k.path))(k.t).Entries() {
		list = append(list, string(e.Kind)+" "+e.Value)
	}
	return list
}

// address is one address in the words of ip(8).
type address struct {
	Local             string
	Prefixlen         int
	Scope             string
	NoPrefixRoute     bool
	NoDAD             bool
	Tentative         bool
	Deprecated        bool
	ValidLifeTime     uint32 `json:"valid_life_time"`
	PreferredLifeTime uint32 `json:"preferred_life_time"`
}

const forever = 1<<32 - 1

// addresses are those of ka0 as ip(8) sees them, link-local ones left out.
func (k *kept) addresses() []address {
	k.t.Helper()
	var all []struct {
		Info []address `json:"addr_info"`
	}
	noError(k.t, json.Unmarshal([]byte(run(k.t, "ip -j addr show dev ka0")), &all))
	list := []address{}
	for _, a := range all[0].Info {
		if a.Scope != "link" {
			list = append(list, a)
		}
	}
	return list
}

func same(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// The kernel has the address in the shape that a group address must have, it
// brings no route with it, and goes without leaving anything.
func TestAddress(t *testing.T) {
	k := keeping(t)
	k.add(vip4, true)
	k.add(vip6, true)
	same(t, []address{
		{Local: "192.0.2.1", Prefixlen: 32, Scope: "global", NoPrefixRoute: true, ValidLifeTime: forever, PreferredLifeTime: forever},
		{
			Local: "2001:db8::1", Prefixlen: 128, Scope: "global", NoPrefixRoute: true, NoDAD: true, Deprecated: true,
			ValidLifeTime: forever, PreferredLifeTime: 0,
		},
	}, k.addresses())
	same(t, "", run(t, "ip -4 route show table main")+run(t, "ip -6 route show root 2001:db8::/32 table main"))
	same(t, []string{"address 192.0.2.1", "address 2001:db8::1"}, k.listed())

	k.add(vip4, true) // Ours still.
	noError(t, k.DelAddress(k.index, vip4))
	noError(t, k.DelAddress(k.index, vip4))
	noError(t, k.DelAddress(k.index, vip6))
	same(t, []address{}, k.addresses())
	same(t, []string{}, k.listed())
}

// Other ways to write an address mean the same address.
func TestAddressMapped(t *testing.T) {
	k := keeping(t)
	k.add(netip.MustParseAddr("::ffff:192.0.2.1"), true)
	same(t, []string{"address 192.0.2.1"}, k.listed())
	noError(t, k.DelAddress(k.index, netip.MustParseAddr("::ffff:192.0.2.1")))
	same(t, []address{}, k.addresses())
}

// An address that is present is the operator's, whatever its prefix length.
func TestAddressOfTheOperator(t *testing.T) {
	for _, present := range []string{
		"192.0.2.1/24", "192.0.2.1/32", "192.0.2.1/32 noprefixroute", "192.0.2.1 peer 192.0.2.9",
		"2001:db8::1/64", "2001:db8::1/128", "2001:db8::1/128 noprefixroute preferred_lft 0",
	} {
		t.Run(present, func(t *testing.T) {
			k := keeping(t)
			args := strings.SplitN(present, " ", 2)
			run(t, "ip addr add "+args[0]+" dev ka0 "+strings.Join(args[1:], ""))
			before := k.addresses()
			vip := vip4
			if strings.Contains(present, ":") {
				vip = vip6
			}
			k.add(vip, false)
			same(t, []string{}, k.listed())
			noError(t, k.DelAddress(k.index, vip))
			noError(t, k.UndoAll())
			after := k.addresses()
			if len(after) != 1 || after[0].Local != before[0].Local || after[0].Prefixlen != before[0].Prefixlen {
				t.Errorf("was %+v, is %+v", before, after)
			}
		})
	}
}

// When the operator adds the address with the subnet's length after us, or in
// place of ours, only ours goes.
func TestAddressOperatorComesLater(t *testing.T) {
	k := keeping(t)
	k.add(vip4, true)
	run(t, "ip addr add 192.0.2.1/24 dev ka0")
	k.add(vip4, true)
	noError(t, k.DelAddress(k.index, vip4))
	same(t, 24, k.addresses()[0].Prefixlen)
	same(t, 1, len(k.addresses()))

	run(t, "ip addr flush dev ka0")
	k.add(vip4, true)
	run(t, "ip addr del 192.0.2.1/32 dev ka0")
	run(t, "ip addr add 192.0.2.1/32 dev ka0")
	noError(t, k.UndoAll())
	same(t, 1, len(k.addresses()))
	same(t, []string{}, k.listed())

	run(t, "ip addr flush dev ka0")
	k.add(vip4, true)
	run(t, "ip addr del 192.0.2.1/32 dev ka0")
	run(t, "ip addr add 192.0.2.1/24 dev ka0")
	k.add(vip4, false)
	same(t, []string{}, k.listed())
}

// Nothing is added before it is written down, and not at all when it cannot be.
func TestNotedFirst(t *testing.T) {
	k := keeping(t)
	e := ledger.Entry{Kind: ledger.Address, Ifindex: k.index, Ifname: "ka0", Value: "192.0.2.1"}
	ours, err := k.noted(e, false, func() error {
		same(t, []string{"address 192.0.2.1"}, k.listed())
		return unix.EPERM
	})
	if ours || !errors.Is(err, unix.EPERM) {
		t.Errorf("ours %v, error %v", ours, err)
	}
	same(t, []string{}, k.listed())

	noError(t, os.Mkdir(k.path+".tmp", 0o700)) // The ledger cannot be written.
	for what, err := range map[string]error{
		"address": errOf(k.AddAddress(k.index, vip4)), "filter": k.AddFilter(k.index, vhid1),
		"route": k.AddPrefixRoute(k.index, netip.MustParsePrefix("192.0.2.1/24")),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	same(t, []address{}, k.addresses())
	if strings.Contains(run(t, "bridge fdb show dev ka0"), vhid1.String()) {
		t.Error("filter entry added without ledger")
	}
}

func errOf(_ bool, err error) error { return err }

// What exists and was not noted before is not ours.
func TestNotedExists(t *testing.T) {
	k := keeping(t)
	e := ledger.Entry{Kind: ledger.Filter, Ifindex: k.index, Ifname: "ka0", Value: vhid1.String()}
	exists := func() error { return unix.EEXIST }
	if must(k.noted(e, false, exists))(t) {
		t.Error("ours although it existed before")
	}
	same(t, []string{}, k.listed())
	must(k.noted(e, false, func() error { return nil }))(t)
	if !must(k.noted(e, false, exists))(t) {
		t.Error("not ours although it is in the ledger")
	}
}

// After a crash exactly what was added is taken away.
func TestCrash(t *testing.T) {
	k := keeping(t)
	run(t, "ip addr add 192.0.2.10/24 dev ka0")
	run(t, "ip addr add 192.0.2.2/24 dev ka0")
	run(t, "ip addr add 2001:db8::2/64 dev ka0 nodad")
	run(t, "bridge fdb add 00:00:5e:00:01:02 dev ka0 self")
	before := k.addresses()
	for _, a := range addrs("192.0.2.1", "2001:db8::1") {
		k.add(a, true)
	}
	for _, a := range addrs("192.0.2.2", "2001:db8::2") {
		k.add(a, false)
	}
	noError(t, k.AddPrefixRoute(k.index, netip.MustParsePrefix("192.0.2.1/24"))) // The operator's.
	noError(t, k.AddPrefixRoute(k.index, netip.MustParsePrefix("192.0.2.1/28"))) // Ours.
	noError(t, k.AddFilter(k.index, vhid1))
	noError(t, k.AddFilter(k.index, vhid2))
	same(t, []string{
		"address 192.0.2.1", "address 2001:db8::1", "route 192.0.2.1/28", "filter 00:00:5e:00:01:01",
	}, k.listed())

	k.crash()
	noError(t, k.UndoAll())
	same(t, before, k.addresses())
	fdb := run(t, "bridge fdb show dev ka0")
	if strings.Contains(fdb, vhid1.String()) || !strings.Contains(fdb, vhid2.String()) {
		t.Errorf("filter entries:\n%s", fdb)
	}
	same(t, 1, strings.Count(run(t, "ip -4 route"), "192.0.2.0/"))
	same(t, []string{}, k.listed())
	noError(t, k.UndoAll())
}

// An interface that is gone took our things with it. What another one of its
// name has is the operator's.
func TestCrashAndInterfaceRecreated(t *testing.T) {
	k := keeping(t)
	k.add(vip4, true)
	noError(t, k.AddPrefixRoute(k.index, netip.MustParsePrefix("192.0.2.1/24")))
	noError(t, k.AddFilter(k.index, vhid1))
	run(t, "ip link delete ka0")
	pair(t, "ka0")
	run(t, "ip addr add 192.0.2.1/32 dev ka0 noprefixroute")
	run(t, "bridge fdb add 00:00:5e:00:01:01 dev ka0 self")
	k.crash()
	noError(t, k.UndoAll())
	same(t, []string{}, k.listed())
	same(t, 1, len(k.addresses()))
	if !strings.Contains(run(t, "bridge fdb show dev ka0"), vhid1.String()) {
		t.Error("the operator's filter entry was removed")
	}
}

// A renamed interface is still the one on which we added things.
func TestCrashAndInterfaceRenamed(t *testing.T) {
	k := keeping(t)
	k.add(vip4, true)
	run(t, "ip link set ka0 name kb0")
	k.crash()
	noError(t, k.UndoAll())
	same(t, "", run(t, "ip -4 -o addr show dev kb0"))
}

// IPv6 addresses vanish with the link. They are added again and are still ours.
func TestAddressLostWithTheLink(t *testing.T) {
	k := keeping(t)
	k.add(vip6, true)
	run(t, "ip link set ka0 down")
	same(t, []address{}, k.addresses())
	run(t, "ip link set ka0 up")
	k.add(vip6, true)
	same(t, 1, len(k.addresses()))
	noError(t, k.DelAddress(k.index, vip6))
	same(t, []address{}, k.addresses())
}

// What is wrong has a name, and leaves nothing in the ledger.
func TestKeeperErrors(t *testing.T) {
	k := keeping(t)
	run(t, "sysctl -q -w net.ipv6.conf.ka0.disable_ipv6=1")
	for _, c := range []struct {
		err, want error
	}{
		{errOf(k.AddAddress(k.index, vip6)), ErrNoIPv6},
		{errOf(k.AddAddress(4711, vip4)), ErrGone},
		{k.AddPrefixRoute(4711, netip.MustParsePrefix("192.0.2.1/24")), ErrGone},
		{k.AddFilter(4711, vhid1), ErrGone},
		{k.AddPrefixRoute(k.index, netip.MustParsePrefix("192.0.2.1/24")), unix.EINVAL}, // The address is not there.
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("error %v, want %v", c.err, c.want)
		}
	}
	same(t, []string{}, k.listed())
	noError(t, k.DelAddress(4711, vip4))
	noError(t, k.DelPrefixRoute(4711, netip.MustParsePrefix("192.0.2.1/24")))
	noError(t, k.DelFilter(4711, vhid1))
}

// UndoAll goes on behind what it cannot understand or undo, and keeps that.
func TestUndoGoesOn(t *testing.T) {
	k := keeping(t)
	noError(t, k.ledger.Note(
		ledger.Entry{Kind: ledger.Address, Ifindex: k.index, Ifname: "ka0", Value: "nonsense"},
		ledger.Entry{Kind: ledger.Route, Ifindex: k.index, Ifname: "ka0", Value: "nonsense"},
		ledger.Entry{Kind: ledger.Filter, Ifindex: k.index, Ifname: "ka0", Value: "nonsense"},
		ledger.Entry{Kind: "pin", Ifindex: k.index, Ifname: "ka0", Value: "/sys/fs/bpf/x"},
	))
	k.add(vip4, true)
	err := k.UndoAll()
	if err == nil || strings.Count(err.Error(), `"nonsense" on ka0`) != 3 {
		t.Errorf("error %v", err)
	}
	same(t, []string{"address nonsense", "route nonsense", "filter nonsense", "pin /sys/fs/bpf/x"}, k.listed())
	same(t, []address{}, k.addresses())
}

// First the routes go, then the addresses, and the filter entries last.
func TestUndoOrder(t *testing.T) {
	k := keeping(t)
	noError(t, k.AddFilter(k.index, vhid1))
	k.add(vip4, true)
	noError(t, k.AddPrefixRoute(k.index, netip.MustParsePrefix("192.0.2.1/24")))
	s := must(nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_NEIGH, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV4_ROUTE))(t)
	defer s.Close()
	noError(t, k.UndoAll())
	var order []uint16
	for !slices.Contains(order, unix.RTM_DELNEIGH) {
		msgs, _, err := s.Receive()
		noError(t, err)
		for _, m := range msgs {
			if !slices.Contains(order, m.Header.Type) {
				order = append(order, m.Header.Type)
			}
		}
	}
	same(t, []uint16{unix.RTM_DELROUTE, unix.RTM_DELADDR, unix.RTM_DELNEIGH}, order)
}
