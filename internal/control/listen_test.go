package control

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func open(t *testing.T, path string) (*Server, error) {
	t.Helper()
	s, err := Listen(path, newFake(), zerolog.Nop())
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestModesOfSocketAndDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "carpd", "r1.sock")
	s, err := open(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if got := mode(t, filepath.Dir(path)); got != fs.ModeDir|0o750 {
		t.Errorf("directory has mode %v, want drwxr-x---", got)
	}
	if got := mode(t, path); got != fs.ModeSocket|0o660 {
		t.Errorf("socket has mode %v, want Srw-rw----", got)
	}
	_ = s.Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there after Close: %v", err)
	}
}

// stale leaves a socket file as a killed process does.
func stale(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r1.sock")
	stale(t, path)
	if _, err := open(t, path); err != nil {
		t.Fatal(err)
	}
}

func TestSocketInUseIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r1.sock")
	if _, err := open(t, path); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, path); !errors.Is(err, ErrInUse) {
		t.Errorf("second Listen: %v, want ErrInUse", err)
	}
	if got := mode(t, path).Type(); got != fs.ModeSocket {
		t.Errorf("the first socket is gone: %v", got)
	}
}

func TestOnlySocketsAreRemoved(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"file":             func(p string) error { return os.WriteFile(p, []byte("kept"), 0o600) },
		"directory":        func(p string) error { return os.Mkdir(p, 0o700) },
		"symlink":          func(p string) error { stale(t, p+"-real.sock"); return os.Symlink(p+"-real.sock", p) },
		"dangling symlink": func(p string) error { return os.Symlink("/nonexistent.sock", p) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "r1.sock")
			if err := put(path); err != nil {
				t.Fatal(err)
			}
			before := mode(t, path)
			_, err := open(t, path)
			if err == nil || !strings.Contains(err.Error(), "is not a socket") {
				t.Errorf("Listen: %v, want a refusal", err)
			}
			if mode(t, path) != before {
				t.Error("it was touched")
			}
		})
	}
}

func TestBadPathsAreRefused(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		"r1.sock":             "absolute",
		dir + "/../x/r1.sock": "absolute, with no dots",
		dir + "/r1.txt":       "INSTANCE.sock",
		dir + "/.sock":        "INSTANCE.sock",
		dir + "/" + "..sock":  "INSTANCE.sock",
		"/x" + strings.Repeat("y", 101) + "/r1.sock": "too long",
	} {
		if _, err := open(t, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Listen(%s): %v, want %q", path, err, want)
		}
	}
}

func TestDirectoriesOfOthersAreRefused(t *testing.T) {
	dir := t.TempDir()
	writable := filepath.Join(dir, "w")
	if err := errors.Join(os.Mkdir(writable, 0o700), os.Chmod(writable, 0o770)); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "l")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		writable + "/r1.sock":  "mode 0770: others may write",
		link + "/r1.sock":      "not a directory",
		dir + "/no/no/r1.sock": "no such file",
	} {
		if _, err := open(t, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Listen(%s): %v, want %q", path, err, want)
		}
	}
}

func TestDirectoryOfAnotherUserIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs CAP_CHOWN: gives a directory away")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 65534, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, dir+"/r1.sock"); err == nil || !strings.Contains(err.Error(), "belongs to uid 65534") {
		t.Errorf("Listen: %v", err)
	}
}

func TestPathStaysInRunDir(t *testing.T) {
	if got, err := Path("default"); got != "/run/carpd/default.sock" || err != nil {
		t.Errorf("Path(default) = %s, %v", got, err)
	}
	for _, name := range []string{"", "..", ".x", "a/b", "../x", "a b", "a\x00", strings.Repeat("a", 65)} {
		if got, err := Path(name); err == nil {
			t.Errorf("Path(%q) = %s, want an error", name, got)
		}
	}
}
