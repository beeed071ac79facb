package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// version is the layout of the file.
const version = 1

// file is what stands in the file.
type file struct {
	Version int     `json:"version"`
	Boot    string  `json:"boot"`
	Added   []Entry `json:"added"`
}

// CorruptError says that a ledger exists but cannot be understood, and what the
// operator can do.
type CorruptError struct {
	Path string
	Why  string
}

// Error names the file and the way out.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("ledger %s: %s; it lists what an earlier run added to the interfaces: "+
		"remove what is left of that by hand (ip addr, ip route, bridge fdb), then delete the file", e.Path, e.Why)
}

// read takes in the file; a missing one is an empty list.
func read(path string) (file, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, nil
	}
	if err != nil {
		return file{}, fmt.Errorf("read ledger: %w", err)
	}
	return parse(path, b)
}

// parse is strict: a word it does not know may be the one that matters. The
// version is looked at first, because a later layout may have other words.
func parse(path string, b []byte) (file, error) {
	var v struct{ Version int }
	if err := json.Unmarshal(b, &v); err != nil {
		return file{}, &CorruptError{path, err.Error()}
	}
	if v.Version != version {
		return file{}, &CorruptError{path, fmt.Sprintf("version %d, this program knows version %d", v.Version, version)}
	}
	var f file
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return file{}, &CorruptError{path, err.Error()}
	}
	for i, e := range f.Added {
		if e.Kind == "" || e.Ifindex <= 0 || e.Value == "" {
			return file{}, &CorruptError{path, fmt.Sprintf("entry %d is incomplete", i+1)}
		}
	}
	return f, nil
}

// write replaces the file as a whole, so that a crash leaves the old list or
// the new one. An empty list has no file.
func write(path string, f file) error {
	if len(f.Added) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("write ledger: %w", err)
		}
		return nil
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	if err := writePrivate(path+".tmp", append(b, '\n')); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	return nil
}

// writePrivate writes a file that only root reads. It does not wait for the
// disk: a takeover waits for it, and what the file lists ends with the kernel in
// whose memory the file is safe.
func writePrivate(path string, b []byte) error {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return errors.Join(err, w.Close())
}

// makeDirOf makes the directory in which path is to be.
func makeDirOf(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	return nil
}
