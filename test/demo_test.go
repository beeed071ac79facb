package test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/test/browser"
)

// TestDemoKeepsItsPromises runs the demo as a person does, looks around in the
// network that it leaves, and removes it. It runs beside no other test of this
// package, because it measures milliseconds.
func TestDemoKeepsItsPromises(t *testing.T) {
	lab.Need(t, "root", "bpftool", "chromium")
	carpd := program(t, "carpd")
	cmd := exec.Command(carpd, "demo", "--rounds", "1", "--keep")
	out, err := cmd.CombinedOutput()
	var page string
	t.Cleanup(func() {
		if out, err := exec.Command(carpd, "demo", "--down").CombinedOutput(); err != nil {
			t.Errorf("demo --down: %v\n%s", err, out)
		}
		if c, err := net.Dial("tcp", page); page != "" && err == nil {
			c.Close()
			t.Errorf("demo --down leaves what serves the page on %s", page)
		}
	})
	if err != nil {
		t.Fatalf("the demo: %v\n%s", err, out)
	}
	text := string(out)
	for _, want := range []string{"r1 is MASTER", "r2 is MASTER: master down", "stalled", "promised", " demo --down"} {
		if !strings.Contains(text, want) {
			t.Errorf("the demo does not print %q:\n%s", want, text)
		}
	}
	// The printed commands are those that a person pastes.
	dump := regexp.MustCompile(`bpftool map dump pinned \S+`).FindString(text)
	shown, err := exec.Command("sh", "-c", dump).CombinedOutput()
	if err != nil || !strings.Contains(string(shown), `"state": "CARP_MASTER"`) {
		t.Errorf("%s: %v\n%s", dump, err, shown)
	}
	ping := regexp.MustCompile(`nsenter --net=\S+ ping \S+`).FindString(text)
	if shown, err := exec.Command("sh", "-c", ping+" -c1 -W2").CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", ping, err, shown)
	}
	page = demoPage(t, text)
}

// demoPage opens the address that the demo ends with in a browser, which shows the
// group of both routers, and returns who serves it.
func demoPage(t *testing.T, text string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	address := strings.TrimSpace(lines[len(lines)-1])
	if !strings.HasPrefix(address, "http://127.0.0.1:") {
		t.Fatalf("the demo does not end with an address:\n%s", text)
	}
	p := newPage(t, browser.Desktop, "")
	p.to(address)
	p.until(`document.body.innerText.includes("MASTER") && document.body.innerText.includes("BACKUP")`)
	p.says("1@eth0", "r1", "r2", "192.0.2.1")
	p.picture("demo")
	server, _, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
	return server
}

// TestInterruptedDemoLeavesNothing: Ctrl-C in the middle of a fail-over.
func TestInterruptedDemoLeavesNothing(t *testing.T) {
	t.Parallel()
	lab.Need(t, "root")
	cmd := exec.Command(program(t, "carpd"), "demo", "--rounds", "1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errors strings.Builder
	cmd.Stderr = &errors
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for in := bufio.NewScanner(out); in.Scan(); {
		if strings.Contains(in.Text(), "crash:") {
			_ = cmd.Process.Signal(os.Interrupt)
		}
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(errors.String(), "interrupted") {
		t.Errorf("the interrupted demo: %v\n%s", err, errors.String())
	}
	id := fmt.Sprintf("carplab-%d", cmd.Process.Pid)
	for _, pattern := range []string{"/run/netns/", "/run/carpd-lab/", "/run/carpd/", pins + "/"} {
		if left, _ := filepath.Glob(pattern + id + "*"); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
}
