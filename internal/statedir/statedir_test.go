package statedir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// The directory and its files are private, whatever they were before.
func TestPrivate(t *testing.T) {
	root := t.TempDir()
	t.Setenv("STATE_DIRECTORY", root+":/somewhere/else")
	if err := os.Mkdir(filepath.Join(root, "lan"), 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := Dir("lan")
	if err != nil || dir != filepath.Join(root, "lan") || mode(t, dir) != 0o700 {
		t.Fatalf("%q, %v", dir, err)
	}
	path := filepath.Join(dir, "members.json")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []byte("new")); err != nil || mode(t, path) != 0o600 {
		t.Fatalf("%v %v", mode(t, path), err)
	}
	if b, err := ReadFile(path); err != nil || string(b) != "new" {
		t.Errorf("%q, %v", b, err)
	}
}

// A file that was removed is gone, and removing it again is no mistake.
func TestRemove(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := errors.Join(WriteFile(path, nil), Remove(path), Remove(path)); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// What could lead out of the directory is refused.
func TestDirRefuses(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", t.TempDir())
	for _, name := range []string{"", ".", "..", "a/b", "/etc", "-x"} {
		if dir, err := Dir(name); err == nil {
			t.Errorf("%q became %s", name, dir)
		}
		if path, err := Path(name, "x"); err == nil {
			t.Errorf("%q became %s", name, path)
		}
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(Root(), "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := Dir("link"); err == nil {
		t.Error("a link is taken for the directory")
	}
}

// A failed write leaves the old file and nothing beside it.
func TestFailedWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone", "x")
	if err := WriteFile(path, nil); err == nil {
		t.Error("written into a directory that is not there")
	}
}

// Without systemd there is one place.
func TestDefault(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "")
	if Root() != "/var/lib/carpd" {
		t.Error(Root())
	}
}
