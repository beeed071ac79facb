package dataplane

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// converter turns entries of a map of another layout into those of ours, by the
// names of the members: what both have is copied, what is new is 0, what is gone
// is left out. Arrays, such as the counters by reason, are copied as far as both
// go, because lists of reasons are only ever appended to.
type converter struct {
	oldKey, newKey     btf.Type
	oldValue, newValue btf.Type
}

// newConverter reads what a pinned map says of itself. A map that does not say
// must be laid out as ours is.
func newConverter(old *ebpf.Map, spec *ebpf.MapSpec) (*converter, error) {
	c := &converter{newKey: spec.Key, newValue: spec.Value}
	if c.newKey == nil || c.newValue == nil {
		return nil, fmt.Errorf("map %s: no types", spec.Name)
	}
	types, err := old.Handle()
	if err != nil {
		return nil, fmt.Errorf("map %s: read its types: %w", spec.Name, err)
	}
	defer func() { _ = types.Close() }()
	known, err := types.Spec(nil)
	if err != nil {
		return nil, fmt.Errorf("map %s: read its types: %w", spec.Name, err)
	}
	if c.oldKey, err = sameName(known, c.newKey, old.KeySize()); err == nil {
		c.oldValue, err = sameName(known, c.newValue, old.ValueSize())
	}
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", spec.Name, err)
	}
	return c, nil
}

// sameName is the type of the same name and of the size that the map has.
func sameName(known *btf.Spec, t btf.Type, size uint32) (btf.Type, error) {
	all, err := known.AnyTypesByName(t.TypeName())
	if err != nil {
		return nil, fmt.Errorf("type %s: %w", t.TypeName(), err)
	}
	for _, old := range all {
		if n, err := btf.Sizeof(old); err == nil && n == int(size) {
			return old, nil
		}
	}
	return nil, fmt.Errorf("type %s: none of %d bytes", t.TypeName(), size)
}

// key converts a key.
func (c *converter) key(b []byte) []byte { return convert(b, c.oldKey, c.newKey) }

// value converts a value.
func (c *converter) value(b []byte) []byte { return convert(b, c.oldValue, c.newValue) }

// convert makes a value of the new type of one of the old type.
func convert(b []byte, from, to btf.Type) []byte {
	n, err := btf.Sizeof(to)
	if err != nil {
		return nil
	}
	out := make([]byte, n)
	convertInto(out, b, from, to)
	return out
}

// convertInto fills in what both types have.
func convertInto(out, b []byte, from, to btf.Type) {
	from, to = btf.UnderlyingType(from), btf.UnderlyingType(to)
	switch to := to.(type) {
	case *btf.Struct:
		if from, ok := from.(*btf.Struct); ok {
			convertMembers(out, b, from, to)
		}
	case *btf.Array:
		if from, ok := from.(*btf.Array); ok {
			convertElements(out, b, from, to)
		}
	default: // Integers and enums, in little endian: a wider one begins with the same bytes.
		copy(out, b)
	}
}

// convertMembers copies the members of the same name.
func convertMembers(out, b []byte, from, to *btf.Struct) {
	for _, m := range to.Members {
		for _, o := range from.Members {
			if o.Name == m.Name {
				convertInto(part(out, m), part(b, o), o.Type, m.Type)
			}
		}
	}
}

// part are the bytes of a member.
func part(b []byte, m btf.Member) []byte {
	n, err := btf.Sizeof(m.Type)
	if err != nil {
		return nil
	}
	at := int(m.Offset.Bytes())
	return b[at : at+n]
}

// convertElements copies as many elements as both arrays have.
func convertElements(out, b []byte, from, to *btf.Array) {
	old, err1 := btf.Sizeof(from.Type)
	n, err2 := btf.Sizeof(to.Type)
	if errors.Join(err1, err2) != nil {
		return
	}
	for i := range int(min(from.Nelems, to.Nelems)) {
		convertInto(out[i*n:(i+1)*n], b[i*old:(i+1)*old], from.Type, to.Type)
	}
}
