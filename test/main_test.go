package test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/carpd/carpd/internal/lab"
)

// binDir is where the programs under test are built.
var binDir string

func TestMain(m *testing.M) {
	flag.Parse()
	// The tests wait for seconds of protocol time and hardly compute, so more
	// of them fit beside each other than there are processors.
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = flag.Set("test.parallel", "6")
	}
	os.Exit(run(m))
}

// run removes what it made even when a test panics.
func run(m *testing.M) int {
	var err error
	if binDir, err = os.MkdirTemp("", "carpd-test-bin-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(binDir)
	if os.Geteuid() == 0 {
		if err := lab.MountBPF(); err != nil {
			fmt.Fprintln(os.Stderr, "mount bpffs:", err)
			return 1
		}
	}
	code := m.Run()
	if err := endBrowser(); err != nil {
		fmt.Fprintln(os.Stderr, "end the browser:", err)
		return 1
	}
	return code
}

// build compiles the programs once per run.
var build = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-o", binDir, "github.com/carpd/carpd/cmd/carpd", "github.com/carpd/carpd/cmd/carpctl",
		"github.com/carpd/carpd/test/writes")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
})

// program is the path of a program under test.
func program(t testing.TB, name string) string {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(binDir, name)
}
