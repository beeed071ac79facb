package dataplane

import (
	"errors"
	"fmt"
	"slices"

	"github.com/carpd/carpd/internal/carp"
)

// segment is where groups can share addresses.
type segment struct {
	ifindex     int
	vlan, inner uint16
}

func segmentOf(g Group) segment { return segment{g.Ifindex, g.VLAN, g.Inner} }

// shareKey tells shares apart: groups with the same one have the same addresses,
// but for the moment in which they are changed one after the other.
type shareKey struct {
	segment
	balancing carp.Balancing
	nodes     string // VHIDs as bytes
}

func shareKeyOf(g Group) shareKey {
	nodes := make([]byte, len(g.Nodes))
	for i, v := range g.Nodes {
		nodes[i] = byte(v)
	}
	return shareKey{segmentOf(g), g.Balancing, string(nodes)}
}

// share is a row of carp_shares and the groups that mean it. The slot of each of
// its nodes is that of the group with this VHID at the same place, whichever
// share that means at the moment: so a changed list of nodes, told to one group
// after the other, leaves none of them out.
type share struct {
	id      uint32
	key     shareKey
	members map[Slot]Group
	row     bpfCarpShare
}

// nodes are the VHIDs of the share, ascending.
func (s *share) nodes() []byte { return []byte(s.key.nodes) }

// owner is what the rows say that the groups have in common: they belong to the
// first node.
func (s *share) owner() bpfCarpOwner {
	first := carp.VHID(s.key.nodes[0])
	return bpfCarpOwner{
		Slot: s.row.Slots[0], Vhid: uint8(first), Mac: s.key.balancing.MAC(first),
		Balancing: bpfCarpBalancing(s.key.balancing), Share: s.id,
	}
}

// shares are all shares, and where the groups are that can be nodes of one.
type shares struct {
	byKey map[shareKey]*share
	byID  map[uint32]*share
	seats map[segment]map[carp.VHID]Slot
	last  uint32 // the id given last
}

func newShares() shares {
	return shares{byKey: map[shareKey]*share{}, byID: map[uint32]*share{}, seats: map[segment]map[carp.VHID]Slot{}}
}

// adopt takes over what the last carpd knew of a group's share.
func (ss *shares) adopt(id uint32, n *group, row bpfCarpShare) {
	s := ss.byKey[shareKeyOf(n.Group)]
	if s == nil {
		s = ss.open(id, shareKeyOf(n.Group))
		s.row = row
	}
	ss.sit(n.slot, n.Group, s)
}

// vhidsOf are the nodes of a row.
func vhidsOf(row bpfCarpShare) (nodes []carp.VHID) {
	for _, v := range row.Vhids[:min(int(row.Count), len(row.Vhids))] {
		nodes = append(nodes, carp.VHID(v))
	}
	return nodes
}

// checkNodes refuses lists of nodes that the kernel side could not use.
func checkNodes(g Group) error {
	switch most := len(bpfCarpShare{}.Slots); {
	case g.Balancing == carp.BalanceNone:
		return nil
	case g.Physical:
		return errors.New("shared addresses need virtual MACs")
	case len(g.Nodes) > most:
		return fmt.Errorf("%d nodes share an address, at most %d can", len(g.Nodes), most)
	case !slices.Contains(g.Nodes, g.VHID):
		return fmt.Errorf("vhid %d is no node of its own share", g.VHID)
	case !slices.IsSorted(g.Nodes) || len(slices.Compact(slices.Clone(g.Nodes))) != len(g.Nodes):
		return errors.New("the nodes of a share are not in ascending order")
	}
	return nil
}

// joinShare makes a group a node of its share, if it has one, and of all others
// that name it. The row of the share is there before any row points to it.
func (d *Dataplane) joinShare(slot Slot, g Group) error {
	if g.Balancing == carp.BalanceNone {
		return nil
	}
	s := d.shares.byKey[shareKeyOf(g)]
	if s == nil {
		d.shares.last++
		s = d.shares.open(d.shares.last, shareKeyOf(g))
	}
	d.shares.sit(slot, g, s)
	return d.showShares(s.key.segment, g.VHID)
}

// open begins a share.
func (ss *shares) open(id uint32, key shareKey) *share {
	s := &share{id: id, key: key, members: map[Slot]Group{}}
	ss.byKey[key], ss.byID[id] = s, s
	return s
}

// sit notes where a group is.
func (ss *shares) sit(slot Slot, g Group, s *share) {
	if ss.seats[s.key.segment] == nil {
		ss.seats[s.key.segment] = map[carp.VHID]Slot{}
	}
	ss.seats[s.key.segment][g.VHID] = slot
	s.members[slot] = g
}

// leaveShare undoes joinShare, as far as the group does not stay by what it is
// now.
func (d *Dataplane) leaveShare(slot Slot, g, now Group) error {
	if g.Balancing == carp.BalanceNone {
		return nil
	}
	p, key := segmentOf(g), shareKeyOf(g)
	stays := now.Balancing != carp.BalanceNone && segmentOf(now) == p
	if !stays && d.shares.seats[p][g.VHID] == slot {
		delete(d.shares.seats[p], g.VHID)
	}
	var errs []error
	if s := d.shares.byKey[key]; s != nil && (!stays || shareKeyOf(now) != key) {
		if delete(s.members, slot); len(s.members) == 0 {
			delete(d.shares.byKey, key)
			delete(d.shares.byID, s.id)
			errs = append(errs, ignoreMissing(d.objs.CarpShares.Delete(s.id)))
		}
	}
	return errors.Join(append(errs, d.showShares(p, g.VHID))...)
}

// showShares writes the rows of all shares at a place that name a VHID, and what
// is written of their first nodes.
func (d *Dataplane) showShares(p segment, v carp.VHID) error {
	var errs []error
	for _, s := range d.shares.byKey {
		if s.key.segment == p && slices.Contains(s.nodes(), byte(v)) {
			errs = append(errs, d.showShare(s))
		}
	}
	return errors.Join(errs...)
}

func (d *Dataplane) showShare(s *share) error {
	row := bpfCarpShare{Count: uint32(len(s.nodes())), Balancing: bpfCarpBalancing(s.key.balancing)}
	for i, v := range s.nodes() {
		row.Vhids[i] = v
		row.Slots[i] = uint32(d.shares.seats[s.key.segment][carp.VHID(v)])
	}
	if row == s.row {
		return nil
	}
	if err := d.objs.CarpShares.Put(s.id, row); err != nil {
		return fmt.Errorf("write the share of vhids %v: %w", s.nodes(), err)
	}
	s.row = row
	var errs []error
	for _, g := range s.members {
		for _, e := range d.entriesOf(g) {
			errs = append(errs, d.rows.write(e))
		}
	}
	return errors.Join(errs...)
}
