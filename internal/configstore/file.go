package configstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxConfig is above what the configuration may be, so that one that is too long
// is seen as such.
const maxConfig = 2 << 20

// errChanged says that the file was not what it was taken for.
var errChanged = errors.New("the file was changed")

// readConfig reads the file.
func readConfig(path string) ([]byte, error) {
	// A pipe would be waited for, perhaps for ever.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxConfig))
}

// replaceConfig puts a text in the place of another one in the file, as a whole:
// whoever reads it, now or after a crash, finds the one or the other. Mode and
// owner stay, and a symbolic link goes on pointing to the file. When the file
// holds something else than from, nothing has changed and the error is errChanged.
func replaceConfig(path string, from, to []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("replace %s: %w", path, err)
		}
	}()
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("it is no regular file")
	}
	if have, err := readConfig(path); err != nil || !bytes.Equal(have, from) {
		return errors.Join(err, changedUnless(err))
	}
	temp, err := besides(path, info, to)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	return errors.Join(swap(path, temp, from), syncDir(filepath.Dir(path)))
}

// changedUnless is errChanged when nothing else went wrong.
func changedUnless(err error) error {
	if err != nil {
		return nil
	}
	return errChanged
}

// besides writes a text into a file beside another one, with its mode and owner,
// and makes it last.
func besides(path string, like fs.FileInfo, text []byte) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.new")
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	// The owner comes first: chown may take bits of the mode away.
	if owner, ok := like.Sys().(*syscall.Stat_t); ok {
		if err = f.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
			return "", fmt.Errorf("keep the owner %d:%d: %w", owner.Uid, owner.Gid, err)
		}
	}
	if err = f.Chmod(like.Mode().Perm()); err != nil {
		return "", err
	}
	if _, err = f.Write(text); err != nil {
		return "", err
	}
	return f.Name(), f.Sync()
}

// swap makes a new file the file. Where the file system can, the two change
// places, and what comes out is looked at: an edit that was saved a moment ago
// is put back, and so is never lost.
func swap(path, temp string, from []byte) error {
	switch err := exchange(path, temp); {
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EOPNOTSUPP):
		return os.Rename(temp, path)
	case err != nil:
		return err
	}
	if was, err := readConfig(temp); err != nil || !bytes.Equal(was, from) {
		return errors.Join(err, changedUnless(err), exchange(path, temp))
	}
	return nil
}

// exchange has two names change places.
func exchange(a, b string) error {
	return unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
}

// syncDir makes the names in a directory last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
