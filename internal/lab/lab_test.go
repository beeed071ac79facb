package lab

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netns"
)

// newLab makes a lab for one test.
func newLab(t *testing.T, topo Topology) *Lab {
	t.Helper()
	Need(t, "root")
	l, err := New(topo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, l.Close()) })
	return l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within is a context for one step of a test.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// leftovers lists what a lab left in the file system.
func leftovers(t *testing.T, id string) []string {
	t.Helper()
	names, err := filepath.Glob("/run/netns/" + id + "-*")
	must(t, err)
	if _, err := os.Stat(filepath.Join(stateDir, id)); err == nil {
		names = append(names, filepath.Join(stateDir, id))
	}
	return names
}

func TestEveryNodeReachesEveryOther(t *testing.T) {
	l := newLab(t, Topology{Routers: 2})
	for _, from := range l.Nodes() {
		for _, to := range l.Nodes() {
			for _, a := range []string{to.IPv4.Addr().String(), to.IPv6.Addr().String()} {
				if out, err := from.Command("ping", "-c1", "-W2", a).Output(); err != nil {
					t.Errorf("%s to %s: %v\n%s", from.Name, a, err, out)
				}
			}
		}
	}
}

func TestCloseRemovesEverything(t *testing.T) {
	l := newLab(t, Topology{Routers: 2})
	p := l.Routers[0].Command("sleep", "100")
	must(t, p.Start())
	pin := filepath.Join(t.TempDir(), "pin")
	must(t, os.WriteFile(pin, nil, 0o600))
	must(t, l.RemoveToo(pin))
	must(t, l.Close())
	if p.Running() {
		t.Error("a process outlived its lab")
	}
	if left := leftovers(t, l.ID()); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if _, err := os.Stat(pin); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a path given to RemoveToo is still there: %v", err)
	}
}

// helperEnv makes the test binary play the owner of a lab that is killed.
const helperEnv = "CARPD_LAB_TEST_OWNER"

func TestMain(m *testing.M) {
	if mode := os.Getenv(helperEnv); mode != "" {
		playOwner(mode)
		return
	}
	os.Exit(m.Run())
}

// playOwner makes a lab with a process in it, says its names and waits to be
// killed.
func playOwner(mode string) {
	l, err := New(Topology{Routers: 1, Keep: mode == "keep"})
	if err == nil {
		// A program with a child, as daemons have that watch themselves.
		p := l.Routers[0].Command("sh", "-c", "sleep 1000 & echo $! >"+l.File("child")+"; wait")
		err = p.Start()
		child := []byte(nil)
		for len(child) == 0 && err == nil {
			child, _ = os.ReadFile(l.File("child"))
		}
		if err == nil {
			println(l.ID())
			println(strings.TrimSpace(string(child)))
		}
	}
	if err != nil {
		println(err.Error())
	}
	select {}
}

// killedOwner starts an owner, kills it, and returns the lab's name and the
// process that ran in it.
func killedOwner(t *testing.T, mode string) (id string, worker identity) {
	t.Helper()
	Need(t, "root")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+mode)
	out, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	buf := make([]byte, 0, 100)
	for strings.Count(string(buf), "\n") < 2 {
		n, err := out.Read(buf[len(buf):cap(buf)])
		must(t, err)
		buf = buf[:len(buf)+n]
	}
	words := strings.Fields(string(buf))
	var pid int
	for _, c := range words[1] {
		pid = pid*10 + int(c-'0')
	}
	worker = identify(pid)
	must(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait()
	return words[0], worker
}

func TestSweepRemovesTheLabOfAKilledOwner(t *testing.T) {
	id, worker := killedOwner(t, "leave")
	must(t, Sweep())
	if left := leftovers(t, id); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if worker.alive() {
		t.Error("the child of a process outlived its lab")
	}
}

func TestAKeptLabStaysUntilDown(t *testing.T) {
	id, worker := killedOwner(t, "keep")
	must(t, Sweep())
	if left := leftovers(t, id); len(left) != 4 { // switch, r1, client, the directory
		t.Errorf("a kept lab has %q", left)
	}
	if !worker.alive() {
		t.Error("a process of a kept lab ended with its owner")
	}
	n, err := Down()
	must(t, err)
	if n < 1 {
		t.Errorf("Down removed %d labs", n)
	}
	if left := leftovers(t, id); len(left) > 0 || worker.alive() {
		t.Errorf("left behind: %q, process alive %t", left, worker.alive())
	}
}

func TestRunStaysInTheNamespaceAndComesBack(t *testing.T) {
	l := newLab(t, Topology{Routers: 1})
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := netns.Get()
	must(t, err)
	var names []string
	must(t, l.Routers[0].Run(func() error {
		list, err := net.Interfaces()
		for _, i := range list {
			names = append(names, i.Name)
		}
		return err
	}))
	if got := strings.Join(names, " "); got != "lo eth0" {
		t.Errorf("interfaces of r1: %s", got)
	}
	after, err := netns.Get()
	must(t, err)
	if !before.Equal(after) {
		t.Error("the test's own thread changed its namespace")
	}
	if err := l.Routers[0].Run(func() error { runtime.Goexit(); return nil }); !errors.Is(err, errLeft) {
		t.Errorf("a function that does not come back gives %v", err)
	}
}

func TestFreezeAndThaw(t *testing.T) {
	l := newLab(t, Topology{Routers: 1})
	p := l.Routers[0].Command("sh", "-c", "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done")
	p.Log = l.File("sh.log")
	must(t, p.Start())
	for b := ""; !strings.Contains(b, "up"); {
		raw, _ := os.ReadFile(p.Log)
		b = string(raw)
	}
	must(t, p.Freeze())
	if err := p.end(syscall.SIGTERM, 50*time.Millisecond); err == nil {
		t.Error("a frozen process ended")
	}
	must(t, p.Thaw())
	if err := p.Stop(2 * time.Second); err == nil || err.Error() != "exit status 3" {
		t.Errorf("the process ended with %v", err)
	}
	if b, _ := os.ReadFile(p.Log); !strings.Contains(string(b), "bye") {
		t.Errorf("log: %q", b)
	}
}

// TestProcessBesideTheLab: what is started outside of the nodes is in the
// network of its owner, and ends with the lab.
func TestProcessBesideTheLab(t *testing.T) {
	l := newLab(t, Topology{Routers: 1})
	home, err := os.Readlink("/proc/thread-self/ns/net")
	must(t, err)
	out, err := l.Command("readlink", "/proc/self/ns/net").Output()
	must(t, err)
	if strings.TrimSpace(out) != home {
		t.Errorf("it runs in %s, we in %s", out, home)
	}
	out, err = l.Routers[0].Command("sh", "-c", "readlink /proc/self/ns/net; echo $STATE_DIRECTORY").Output()
	must(t, err)
	if strings.Contains(out, home) || !strings.HasSuffix(out, "\n"+l.File("state")+"\n") {
		t.Errorf("on the node: %s", out)
	}
	p := l.Command("sleep", "1000")
	must(t, p.Start())
	must(t, l.Close())
	if p.Running() {
		t.Error("it runs on")
	}
}
