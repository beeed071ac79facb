package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/rs/zerolog"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

var (
	hereMAC  = carp.MAC{2, 0, 0, 0, 0, 0x11}
	thereMAC = carp.MAC{2, 0, 0, 0, 0, 0x12}
	here4    = netip.MustParseAddr("192.0.2.11")
	there4   = netip.MustParseAddr("192.0.2.12")
	here6    = netip.MustParseAddr("2001:db8::11")
	there6   = netip.MustParseAddr("2001:db8::12")
)

// hosts are two network namespaces with a veth pair between them: carp0 here
// and peer0 there. The test's thread is in the first one.
type hosts struct {
	t           *testing.T
	here, there netns.NsHandle
	carp0       int // ifindex
	peer0       int
	// robustness is how many times the kernel reports one change of a group.
	robustness [len(carp.Families)]int
}

func newHosts(t *testing.T) *hosts {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_NET_ADMIN: network namespaces")
	}
	runtime.LockOSThread()
	home := must(netns.Get())(t)
	mld := must(os.ReadFile("/proc/sys/net/ipv6/mld_qrv"))(t) // Not in a namespace: it is the host's.
	h := &hosts{t: t, there: must(netns.New())(t), here: must(netns.New())(t)}
	h.robustness = [2]int{1, must(strconv.Atoi(strings.TrimSpace(string(mld))))(t)}
	t.Cleanup(func() {
		must(0, netns.Set(home))(t)
		h.here.Close()
		h.there.Close()
		home.Close()
		runtime.UnlockOSThread()
	})
	h.run(fmt.Sprintf("ip link add carp0 type veth peer name peer0 netns /proc/%d/fd/%d", os.Getpid(), int(h.there)))
	h.setup("carp0", hereMAC, here4, here6, there4, there6, thereMAC)
	h.carp0 = index(t, "carp0")
	h.over(func() {
		h.setup("peer0", thereMAC, there4, there6, here4, here6, hereMAC)
		h.peer0 = index(t, "peer0")
	})
	h.carrier()
	h.reachable()
	return h
}

// setup brings up one end, with the other end as permanent neighbour, and with
// nothing that makes a kernel wait or count.
func (h *hosts) setup(name string, mac carp.MAC, a4, a6, n4, n6 netip.Addr, nmac carp.MAC) {
	h.sysctl("net/ipv6/conf/default/accept_dad", "0")
	h.sysctl("net/ipv6/conf/"+name+"/accept_dad", "0")
	h.sysctl("net/ipv4/icmp_ratelimit", "0")
	h.sysctl("net/ipv6/icmp/ratelimit", "0")
	h.sysctl("net/ipv4/igmp_qrv", "1") // See robustness.
	h.sysctl("net/ipv6/conf/"+name+"/mldv2_unsolicited_report_interval", "1")
	h.sysctl("net/ipv6/conf/"+name+"/addr_gen_mode", "1") // No link-local address: it reports its groups.
	h.run(fmt.Sprintf("ip link set %s address %v", name, mac))
	h.run(fmt.Sprintf("ip link set %s up", name))
	h.run(fmt.Sprintf("ip addr add %v/24 dev %s", a4, name))
	h.run(fmt.Sprintf("ip addr add %v/64 dev %s nodad", a6, name))
	h.run(fmt.Sprintf("ip neigh replace %v lladdr %v dev %s nud permanent", n4, nmac, name))
	h.run(fmt.Sprintf("ip neigh replace %v lladdr %v dev %s nud permanent", n6, nmac, name))
}

// over runs f in the other namespace.
func (h *hosts) over(f func()) {
	h.t.Helper()
	must(0, netns.Set(h.there))(h.t)
	defer func() { must(0, netns.Set(h.here))(h.t) }()
	f()
}

// run runs a command in the current namespace and returns what it said.
func (h *hosts) run(command string) string {
	h.t.Helper()
	words := strings.Fields(command)
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("%s: %v: %s", command, err, out)
	}
	return string(out)
}

func (h *hosts) sysctl(name, value string) {
	h.t.Helper()
	must(0, os.WriteFile("/proc/sys/"+name, []byte(value), 0))(h.t)
}

// bounce takes away the carrier of carp0 and brings it back.
func (h *hosts) bounce() {
	h.t.Helper()
	h.over(func() {
		h.run("ip link set peer0 down")
		h.run("ip link set peer0 up")
	})
	h.carrier()
}

