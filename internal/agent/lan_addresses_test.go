package agent

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/iface"
)

// Addresses.

func (n *node) AddAddress(_ int, addr netip.Addr) (bool, error) {
	n.mu.Lock()
	slow := n.slow
	n.mu.Unlock()
	time.Sleep(slow)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.faulty != nil {
		return false, n.faulty
	}
	n.present[addr] = true
	if n.operators[addr] {
		return false, nil
	}
	n.do("add %s", addr)
	return true, nil
}

func (n *node) DelAddress(_ int, addr netip.Addr) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.present[addr] {
		return errors.New("no such address")
	}
	delete(n.present, addr)
	if !n.operators[addr] {
		n.do("del %s", addr)
	}
	return nil
}

func (n *node) SweepAddresses(claimed map[int][]iface.Claim) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for addr := range n.present {
		if !n.operators[addr] && !slices.ContainsFunc(claimed[eth0], func(c iface.Claim) bool { return c.Addr() == addr }) {
			delete(n.present, addr)
			n.do("del %s", addr)
		}
	}
	return nil
}

func (n *node) SweepFilters(map[int][]carp.MAC) error { return nil }

func (n *node) AddPrefixRoute(_ int, p netip.Prefix) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.routes[p] = true
	return nil
}

func (n *node) DelPrefixRoute(_ int, p netip.Prefix) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.routes, p)
	return nil
}

func (n *node) AddFilter(int, carp.MAC) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.faulty
}

func (n *node) AddEntry(_ int, mac carp.MAC) error {
	if n.kind == "bridge" {
		time.Sleep(n.slow)
	}
	n.locked("enter %v", mac)
	return nil
}

func (n *node) DelFilter(_ int, mac carp.MAC) error {
	if n.kind == "bridge" {
		n.locked("remove %v", mac)
	}
	return nil
}
