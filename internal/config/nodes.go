package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/carpd/carpd/internal/carp"
)

// node is one of the groups that an entry with carpnodes stands for.
type node struct {
	vhid    carp.VHID
	advskew uint8
	at      place
}

// Bounds of carpnodes: one alone would share nothing, and the kernel side has
// room for OpenBSD's 32.
const (
	minNodes = 2
	maxNodes = 32
)

const allowedNodes = `a list of 2 to 32 nodes, each a text of its vhid, a colon and its advskew, such as ["1:0", "2:100"]`

// balancings are the words for carp.Balancing.
var balancings = []string{"none", "arp", "ip", "ip-stealth", "ip-unicast"}

// balancing reads how addresses are shared.
func (v value) balancing(into *carp.Balancing) bool {
	var s string
	ok := v.choice(&s, balancings...)
	*into = carp.Balancing(max(0, slices.Index(balancings, s)))
	return ok
}

// nodeText is how OpenBSD's ifconfig writes a node.
var nodeText = regexp.MustCompile(`^(0|[1-9][0-9]{0,2}):(0|[1-9][0-9]{0,2})$`)

// carpnode reads vhid:advskew.
func (v value) carpnode() (n node, ok bool) {
	s, _ := v.text()
	m := nodeText.FindStringSubmatch(s)
	if m == nil {
		return n, v.refuse()
	}
	vhid, _ := strconv.Atoi(m[1])
	advskew, _ := strconv.Atoi(m[2])
	if vhid < 1 || vhid > 255 || advskew >= carp.BowOut {
		v.l.wrong(v.at, "the node is "+quote(s), "a vhid from 1 to 255 and an advskew from 0 to 254")
		return n, false
	}
	return node{carp.VHID(vhid), uint8(advskew), v.at}, true
}

// readNodes reads carpnodes, each with its place.
func readNodes(v value, d *draft) bool {
	entries, ok := v.list("the node")
	for _, e := range entries {
		n, good := e.carpnode()
		if ok = ok && good; !good {
			continue
		}
		if slices.ContainsFunc(d.nodes, func(o node) bool { return o.vhid == n.vhid }) {
			v.l.wrong(e.at, fmt.Sprintf("vhid %d is a node already", n.vhid), "each vhid once")
			ok = false
			continue
		}
		d.nodes = append(d.nodes, n)
	}
	if ok && (len(entries) < minNodes || len(entries) > maxNodes) {
		v.l.wrong(v.at, fmt.Sprintf("carpnodes has %d entries", len(entries)), v.allowed)
		return false
	}
	return ok
}

// balance checks the keys that share addresses, which need each other.
func (l *loader) balance(d *draft) {
	shared, balanced := d.seen["carpnodes"], d.seen["balancing"]
	_, hasNodes := d.seen["carpnodes"]
	switch {
	case d.seen.spoiled("balancing") || d.seen.spoiled("carpnodes"):
		return
	case hasNodes && d.Balancing == carp.BalanceNone:
		l.wrong(shared.at, "carpnodes without balancing", "balancing: arp, ip, ip-stealth or ip-unicast beside it")
	case !hasNodes && d.Balancing != carp.BalanceNone:
		l.wrong(balanced.at, fmt.Sprintf("balancing is %v without carpnodes", d.Balancing), `carpnodes beside it, such as ["1:0", "2:100"]`)
	}
	if !hasNodes {
		return
	}
	for _, name := range []string{"vhid", "advskew"} {
		if k, there := d.seen[name]; there {
			l.wrong(k.at, name+" beside carpnodes", "the "+name+" of each node in carpnodes")
		}
	}
	if d.Physical {
		l.wrong(d.seen["mac"].at, "mac is physical with balancing", "mac: virtual: addresses are shared by their virtual MACs")
	}
	if !d.Preempt {
		l.warn(shared.at, "without preempt: true a share that has moved to another node does not come back")
	}
}

// expand makes a group of each node of an entry; they share its addresses. These
// are never announced, which would teach everybody the MAC of one node.
func (d *draft) expand() []*draft {
	if len(d.nodes) == 0 {
		return []*draft{d}
	}
	var vhids []carp.VHID
	for _, n := range d.nodes {
		vhids = append(vhids, n.vhid)
	}
	slices.Sort(vhids)
	var out []*draft
	for i, n := range d.nodes {
		g := *d
		g.VHID, g.Advskew, g.Nodes, g.AnnounceEvery = n.vhid, n.advskew, vhids, 0
		g.vhidAt, g.fellow = n.at, i > 0
		out = append(out, &g)
	}
	return out
}

// slowest is the largest advskew of an entry, which has the longest interval.
func (d *draft) slowest() uint8 {
	skew := d.Advskew
	for _, n := range d.nodes {
		skew = max(skew, n.advskew)
	}
	return skew
}
