package dataplane

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/boottime"
)

// inspect asks, or fails.
func inspect(t *testing.T, d *Dataplane) Inspection {
	t.Helper()
	i, err := d.Inspect()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestInspectTellsOfEveryPinnedMap(t *testing.T) {
	before := boottime.Now()
	d := withGroup(t)
	i := inspect(t, d)
	if i.Layout != 2 || i.Pins != "/sys/fs/bpf/carpd/"+d.opts.Instance {
		t.Errorf("layout %d in %s", i.Layout, i.Pins)
	}
	entries := map[string]int{}
	for _, m := range i.Maps {
		entries[m.Name] = m.Entries
		if m.ID == 0 || m.Type == "" || m.Max == 0 || m.Entries > m.Max || m.Memory == 0 {
			t.Errorf("%+v", m)
		}
	}
	for name, want := range map[string]int{
		"carp_groups": 2, "carp_vhids": 3, "carp_vmac": 2, "carp_links": 1, "carp_own": 2,
		"carp_secret": 0, "carp_lease": 8193, "carp_counters": 8193, "carp_meta": 1,
	} {
		if got, known := entries[name]; got != want || !known {
			t.Errorf("%s has %d entries, want %d", name, got, want)
		}
	}
	for _, dir := range []string{"", secretDir} {
		pins, err := os.ReadDir(filepath.Join(i.Pins, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, pin := range pins {
			if _, known := entries[pin.Name()]; !known && !pin.IsDir() && !isProgram(i, pin.Name()) {
				t.Errorf("nothing is said of %s", pin.Name())
			}
		}
	}
	for _, p := range i.Programs {
		if p.ID == 0 || len(p.Tag) != 16 || p.Memory == 0 || p.LoadedAt.Before(before.Add(-time.Second)) || p.LoadedAt.After(boottime.Now()) {
			t.Errorf("%+v", p)
		}
	}
}

// isProgram reports whether a program is told of.
func isProgram(i Inspection, name string) bool {
	for _, p := range i.Programs {
		if p.Name == name {
			return true
		}
	}
	return false
}

// An event of 104 bytes takes 112 of the ring until it is read.
func TestInspectTellsHowFullTheRingIs(t *testing.T) {
	d := withGroup(t)
	if i := inspect(t, d); i.RingUsed != 0 || i.RingSize != 4<<20 {
		t.Errorf("%d of %d bytes", i.RingUsed, i.RingSize)
	}
	hooks(d)[0].run(t, unhex(openbsd4))
	if i := inspect(t, d); i.RingUsed != 112 {
		t.Errorf("after one advert: %d bytes", i.RingUsed)
	}
	events(t, d)
	if i := inspect(t, d); i.RingUsed != 0 {
		t.Errorf("after reading it: %d bytes", i.RingUsed)
	}
}
