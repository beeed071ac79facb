package configstore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// one and two are files that differ in one group.
const (
	secret = "mekmitasdigoat"
	one    = "# The office.\ngroups:\n  - vhid: 1 # gateway\n    carpdev: eth0\n    addresses: [192.0.2.1/24]\n    password: " + secret + "\n"
	two    = one + "  - vhid: 2\n    carpdev: eth0\n    addresses: [192.0.2.2/24]\n    password: " + secret + "2\n"
	bad    = "groups:\n  - vhid: 300\n    carpdev: eth0\n    addresses: [192.0.2.1/24]\n    password: " + secret + "\n"
)

// rig is a store with an agent that only remembers.
type rig struct {
	*Store
	t      *testing.T
	path   string
	mu     sync.Mutex
	ran    []int  // the number of groups of each configuration
	atRun  func() // is done while the agent is asked
	refuse error
	noted  chan string
}

func newRig(t *testing.T, text string) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{t: t, path: filepath.Join(dir, "carpd.yaml"), noted: make(chan string, 100)}
	r.write(text)
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.open(filepath.Join(dir, "state"))
	return r
}

// open makes the store, again after what stands for a restart.
func (r *rig) open(state string) {
	r.t.Helper()
	text, _ := Recover(r.path, state, []byte(r.file()), zerolog.Nop())
	cfg, _, err := load(r.path)(text)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Store = New(Deps{
		Path: r.path, Dir: state, Load: load(r.path), Run: r.run,
		Groups: func() []status.Group { return nil }, Note: r.note, Log: zerolog.Nop(),
	}, text, cfg)
	r.t.Cleanup(func() { _ = r.forgetTrial() })
}

// load checks a text as the daemon does.
func load(path string) func([]byte) (*config.Config, []config.Warning, error) {
	return func(text []byte) (*config.Config, []config.Warning, error) {
		return config.Load(bytes.NewReader(text), path, config.Options{})
	}
}

func (r *rig) run(_ context.Context, cfg *config.Config) (config.Plan, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.atRun != nil {
		r.atRun()
	}
	if r.refuse == nil {
		r.ran = append(r.ran, len(cfg.Groups))
	}
	return config.Plan{}, r.refuse
}

func (r *rig) note(kind, text string) { r.noted <- kind + ": " + text }

// wait waits for an event.
func (r *rig) wait(kind string) string {
	r.t.Helper()
	for {
		select {
		case n := <-r.noted:
			if strings.HasPrefix(n, kind+": ") {
				return n
			}
		case <-time.After(20 * time.Second):
			r.t.Fatalf("no event %s", kind)
		}
	}
}

