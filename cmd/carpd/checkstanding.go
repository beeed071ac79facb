package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/ledger"
)

// standingAddress is an address of a group that an interface has already, and
// that no carpd has put there.
type standingAddress struct {
	Group     string `json:"group"`
	Address   string `json:"address"`
	Interface string `json:"interface"`
	line      int
}

// standing is all of them, and what keeps the kernel from answering for them as
// long as no carpd does.
type standing struct {
	found   []standingAddress
	rules   iface.BootRules
	unknown error // why nobody can say which addresses are carpd's
}

// ledgerPath is where an instance writes down what it adds.
func ledgerPath(instance string) string {
	return filepath.Join(control.RunDir, instance, "added.json")
}

// addedBy is what a carpd of this name has added, now or before a crash.
func addedBy(instance string) ([]ledger.Entry, error) {
	path := ledgerPath(instance)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil // Opening it would make its directory.
	}
	l, err := ledger.Open(path)
	if err != nil {
		return nil, err
	}
	return l.Entries(), nil
}

// standingAddresses looks for the addresses of all groups.
func standingAddresses(cfg *config.Config, s iface.System, ours []ledger.Entry) (out standing) {
	where := s.Where()
	for _, g := range cfg.Groups {
		dev, err := carpdev(g, s)
		if err != nil {
			continue // That is told elsewhere.
		}
		for _, addr := range g.Addrs() {
			out.look(g, dev, addr, where.Answers(dev.Index, addr), s, ours)
		}
	}
	return out
}

// look notes where one address is without carpd; one rule is enough for it.
func (st *standing) look(g config.Group, dev iface.Link, addr netip.Addr, at []int, s iface.System, ours []ledger.Entry) {
	before := len(st.found)
	for _, index := range at {
		if l, there := s.ByIndex(index); there && !has(ours, index, addr) {
			st.found = append(st.found, standingAddress{g.Name(), addr.String(), l.Name, g.Line})
		}
	}
	if len(st.found) > before {
		st.rules.Add(dev.Name, addr)
	}
}

// has reports whether carpd has added an address to an interface.
func has(ours []ledger.Entry, index int, addr netip.Addr) bool {
	for _, e := range ours {
		if e.Kind == ledger.Address && e.Ifindex == index && e.Value == addr.String() {
			return true
		}
	}
	return false
}

// text prints them as warnings, and then the rules.
func (st *standing) text(p printer, file string) {
	if st.unknown != nil {
		p.finding(fmt.Sprintf("%s: warning: addresses that are there already are not looked for: %v", file, st.unknown), yellow)
	}
	for _, a := range st.found {
		p.finding(fmt.Sprintf("%s:%d: %s: warning: %s is on %s already: before carpd runs and after it was stopped the kernel answers for it",
			file, a.line, a.Group, a.Address, a.Interface), yellow)
	}
	if len(st.found) > 0 {
		fmt.Fprintf(p.w, "These rules keep the kernel silent from boot on; carpd's own answers do not pass them.\nLoad them with nft -f before the addresses are configured:\n\n%s\n", st.rules.String())
	}
}
