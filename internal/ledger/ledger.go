package ledger

import (
	"os"
	"slices"
	"strings"
	"sync"
)

// Kind says what was added. A kind that this version does not know is kept as
// it is.
type Kind string

// The kinds of things that are added to a carpdev, or changed there.
const (
	Address Kind = "address" // Value is the address, such as 192.0.2.1
	Route   Kind = "route"   // Value is address/length, such as 192.0.2.1/24
	Filter  Kind = "filter"  // Value is the MAC that the interface lets in
	// Promiscuous is promiscuous mode in place of a filter entry for the MAC.
	Promiscuous Kind = "promiscuous"
	// Feature is an offload that was switched off; Value is ethtool's name of it.
	Feature Kind = "feature"
)

// Entry is one thing that was added. Entries are equal when all fields are.
type Entry struct {
	Kind    Kind   `json:"kind"`
	Ifindex int    `json:"ifindex"`
	Ifname  string `json:"ifname"` // the name when it was added, for people
	Value   string `json:"value"`
}

// same compares what an entry is about. The name may have changed since.
func (e Entry) same(o Entry) bool {
	return e.Kind == o.Kind && e.Ifindex == o.Ifindex && e.Value == o.Value
}

// Ledger is an open ledger. It is safe for use by several goroutines of one
// process; Lock keeps other processes out.
type Ledger struct {
	path string
	boot string

	mu      sync.Mutex
	entries []Entry
}

// Open reads the ledger at path. A missing file is an empty ledger; missing
// directories are made. The error of an unreadable file is a *CorruptError.
func Open(path string) (*Ledger, error) {
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	return open(path, boot)
}

// open is Open for a given boot of the machine.
func open(path, boot string) (*Ledger, error) {
	if err := makeDirOf(path); err != nil {
		return nil, err
	}
	f, err := read(path)
	if err != nil {
		return nil, err
	}
	l := &Ledger{path: path, boot: boot}
	if f.Boot == boot {
		l.entries = f.Added
	}
	return l, nil
}

// Note writes down entries that are about to be added. An entry that is there
// already is not written twice. When it fails nothing may be added.
func (l *Ledger) Note(entries ...Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := slices.Clone(l.entries)
	for _, e := range entries {
		if !slices.ContainsFunc(next, e.same) {
			next = append(next, e)
		}
	}
	return l.replace(next)
}

// Forget strikes out entries that were taken away, or never came about.
func (l *Ledger) Forget(entries ...Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(l.entries), func(have Entry) bool {
		return slices.ContainsFunc(entries, have.same)
	})
	return l.replace(next)
}

// Has reports whether the entry is written down, whatever the interface's name
// was at the time.
func (l *Ledger) Has(e Entry) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.entries, e.same)
}

// Entries are all entries in the order in which they were noted.
func (l *Ledger) Entries() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// replace writes the new list, and only then believes in it. It is called with
// the lock held.
func (l *Ledger) replace(next []Entry) error {
	if len(next) == len(l.entries) {
		return nil // Lists only grow or shrink: nothing has changed.
	}
	if err := write(l.path, file{Version: version, Boot: l.boot, Added: next}); err != nil {
		return err
	}
	l.entries = next
	return nil
}

// bootID is the kernel's name of this boot.
func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b)), err
}
