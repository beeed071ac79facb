package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	addr   = Entry{Address, 5, "eth0", "192.0.2.1"}
	route  = Entry{Route, 5, "eth0", "192.0.2.1/24"}
	filter = Entry{Filter, 5, "eth0", "00:00:5e:00:01:01"}
)

func mustOpen(t *testing.T, path string) *Ledger {
	t.Helper()
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("(-want +got)\n%s", d)
	}
}

// What is noted is in the file when Note returns, and a new process finds it.
func TestNoteIsInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "carpd", "default", "added.json")
	l := mustOpen(t, path)
	noError(t, l.Note(addr, route))
	noError(t, l.Note(filter))
	same(t, []Entry{addr, route, filter}, mustOpen(t, path).Entries())

	noError(t, l.Forget(route))
	same(t, []Entry{addr, filter}, mustOpen(t, path).Entries())
	if l.Has(route) || !l.Has(filter) {
		t.Fatal("Has disagrees with Entries")
	}
}

// The file is for root alone, and an empty ledger leaves none behind.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "added.json")
	l := mustOpen(t, path)
	noError(t, l.Note(addr))
	fi, err := os.Stat(path)
	noError(t, err)
	if fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", fi.Mode().Perm())
	}
	noError(t, l.Forget(addr))
	left, err := os.ReadDir(filepath.Dir(path))
	noError(t, err)
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// An entry is about a thing, not about what its interface is called just now.
func TestRenamedInterface(t *testing.T) {
	l := mustOpen(t, filepath.Join(t.TempDir(), "added.json"))
	noError(t, l.Note(addr))
	renamed := addr
	renamed.Ifname = "wan"
	noError(t, l.Note(renamed))
	same(t, []Entry{addr}, l.Entries())
	noError(t, l.Forget(renamed))
	same(t, 0, len(l.Entries()))
}

// A reboot has removed everything: nothing of it may be undone again.
func TestReboot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "added.json")
	before, err := open(path, "boot one")
	noError(t, err)
	noError(t, before.Note(addr))
	after, err := open(path, "boot two")
	noError(t, err)
	same(t, 0, len(after.Entries()))
	noError(t, after.Note(filter))
	again, err := open(path, "boot two")
	noError(t, err)
	same(t, []Entry{filter}, again.Entries())
}

// A ledger that cannot be understood is never taken for an empty one.
func TestCorrupt(t *testing.T) {
	for name, text := range map[string]string{
		"empty file":   ``,
		"cut short":    `{"version":1,"boot":"x","added":[{"kind":"addr`,
		"other layout": `{"version":2,"boot":"x","things":[]}`,
		"no version":   `{}`,
		"unknown word": `{"version":1,"boot":"x","added":[],"more":1}`,
		"no interface": `{"version":1,"boot":"x","added":[{"kind":"address","value":"192.0.2.1"}]}`,
		"two values":   `{"version":1,"boot":"x","added":[]} {}`,
		"not a list":   `{"version":1,"boot":"x","added":7}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "added.json")
			noError(t, os.WriteFile(path, []byte(text), 0o600))
			_, err := Open(path)
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) {
				t.Fatalf("error %v, want a CorruptError", err)
			}
			for _, want := range []string{path, "delete the file"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

// When the disk refuses, the caller hears of it and the ledger is as before.
func TestWriteFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "added.json")
	l := mustOpen(t, path)
	noError(t, l.Note(addr))
	noError(t, os.Mkdir(path+".tmp", 0o700)) // In the way of the temporary file.
	if err := l.Note(filter); err == nil {
		t.Fatal("no error")
	}
	same(t, []Entry{addr}, l.Entries())
	same(t, []Entry{addr}, mustOpen(t, path).Entries())
}

// A crash between writing and renaming leaves the list as it was.
func TestCrashWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "added.json")
	noError(t, mustOpen(t, path).Note(addr))
	noError(t, os.WriteFile(path+".tmp", []byte(`{"version":1,"bo`), 0o600))
	l := mustOpen(t, path)
	same(t, []Entry{addr}, l.Entries())
	noError(t, l.Note(filter))
	same(t, []Entry{addr, filter}, mustOpen(t, path).Entries())
}

// Kinds of a later version survive.
func TestUnknownKind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "added.json")
	pin := Entry{"pin", 7, "eth1", "/sys/fs/bpf/carpd/default/carp_rx"}
	noError(t, mustOpen(t, path).Note(pin))
	same(t, []Entry{pin}, mustOpen(t, path).Entries())
}

func TestConcurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "added.json")
	l := mustOpen(t, path)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			mine := Entry{Address, i + 1, "eth", "192.0.2.1"}
			for range 5 {
				_ = l.Note(mine)
				_ = l.Forget(mine)
			}
			_ = l.Note(mine)
		})
	}
	wg.Wait()
	same(t, 8, len(mustOpen(t, path).Entries()))
}
