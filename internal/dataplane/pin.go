package dataplane

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Where pins live.
const (
	bpffs    = "/sys/fs/bpf"
	pinRoot  = bpffs + "/carpd"
	linksDir = "links"
	// secretDir holds the map with the keys, so that who looks through the others does not meet it.
	secretDir = "secret"
)

// instanceDir is the directory of an instance. The BPF file system allows no
// dots in names.
func instanceDir(instance string) (string, error) {
	if instance == "" || strings.ContainsAny(instance, "./") {
		return "", fmt.Errorf("instance name %q: must not be empty or contain a dot or slash", instance)
	}
	return filepath.Join(pinRoot, instance), nil
}

// onBPFFS reports whether the BPF file system is mounted where pins live.
func onBPFFS() (bool, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(bpffs, &s); err != nil {
		return false, fmt.Errorf("look at %s: %w", bpffs, err)
	}
	return s.Type == unix.BPF_FS_MAGIC, nil
}

// mountBPFFS mounts the BPF file system as systemd does, if nobody has.
func mountBPFFS() error {
	mounted, err := onBPFFS()
	if err != nil || mounted {
		return err
	}
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_RELATIME
	if err := unix.Mount("bpf", bpffs, "bpf", flags, "mode=0700"); err != nil {
		return fmt.Errorf("mount the BPF file system on %s: %w", bpffs, err)
	}
	return nil
}

// makeDirs makes the directories of an instance, closed to everybody else.
func makeDirs(dir string) error {
	for _, d := range []string{pinRoot, dir, filepath.Join(dir, linksDir), filepath.Join(dir, secretDir)} {
		if err := os.Mkdir(d, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make the pin directory: %w", err)
		}
	}
	return nil
}

// Unload detaches and removes everything that is pinned for the instance, also
// after a crash, and nothing else. It is no error if there is nothing.
func Unload(instance string) error {
	dir, err := instanceDir(instance)
	if err != nil {
		return err
	}
	if mounted, err := onBPFFS(); err != nil || !mounted {
		return err
	}
	errs := []error{
		removeAll(filepath.Join(dir, linksDir), removeLink),
		removeAll(filepath.Join(dir, secretDir), os.Remove),
		removeAll(dir, os.Remove),
	}
	// The root goes with the last instance.
	if err := os.Remove(pinRoot); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTEMPTY) {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("unload instance %s: %w", instance, err)
	}
	return nil
}

// removeAll applies remove to every entry of a directory, then removes it.
func removeAll(dir string, remove func(string) error) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the pin directory: %w", err)
	}
	var errs []error
	for _, e := range entries {
		errs = append(errs, remove(filepath.Join(dir, e.Name())))
	}
	return errors.Join(append(errs, os.Remove(dir))...)
}

// removeLink detaches a pinned link and removes the pin. Removing the pin alone
// would detach it too, but some time later.
func removeLink(path string) error {
	l, err := link.LoadPinnedLink(path, nil)
	if err != nil {
		return errors.Join(fmt.Errorf("open the pinned link %s: %w", path, err), os.Remove(path))
	}
	return errors.Join(drop(l), l.Close())
}

// drop detaches a link and removes its pin. A link whose interface has gone is
// detached already.
func drop(l link.Link) error {
	if err := l.Detach(); err != nil && !errors.Is(err, unix.ENOLINK) && !errors.Is(err, unix.ENODEV) {
		return errors.Join(fmt.Errorf("detach: %w", err), l.Unpin())
	}
	return l.Unpin()
}
