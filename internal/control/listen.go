package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"
)

// ErrInUse is returned when another carpd listens on the socket.
var ErrInUse = errors.New("another carpd listens there")

// listen opens the socket. What a crash left behind is removed; a socket on
// which somebody listens, or a file of any other kind, never is.
func listen(path string) (*net.UnixListener, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	if err := makeDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	// Until here only the directory keeps strangers out.
	if err := os.Chmod(path, socketMode); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("set the mode of %s: %w", path, err)
	}
	return l, nil
}

// removeStale removes the socket of a carpd that is gone.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is there and is not a socket (%s): not touched", path, info.Mode().Type())
	}
	if somebodyListens(path) {
		return fmt.Errorf("socket %s: %w", path, ErrInUse)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the stale socket: %w", err)
	}
	return nil
}

// somebodyListens asks the kernel: only "connection refused" says that nobody
// does. A full backlog or any other trouble counts as somebody.
func somebodyListens(path string) bool {
	c, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return !isRefused(err)
	}
	_ = c.Close()
	return true
}
