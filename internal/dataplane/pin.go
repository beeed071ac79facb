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

// pinPath is where a map is pinned in a directory: the keys apart from the rest.
func pinPath(dir, name string) string {
	if name == bpfMapCarpSecret {
		return filepath.Join(dir, secretDir, name)
	}
	return filepath.Join(dir, name)
}

// pin gives maps and programs their names in the file system.
func (d *Dataplane) pin(dir string) error {
	if err := makeDirs(dir); err != nil {
		return err
	}
	if err := d.pinMaps(dir); err != nil {
		return err
	}
	return d.pinPrograms(dir)
}

// pinMaps pins carp_meta first and writes the layout into it when all others are
// pinned too: a set that says no layout was never finished.
func (d *Dataplane) pinMaps(dir string) error {
	if err := d.objs.CarpMeta.Pin(pinPath(dir, bpfMapCarpMeta)); err != nil {
		return fmt.Errorf("pin %s: %w", bpfMapCarpMeta, err)
	}
	for name, m := range d.maps {
		if name == bpfMapCarpMeta {
			continue
		}
		if err := m.Pin(pinPath(dir, name)); err != nil {
			return fmt.Errorf("pin %s: %w", name, err)
		}
	}
	if err := d.objs.CarpMeta.Put(uint32(0), bpfCarpMeta{Layout: layout}); err != nil {
		return fmt.Errorf("write the layout: %w", err)
	}
	return nil
}

// pinPrograms pins the programs, for people to find them, in place of those of
// the last carpd: links hold what they run.
func (d *Dataplane) pinPrograms(dir string) error {
	for name, p := range d.progs {
		path := filepath.Join(dir, name)
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("replace %s: %w", name, err)
		}
		if err := p.Pin(path); err != nil {
			return fmt.Errorf("pin %s: %w", name, err)
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
		removePins(filepath.Join(dir, nextDir)),
		removePins(dir),
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

// removePins removes the maps and programs pinned in a directory, and it.
func removePins(dir string) error {
	return errors.Join(
		removeAll(filepath.Join(dir, linksDir), os.Remove),
		removeAll(filepath.Join(dir, secretDir), os.Remove),
		removeAll(dir, os.Remove),
	)
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
