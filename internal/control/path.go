package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// RunDir is where the sockets of all instances are.
const RunDir = "/run/carpd"

// The directory lets only its group in, and the socket is for owner and group.
const (
	dirMode    = 0o750
	socketMode = 0o660
	suffix     = ".sock"
	// maxPath is what fits into a sockaddr_un with its closing NUL.
	maxPath = 107
)

// instanceName is what may be the name of a file in RunDir.
var instanceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// Path is the socket of an instance. A name that would lead out of RunDir is
// refused.
func Path(instance string) (string, error) {
	if !instanceName.MatchString(instance) {
		return "", fmt.Errorf("instance %q: 1 to 64 letters, digits, '_', '.' or '-', beginning with a letter or digit", instance)
	}
	return filepath.Join(RunDir, instance+suffix), nil
}

// instanceOf is the instance whose socket it is, for messages.
func instanceOf(path string) string {
	return strings.TrimSuffix(filepath.Base(path), suffix)
}

// checkPath refuses a path that does not name a socket inside of its directory
// in plain words.
func checkPath(path string) error {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return fmt.Errorf("socket %s: the path must be absolute, with no dots as names", path)
	}
	if !strings.HasSuffix(path, suffix) || !instanceName.MatchString(instanceOf(path)) {
		return fmt.Errorf("socket %s: its name must be INSTANCE%s", path, suffix)
	}
	if len(path) > maxPath {
		return fmt.Errorf("socket %s: %d bytes are too long, the kernel takes %d", path, len(path), maxPath)
	}
	return nil
}

// makeDir makes the directory of a socket, or checks the one that is there.
// Whoever may write into it could put a socket of his own in place of ours.
func makeDir(dir string) error {
	err := os.Mkdir(dir, dirMode)
	if err == nil {
		return os.Chmod(dir, dirMode) // The umask may have taken bits away.
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the socket directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at the socket directory: %w", err)
	}
	if err := trustDir(dir, info); err != nil {
		return err
	}
	if dir == RunDir && info.Mode().Perm() != dirMode {
		return os.Chmod(dir, dirMode) // Our own; others are left as they are.
	}
	return nil
}

// trustDir refuses a directory that somebody else controls.
func trustDir(dir string, info fs.FileInfo) error {
	if !info.IsDir() {
		return fmt.Errorf("socket directory %s is not a directory (a symbolic link is refused)", dir)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 0 && int(owner) != os.Geteuid() {
		return fmt.Errorf("socket directory %s belongs to uid %d", dir, owner)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("socket directory %s has mode %04o: others may write into it", dir, info.Mode().Perm())
	}
	return nil
}
