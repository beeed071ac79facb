package config

import (
	"fmt"
	"net/netip"
)

// finish checks what concerns several groups and takes the groups over.
func (l *loader) finish(f *fileDraft) {
	l.sameVHID(f.drafts)
	l.sameAddress(f.drafts)
	for _, d := range f.drafts {
		f.Groups = append(f.Groups, d.Group)
	}
}

// sameVHID refuses a VHID that is on a carpdev twice. Two groups on auto with
// one VHID could not be told apart by name, wherever they end up.
func (l *loader) sameVHID(drafts []*draft) {
	first := map[string]int{}
	for _, d := range drafts {
		if d.VHID == 0 || d.seen.spoiled("vhid") || !d.seen["carpdev"].ok {
			continue
		}
		if line, twice := first[d.Name()]; twice {
			l.wrong(d.vhidAt, fmt.Sprintf("vhid %d is on carpdev %s already, by line %d", d.VHID, d.Carpdev, line),
				"each vhid once on a carpdev")
			continue
		}
		first[d.Name()] = d.vhidAt.line
	}
}

// owner is who has an address: everybody, or one carpdev when the address is
// link-local, because those repeat on every link.
type owner struct {
	addr    netip.Addr
	carpdev string
}

// owns is the owner of an address of a group. Two groups on auto are on
// different links unless the machine says otherwise.
func owns(d *draft, index int, a netip.Addr) owner {
	switch {
	case !a.IsLinkLocalUnicast():
		return owner{addr: a}
	case d.Carpdev == Auto || !d.seen["carpdev"].ok:
		return owner{a, fmt.Sprintf("%s %d", Auto, index)}
	}
	return owner{a, d.Carpdev}
}

// sameAddress refuses an address that is there twice, but for the nodes of one
// entry, which share theirs.
func (l *loader) sameAddress(drafts []*draft) {
	first := map[owner]int{}
	for i, d := range drafts {
		if d.fellow {
			continue
		}
		for j, a := range addressesOf(d.Addresses) {
			o := owns(d, i, a)
			if line, twice := first[o]; twice {
				l.wrong(d.addrs[j], fmt.Sprintf("address %s is there already, on line %d", a, line), "each address once")
				continue
			}
			first[o] = d.addrs[j].line
		}
	}
}
