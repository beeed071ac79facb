package dataplane

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cilium/ebpf"

	"github.com/carpd/carpd/internal/boottime"
)

// Inspection is what the kernel holds for an instance, for people.
type Inspection struct {
	Pins     string // the directory
	Layout   int    // of the maps
	Timed    bool   // does the kernel count and time runs of programs now
	Programs []ProgramInfo
	Maps     []MapInfo
	RingUsed int // bytes that carpd has not read yet
	RingSize int
}

// ProgramInfo describes a loaded program.
type ProgramInfo struct {
	Name     string
	ID       uint32
	Tag      string    // the hash of its instructions
	LoadedAt time.Time // on the boot clock
	Runs     uint64    // while the kernel counted them
	RunTime  time.Duration
	Memory   uint64 // bytes
}

// MapInfo describes a map. Contents are not part of it.
type MapInfo struct {
	Name    string
	ID      uint32
	Type    string
	Entries int
	Max     int
	Memory  uint64 // bytes
}

// statsEnabled says whether the kernel counts and times runs of programs.
const statsEnabled = "/proc/sys/kernel/bpf_stats_enabled"

// Inspect asks the kernel about all programs and maps of the instance.
func (d *Dataplane) Inspect() (Inspection, error) {
	i := Inspection{Pins: d.dir, Layout: layout}
	if text, err := os.ReadFile(statsEnabled); err == nil {
		i.Timed = strings.TrimSpace(string(text)) == "1"
	}
	for _, name := range slices.Sorted(maps.Keys(d.progs)) {
		p, err := inspectProgram(name, d.progs[name])
		if err != nil {
			return i, err
		}
		i.Programs = append(i.Programs, p)
	}
	for _, name := range slices.Sorted(maps.Keys(d.maps)) {
		m, err := inspectMap(name, d.maps[name])
		if err != nil {
			return i, err
		}
		i.Maps = append(i.Maps, m)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ring.reader == nil {
		return i, os.ErrClosed
	}
	i.RingUsed, i.RingSize = d.ring.reader.AvailableBytes(), d.ring.reader.BufferSize()
	return i, nil
}

// inspectProgram asks about one program.
func inspectProgram(name string, p *ebpf.Program) (ProgramInfo, error) {
	info, err := p.Info()
	if err != nil {
		return ProgramInfo{}, fmt.Errorf("ask about %s: %w", name, err)
	}
	stats, err := p.Stats()
	if err != nil {
		return ProgramInfo{}, fmt.Errorf("ask for the runs of %s: %w", name, err)
	}
	id, _ := info.ID()
	loaded, _ := info.LoadTime()
	memory, _ := info.Memlock()
	return ProgramInfo{
		Name: name, ID: uint32(id), Tag: info.Tag, LoadedAt: boottime.FromKernel(uint64(loaded)),
		Runs: stats.RunCount, RunTime: stats.Runtime, Memory: memory,
	}, nil
}

// inspectMap asks about one map. An array always has all of its entries.
func inspectMap(name string, m *ebpf.Map) (MapInfo, error) {
	info, err := m.Info()
	if err != nil {
		return MapInfo{}, fmt.Errorf("ask about %s: %w", name, err)
	}
	id, _ := info.ID()
	memory, _ := info.Memlock()
	out := MapInfo{
		Name: name, ID: uint32(id), Type: typeNames[m.Type()],
		Entries: int(m.MaxEntries()), Max: int(m.MaxEntries()), Memory: memory,
	}
	if m.Type() == ebpf.Hash {
		out.Entries, err = countKeys(m)
	}
	if err != nil {
		return out, fmt.Errorf("count the entries of %s: %w", name, err)
	}
	return out, nil
}

// countKeys walks over the keys of a hash and looks at no value. A hash that
// changes meanwhile may begin anew; then it is as good as full.
func countKeys(m *ebpf.Map) (int, error) {
	var last any
	for n := range int(m.MaxEntries()) {
		key, err := m.NextKeyBytes(last)
		if err != nil || key == nil {
			return n, err
		}
		last = key
	}
	return int(m.MaxEntries()), nil
}

// typeNames are the types of our maps as bpftool calls them.
var typeNames = map[ebpf.MapType]string{
	ebpf.Hash: "hash", ebpf.Array: "array", ebpf.PerCPUArray: "percpu_array", ebpf.RingBuf: "ringbuf",
}
