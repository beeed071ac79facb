package test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/lab"
)

// TestUnicastAdvertIsNotRefused: without a socket for protocol 112 the stack
// refuses unicast adverts with an ICMP error, which carpd's socket prevents. A
// router without carpd shows that the error would be seen.
func TestUnicastAdvertIsNotRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, lab.Topology{Routers: 2})
	r1, r2 := s.Routers[0], s.Routers[1]
	c := s.carpd(r1, group{addresses: both})
	c.is("MASTER", masterDown0+2*time.Second)
	advert := carp.Advert{VHID: 1, Advbase: 1}.AppendTo(nil)
	for _, f := range carp.Families {
		s.must(s.sendIP(s.client, r1, f, advert))
		s.must(s.sendIP(s.client, r2, f, advert))
		refused := func(c lab.Control) bool {
			return (c.Type == 3 && c.Code == 2 || c.Type == 4 && c.Code == 1) && c.Src == r2.Address(f)
		}
		if _, err := s.Wire.WaitControl(s.within(3*time.Second), refused); err != nil {
			t.Errorf("%s: a router without carpd does not refuse the advert, so this test sees nothing", f)
		}
	}
	for _, e := range s.Wire.Controls(func(c lab.Control) bool { return c.Port == r1.Name && (c.Type == 3 || c.Type == 4) }) {
		t.Errorf("carpd's host refuses the advert: %+v", e)
	}
}

// sendIP sends a packet of protocol 112 from one node to another.
func (s *site) sendIP(from, to *lab.Node, f carp.Family, payload []byte) error {
	return from.Run(func() error {
		domain, addr := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Addr: to.IPv4.Addr().As4()})
		if f == carp.IPv6 {
			domain, addr = unix.AF_INET6, &unix.SockaddrInet6{Addr: to.IPv6.Addr().As16()}
		}
		fd, err := unix.Socket(domain, unix.SOCK_RAW|unix.SOCK_CLOEXEC, carp.Protocol)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Sendto(fd, payload, 0, addr)
	})
}
