package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// stateDir holds one directory per lab, with a file that says what to remove.
const stateDir = "/run/carpd-lab"

// state is what somebody needs to know who has to remove a lab whose owner is
// gone. It is written before the thing it names is made.
type state struct {
	Owner      identity   `json:"owner"`
	Keep       bool       `json:"keep"`
	Namespaces []string   `json:"namespaces"`
	Processes  []identity `json:"processes"`
	Paths      []string   `json:"paths"`
}

// identity is a process that cannot be confused with a later one of the same
// number, because the start time (in clock ticks since boot) differs.
type identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"`
}

// labs counts those of this process, so that each has its own name.
var labs atomic.Uint32

// claim takes a name and writes the first state file.
func claim(keep bool) (*Lab, error) {
	id := fmt.Sprintf("carplab-%d", os.Getpid())
	if n := labs.Add(1); n > 1 {
		id += "-" + strconv.Itoa(int(n))
	}
	l := &Lab{id: id, dir: filepath.Join(stateDir, id)}
	l.state = state{Owner: identify(os.Getpid()), Keep: keep}
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the directory of the lab: %w", err)
	}
	return l, l.state.save(l.dir)
}

// record changes the state and saves it.
func (l *Lab) record(change func(*state)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.state)
	return l.state.save(l.dir)
}

// RemoveToo names a file or directory outside the lab that has to go with it,
// such as the pins of a carpd that was killed.
func (l *Lab) RemoveToo(path string) error {
	return l.record(func(s *state) { s.Paths = append(s.Paths, path) })
}

// save writes the state atomically.
func (s *state) save(dir string) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode the state of the lab: %w", err)
	}
	tmp := filepath.Join(dir, "lab.json.new")
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return fmt.Errorf("write the state of the lab: %w", err)
	}
	return os.Rename(tmp, filepath.Join(dir, "lab.json"))
}

// remove ends the processes and deletes everything the state names.
func (s *state) remove(dir string) error {
	var errs []error
	for _, p := range append(s.Processes, s.strays()...) {
		p.kill()
	}
	for _, name := range s.Namespaces {
		if err := netns.DeleteNamed(name); err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.EINVAL) {
			errs = append(errs, fmt.Errorf("delete namespace %s: %w", name, err))
		}
		_ = os.Remove(filepath.Join("/run/netns", name)) // a name without a mount
	}
	for _, p := range append(s.Paths, dir) {
		if err := os.RemoveAll(p); err != nil {
			errs = append(errs, err)
		}
	}
	_ = os.Remove(stateDir) // succeeds for the last lab only
	return errors.Join(errs...)
}
