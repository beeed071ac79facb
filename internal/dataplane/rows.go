package dataplane

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
)

// owned are all rows that packets are looked up by, and who wants them. Groups
// that share addresses share rows, and come and go in any order.
type owned map[any]*row

// row is one of them. What the last claim wants stands in the map.
type row struct {
	claims []wish
	value  bpfCarpOwner
}

// wish is a group's claim to a row; share is the one that the row belongs to,
// or nil when it is the group's alone and says that.
type wish struct {
	slot  Slot
	group Group
	share *share
	alone bpfCarpOwner
}

// owner is what is to stand in the row.
func (c wish) owner() bpfCarpOwner {
	if c.share != nil {
		return c.share.owner()
	}
	return c.alone
}

// free finds out whether a group can have a row: nobody else has it, or those who
// have it share it. While a list of nodes changes, one of them is enough.
func (r owned) free(e entry, slot Slot, g Group) error {
	have := r[e.key]
	if have == nil {
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(have.claims), func(c wish) bool { return c.slot == slot })
	fellow := func(c wish) bool {
		return c.share != nil && (slices.Contains(g.Nodes, c.group.VHID) || slices.Contains(c.group.Nodes, g.VHID))
	}
	if len(others) == 0 || e.shared && slices.ContainsFunc(others, fellow) {
		return nil
	}
	return fmt.Errorf("%s: %w", e.what, ErrTaken)
}

// put makes a claim, in place of an older one of the same slot.
func (r owned) put(e entry, c wish) error {
	have := r[e.key]
	if have == nil {
		have = &row{}
		r[e.key] = have
	}
	have.drop(c.slot)
	have.claims = append(have.claims, c)
	return r.write(e)
}

// release takes a claim back; with the last one the row goes.
func (r owned) release(e entry, slot Slot) error {
	have := r[e.key]
	if have == nil {
		return nil
	}
	if have.drop(slot); len(have.claims) > 0 {
		return r.write(e)
	}
	delete(r, e.key)
	if err := ignoreMissing(e.table.Delete(e.key)); err != nil {
		return fmt.Errorf("%s: %w", e.what, err)
	}
	return nil
}

// write brings a row to what its last claim wants.
func (r owned) write(e entry) error {
	have := r[e.key]
	if have == nil || len(have.claims) == 0 {
		return nil
	}
	want := have.claims[len(have.claims)-1].owner()
	if want == have.value {
		return nil
	}
	if err := e.table.Update(e.key, want, ebpf.UpdateAny); err != nil {
		return fmt.Errorf("%s: %w", e.what, err)
	}
	have.value = want
	return nil
}

func (r *row) drop(slot Slot) {
	r.claims = slices.DeleteFunc(r.claims, func(c wish) bool { return c.slot == slot })
}

// claimAll claims all rows of a group.
func (d *Dataplane) claimAll(es []entry, slot Slot, g Group) error {
	for _, e := range es {
		c := wish{slot: slot, group: g, alone: d.ownerOf(slot, g)}
		if e.shared {
			c.share = d.shares.byKey[shareKeyOf(g)]
		}
		if err := d.rows.put(e, c); err != nil {
			return err
		}
	}
	return nil
}

// releaseAll gives rows back.
func (d *Dataplane) releaseAll(es []entry, slot Slot) error {
	var errs []error
	for _, e := range es {
		errs = append(errs, d.rows.release(e, slot))
	}
	return errors.Join(errs...)
}
