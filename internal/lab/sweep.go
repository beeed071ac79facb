package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Sweep removes labs whose owner died without Close. Kept labs stay.
func Sweep() error {
	_, err := sweep(func(s state) bool { return !s.Keep && !s.Owner.alive() })
	return err
}

// Down removes kept labs whose owner has ended, with the processes that still
// run in them, and says how many there were.
func Down() (int, error) {
	return sweep(func(s state) bool { return !s.Owner.alive() })
}

// sweep removes the labs that match.
func sweep(match func(state) bool) (int, error) {
	files, err := filepath.Glob(filepath.Join(stateDir, "*", "lab.json"))
	if err != nil {
		return 0, err
	}
	var n int
	var errs []error
	for _, f := range files {
		s, err := readState(f)
		if errors.Is(err, os.ErrNotExist) {
			continue // somebody else removed it just now
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if match(s) {
			n++
			errs = append(errs, s.remove(filepath.Dir(f)))
		}
	}
	return n, errors.Join(errs...)
}

// readState decodes one state file.
func readState(path string) (s state, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("read %s: %w", path, err)
	}
	return s, nil
}