func (r *rig) write(text string) {
	r.t.Helper()
	if err := os.WriteFile(r.path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) file() string {
	r.t.Helper()
	text, err := os.ReadFile(r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// is checks the file, what runs, and what the agent was told in turn.
func (r *rig) is(file, runs string, ran ...int) {
	r.t.Helper()
	if got := r.file(); got != file {
		r.t.Errorf("the file is\n%s\nwant\n%s", got, file)
	}
	if text, _, _ := r.Current(); string(text) != runs {
		r.t.Errorf("this runs:\n%s\nwant\n%s", text, runs)
	}
	if !slices.Equal(r.ran, ran) {
		r.t.Errorf("the agent ran configurations of %v groups, want %v", r.ran, ran)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(r.path), ".*")); len(left) > 0 {
		r.t.Errorf("left behind: %v", left)
	}
}

func (r *rig) apply(text, base string, o Options) error {
	_, err := r.Apply(r.t.Context(), []byte(text), Hash([]byte(base)), o)
	return err
}

// hides checks that a text shows no password.
func hides(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, secret) {
		t.Errorf("a password is in\n%s", text)
	}
}

// TestApply: the file first, then the agent, and those who wait are told.
func TestApply(t *testing.T) {
	r := newRig(t, one)
	changed := r.Changed()
	r.atRun = func() {
		if r.file() != two {
			t.Error("the agent was asked before the file was written")
		}
	}
	done, err := r.Apply(t.Context(), []byte(two), Hash([]byte(one)), Options{By: "anna"})
	if err != nil || done.Hash != Hash([]byte(two)) || done.What != "added 2@eth0; 1 unchanged" {
		t.Errorf("%+v, %v", done, err)
	}
	r.is(two, two, 2)
	select {
	case <-changed:
	default:
		t.Error("who waited was not told")
	}
	if n := r.wait("apply"); n != "apply: anna: added 2@eth0; 1 unchanged" {
		t.Error(n)
	}
}

// TestApplyRefusedByTheAgent: the file goes back.
func TestApplyRefusedByTheAgent(t *testing.T) {
	r := newRig(t, one)
	r.refuse = errors.New("no")
	for _, o := range []Options{{}, {Confirm: time.Hour}} {
		if err := r.apply(two, one, o); err == nil || !strings.Contains(err.Error(), "nothing has changed: no") {
			t.Error(err)
		}
		r.is(one, one)
		if r.Trial() != nil {
			t.Error("on trial all the same")
		}
	}
	if _, err := os.Stat(trialPath(r.Dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the record of the trial: %v", err)
	}
}

// TestApplyNeverOverwrites: a file that somebody else has changed stays, and the
// difference is told without secrets.
func TestApplyNeverOverwrites(t *testing.T) {
	r := newRig(t, one)
	theirs := strings.Replace(one, secret, secret+"-new", 1)
	r.write(theirs)
	err := r.apply(two, one, Options{})
	var c *Conflict
	if !errors.As(err, &c) || !strings.Contains(c.Diff, "+    password: *** (the new one)") {
		t.Fatalf("%v: %+v", err, c)
	}
	hides(t, c.Diff)
	r.is(theirs, one)
}

// TestEditAtTheLastMoment: an edit that is saved between the look at the file and
// its replacement comes back.
func TestEditAtTheLastMoment(t *testing.T) {
	dir := t.TempDir()
	path, temp := filepath.Join(dir, "f"), filepath.Join(dir, "new")
	for name, text := range map[string]string{path: "theirs", temp: "ours"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := swap(path, temp, []byte("before")); !errors.Is(err, errChanged) {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); string(text) != "theirs" {
		t.Errorf("the file is %q, %v", text, err)
	}
}

// TestReplaceKeeps: mode, owner and the symbolic link stay.
func TestReplaceKeeps(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real.yaml"), filepath.Join(dir, "carpd.yaml")
	if err := errors.Join(os.WriteFile(real, []byte("a"), 0o600), os.Chmod(real, 0o640), os.Symlink("real.yaml", link), os.Chown(real, 1, 2)); err != nil {
		t.Fatal(err)
	}
	if err := replaceConfig(link, []byte("a"), []byte("b")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(real)
	if err != nil || info.Mode() != 0o640 || owner(info) != "1:2" {
		t.Errorf("%v %s %v", info.Mode(), owner(info), err)
	}
	if to, err := os.Readlink(link); to != "real.yaml" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if text, _ := os.ReadFile(real); string(text) != "b" {
		t.Errorf("the file is %q", text)
	}
	if all, _ := os.ReadDir(dir); len(all) != 2 {
		t.Errorf("%d files are left", len(all))
	}
}

// TestApplyChecksFirst: mistakes come back with their places, and a change of
// instance is refused.
func TestApplyChecksFirst(t *testing.T) {
	r := newRig(t, one)
	err := r.apply(bad, one, Options{})
	var mistakes config.Errors
	if !errors.As(err, &mistakes) || mistakes[0].Line != 2 || mistakes[0].Column != 11 {
		t.Errorf("%v", err)
	}
	if err := r.apply("instance: other\n"+one, one, Options{}); err == nil || !strings.Contains(err.Error(), "restart carpd") {
		t.Error(err)
	}
	r.is(one, one)
}

// TestReload: a dry run changes nothing, a bad file changes nothing.
func TestReload(t *testing.T) {
	r := newRig(t, one)
	r.write(two)
	done, err := r.Reload(t.Context(), true)
	if err != nil || done.Done != "would apply" || len(done.Plan.Steps) != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	r.is(two, one)
	r.write(bad)
	if _, err := r.Reload(t.Context(), false); err == nil {
		t.Error("a bad file was taken")
	}
	r.is(bad, one)
	r.write(two)
	if done, err = r.Reload(t.Context(), false); err != nil || done.Done != "reloaded" {
		t.Errorf("%+v, %v", done, err)
	}
	r.is(two, two, 2)
}

// TestPipe: a configuration that came through a pipe is shown as it runs, and
// nothing is written into the pipe.
func TestPipe(t *testing.T) {
	r := newRig(t, one)
	if err := errors.Join(os.Remove(r.path), syscall.Mkfifo(r.path, 0o600)); err != nil {
		t.Fatal(err)
	}
	if text, err := r.Edited(); string(text) != one || err != nil {
		t.Errorf("%s %v", text, err)
	}
	if err := r.apply(two, one, Options{}); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Error(err)
	}
	if _, err := r.Reload(t.Context(), false); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Error(err) // Nor is anything waited for that may come out of it.
	}
	if text, _, _ := r.Current(); string(text) != one {
		t.Errorf("this runs:\n%s", text)
	}
}
