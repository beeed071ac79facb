package control

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// dirOf is the directory of a socket.
func dirOf(path string) string { return filepath.Dir(path) }

// Lock makes the caller the only carpd of the instance whose socket path is
// given, until unlock is called or the process ends. It is taken before
// anything of the machine is touched, and kept for as long as carpd runs. The
// lock file beside the socket stays, so that nobody can lock a deleted one.
func Lock(path string) (unlock func(), err error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	if err := makeDir(dirOf(path)); err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(path, suffix) + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("instance %s runs already (%s is locked): %w", instanceOf(path), name, ErrInUse)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("take the lock: %w", err)
	}
	return func() { _ = f.Close() }, nil
}
