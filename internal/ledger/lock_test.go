package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// TestMain lets the test binary play the other carpd.
func TestMain(m *testing.M) {
	if path := os.Getenv("LEDGER_TEST_HOLD"); path != "" {
		l, err := Lock(path)
		fmt.Println(err)
		_, _ = os.Stdin.Read(make([]byte, 1)) // Until the parent is done or kills us.
		runtime.KeepAlive(l)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A second carpd of the same instance is refused and told who has the lock; a
// killed one leaves no lock behind.
func TestLockAcrossProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "carpd", "default.lock")
	other := exec.Command(os.Args[0], "-test.run=^$")
	other.Env = append(os.Environ(), "LEDGER_TEST_HOLD="+path)
	_, err := other.StdinPipe()
	noError(t, err)
	out, err := other.StdoutPipe()
	noError(t, err)
	noError(t, other.Start())
	said, err := bufio.NewReader(out).ReadString('\n')
	noError(t, err)
	same(t, "<nil>\n", said)

	_, err = Lock(path)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != other.Process.Pid {
		t.Fatalf("error %v, want a LockedError of process %d", err, other.Process.Pid)
	}
	for _, want := range []string{path, "process " + strconv.Itoa(other.Process.Pid)} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}

	noError(t, other.Process.Kill())
	_ = other.Wait()
	l, err := Lock(path)
	noError(t, err)
	noError(t, l.Close())
}

// The lock is given back by Close, and its file then names nobody.
func TestLockClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "default.lock")
	first, err := Lock(path)
	noError(t, err)
	b, err := os.ReadFile(path)
	noError(t, err)
	same(t, strconv.Itoa(os.Getpid())+"\n", string(b))
	if _, err := Lock(path); err == nil {
		t.Fatal("locked twice")
	}
	noError(t, first.Close())
	b, err = os.ReadFile(path)
	noError(t, err)
	same(t, "", string(b))
	second, err := Lock(path)
	noError(t, err)
	noError(t, second.Close())
}
