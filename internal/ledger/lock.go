package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// LockedError says that another process holds the lock.
type LockedError struct {
	Path string
	PID  int // 0 when the holder has not written its number yet
}

// Error names the process and the file.
func (e *LockedError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("lock %s is held by %s: this instance is running already", e.Path, who)
}

// Lock takes the lock of an instance until it is closed or the process ends,
// however it ends. The caller must keep what it gets: a lock that is nobody's
// any more is garbage, and its file is closed. The file holds the number of the process and stays behind:
// to delete it would let two newcomers lock two different files. A second
// holder gets a *LockedError.
func Lock(path string) (io.Closer, error) {
	if err := makeDirOf(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer func() { _ = f.Close() }()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, &LockedError{Path: path, PID: holder(f)}
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := sign(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("write lock %s: %w", path, err)
	}
	return lock{f}, nil
}

// lock is a held lock.
type lock struct{ f *os.File }

// Close empties the file, so that nobody is named who is gone, and lets go.
func (l lock) Close() error { return errors.Join(l.f.Truncate(0), l.f.Close()) }

// sign writes our process number over whatever a crashed holder left.
func sign(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// holder reads the process number from a lock that somebody else holds.
func holder(f *os.File) int {
	var b [20]byte
	n, _ := f.ReadAt(b[:], 0)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	return pid
}
