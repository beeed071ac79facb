// Package statedir keeps the files that an instance of carpd needs after a
// restart: persistent demotions, a pending edit, the members of its cluster.
// Only root may read them, and each of them is replaced as a whole: a reader
// finds the file before the change or after it, whenever the machine dies.
//
// It knows nothing of what is in the files.
package statedir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/google/renameio/v2"
)

// Default is the directory of all instances where systemd gives none.
const Default = "/var/lib/carpd"

// The directory and the files are for their owner alone: passwords may be there.
const (
	dirMode  = 0o700
	fileMode = 0o600
)

// instanceName is what may be the name of a directory in the state directory.
var instanceName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)

// Root is the directory of all instances: STATE_DIRECTORY, as systemd gives it
// to a unit, or Default. Systemd may give several; the first one counts.
func Root() string {
	if dirs := filepath.SplitList(os.Getenv("STATE_DIRECTORY")); len(dirs) > 0 && dirs[0] != "" {
		return dirs[0]
	}
	return Default
}

// Path names a file of an instance, without making its directory.
func Path(instance, name string) (string, error) {
	if !instanceName.MatchString(instance) {
		return "", fmt.Errorf("instance %q: it cannot be the name of a directory", instance)
	}
	return filepath.Join(Root(), instance, name), nil
}

// Dir makes the directory of an instance, if it is not there, and names it. A
// name that would lead out of the state directory is refused, and so is a
// directory that others may write into.
func Dir(instance string) (string, error) {
	dir, err := Path(instance, "")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return "", fmt.Errorf("make the state directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("look at the state directory: %w", err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("state directory %s: it is not a directory", dir)
	}
	if err := os.Chmod(dir, dirMode); err != nil {
		return "", fmt.Errorf("keep the state directory private: %w", err)
	}
	return dir, nil
}

// WriteFile replaces a file, or makes it. When it returns nil the new content is
// there after a power failure too, and so is the name. What is not complete yet
// has a name of its own in the same directory, for that is private.
func WriteFile(path string, data []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(fileMode))
	if err != nil {
		return err
	}
	defer func() { _ = f.Cleanup() }()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// Remove removes a file so that it stays removed after a power failure. One that
// is not there is fine.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

// ReadFile reads a file; the error of one that is not there is os.ErrNotExist.
func ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

// syncDir makes the names in a directory last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open the state directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
