package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary play carpd.
func TestMain(m *testing.M) {
	if os.Getenv("CARPD_TEST_RUN") != "" {
		os.Exit(run(os.Args))
	}
	os.Exit(m.Run())
}

// carpd is a run of the program.
func carpd(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), "CARPD_TEST_RUN=1")
	return c
}

// exitOf is the exit code, or -1 for the end by a signal.
func exitOf(err error) int {
	if err == nil {
		return 0
	}
	var e *exec.ExitError
	if errors.As(err, &e) {
		return e.ExitCode()
	}
	return -1
}

// A signal that comes before carpd is ready does not kill it: SIGHUP reloads
// and SIGTERM ends it, with nothing left behind. The configuration is a pipe,
// so that it is known to be still starting.
func TestEarlySignals(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "carpd.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	c := carpd("run", "-c", pipe)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // returns when carpd reads
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if err := c.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(50 * time.Millisecond)
	if _, err := w.WriteString("groups: [{vhid: 300}]\n"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if code := exitOf(c.Wait()); code != exitUsage {
		t.Errorf("exit code %d, want that of a wrong configuration", code)
	}
}