// carrier waits until both ends know that they have a carrier. What is sent
// before that is lost without an error.
func (h *hosts) carrier() {
	h.t.Helper()
	h.await("ip -o link show dev carp0", "state UP")
	h.over(func() { h.await("ip -o link show dev peer0", "state UP") })
}

// reachable waits until the IPv6 addresses are taken for local ones, which the
// kernel does in the background.
func (h *hosts) reachable() {
	h.t.Helper()
	h.await("ip -6 route show table local dev carp0", here6.String())
	h.over(func() { h.await("ip -6 route show table local dev peer0", there6.String()) })
}

// await repeats a command until it says a word.
func (h *hosts) await(command, word string) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if strings.Contains(h.run(command), word) {
			return
		}
	}
	h.t.Fatalf("%s never says %q", command, word)
}

// open opens a Conn in the current namespace.
func (h *hosts) open() *Conn {
	h.t.Helper()
	c := must(Open(zerolog.Nop()))(h.t)
	h.t.Cleanup(func() { c.Close() })
	return c
}

// must fails the test on an error.
func must[V any](v V, err error) func(*testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func index(t *testing.T, name string) int {
	t.Helper()
	return must(net.InterfaceByName(name))(t).Index
}

// tap hears everything that arrives on an interface.
type tap struct {
	t  *testing.T
	fd int
}

// tap opens a tap on an interface of the current namespace.
func (h *hosts) tap(ifindex int) *tap {
	h.t.Helper()
	all := uint16(unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8&0xff)
	fd := must(unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0))(h.t)
	h.t.Cleanup(func() { unix.Close(fd) })
	must(0, unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1))(h.t)
	must(0, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: int64(patience / time.Second)}))(h.t)
	must(0, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: ifindex}))(h.t)
	return &tap{h.t, fd}
}

// until waits for a frame that fits and returns all up to and including it.
func (t *tap) until(what string, fits func(gopacket.Packet) bool) []gopacket.Packet {
	t.t.Helper()
	var seen []gopacket.Packet
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		var b [2048]byte
		n, _, err := unix.Recvfrom(t.fd, b[:], 0)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENETDOWN) {
			continue
		}
		if err != nil {
			break
		}
		p := gopacket.NewPacket(b[:n], layers.LayerTypeEthernet, gopacket.Default)
		seen = append(seen, p)
		if fits(p) {
			return seen
		}
	}
	t.t.Fatalf("no %s among %d frames: %v", what, len(seen), seen)
	return nil
}

// oneCPU keeps this thread on one CPU, and with it the packets that it sends
// over a veth pair and their answers: so they arrive in the order of sending.
func oneCPU(t *testing.T) {
	t.Helper()
	var before, one unix.CPUSet
	must(0, unix.SchedGetaffinity(0, &before))(t)
	cpu := 0
	for !before.IsSet(cpu) {
		cpu++
	}
	one.Set(cpu)
	must(0, unix.SchedSetaffinity(0, &one))(t)
	t.Cleanup(func() { _ = unix.SchedSetaffinity(0, &before) })
}

// ping sends an echo request from there to here. Its reply marks a place in
// what arrives there: all that was caused before it came before it.
func (h *hosts) ping(from *Conn, f carp.Family) {
	h.t.Helper()
	eth := &layers.Ethernet{SrcMAC: thereMAC[:], DstMAC: hereMAC[:], EthernetType: layers.EthernetTypeIPv4}
	ip4 := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolICMPv4, SrcIP: there4.AsSlice(), DstIP: here4.AsSlice()}
	parts := []gopacket.SerializableLayer{eth, ip4, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 1}}
	if f == carp.IPv6 {
		ip6 := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolICMPv6, SrcIP: there6.AsSlice(), DstIP: here6.AsSlice()}
		icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(128, 0)}
		must(0, icmp.SetNetworkLayerForChecksum(ip6))(h.t)
		eth.EthernetType = layers.EthernetTypeIPv6
		parts = []gopacket.SerializableLayer{eth, ip6, icmp, &layers.ICMPv6Echo{Identifier: 1}}
	}
	buf := gopacket.NewSerializeBuffer()
	must(0, gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, parts...))(h.t)
	must(0, from.transmit(h.peer0, buf.Bytes()))(h.t)
}

// isEchoReply fits the answer to ping.
func isEchoReply(p gopacket.Packet) bool {
	if l, ok := p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
		return l.TypeCode.Type() == layers.ICMPv4TypeEchoReply
	}
	if l, ok := p.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6); ok {
		return l.TypeCode.Type() == layers.ICMPv6TypeEchoReply
	}
	return false
}
