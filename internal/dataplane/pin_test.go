package dataplane

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
)

// pinned are the names in the directory of an instance.
func pinned(t *testing.T, instance string) map[string]fs.FileInfo {
	t.Helper()
	dir, err := instanceDir(instance)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]fs.FileInfo{}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		files[name], err = e.Info()
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return files
}

func TestEverythingIsPinned(t *testing.T) {
	l := newLAN(t)
	o := Options{XDP: "generic", Instance: instanceName()}
	d, _ := l.loadIn(t, o)
	files := pinned(t, o.Instance)
	spec, err := loadBpf()
	if err != nil {
		t.Fatal(err)
	}
	for name := range spec.Maps {
		if name == bpfMapCarpSecret {
			name = "secret/" + name
		}
		if files[name] == nil {
			t.Errorf("map %s is not pinned", name)
		}
	}
	for name := range spec.Programs {
		if files[name] == nil {
			t.Errorf("program %s is not pinned", name)
		}
	}
	for _, dir := range []string{".", "links", "secret"} {
		if f := files[dir]; f == nil || f.Mode().Perm() != 0o700 {
			t.Errorf("directory %s: %v", dir, f)
		}
	}
	// The three directories, and three links.
	if want := len(spec.Maps) + len(spec.Programs) + 3 + 3; len(files) != want {
		t.Errorf("%d names, want %d: %v", len(files), want, files)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(pinned(t, o.Instance)); n != len(files) {
		t.Errorf("%d names after Close, before %d", n, len(files))
	}
	if err := Unload(o.Instance); err != nil {
		t.Fatal(err)
	}
	if n := len(pinned(t, o.Instance)); n != 0 {
		t.Errorf("%d names after Unload", n)
	}
	if err := Unload(o.Instance); err != nil {
		t.Errorf("nothing to unload: %v", err)
	}
}

// What a crash has left in another network namespace is not gone on with: the
// interface of that number is another one here.
func TestLoadOverTheRemainsOfAnotherNamespace(t *testing.T) {
	l := newLAN(t)
	l.router.address(t, "192.0.2.12/24")
	o := Options{XDP: "generic", Instance: instanceName()}
	crashed, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	l.attach(t, crashed)
	slot := addGroup(t, crashed, Group{Ifindex: l.routerIf, VHID: 1, Addresses: addrs("192.0.2.1")})
	crashed.Answer(slot, later())
	if err := crashed.Close(); err != nil {
		t.Fatal(err)
	}
	d, slot := l.loadIn(t, o)
	p := l.client.tap(t, l.clientIf)
	if l.asks(t, p) {
		t.Error("answered on the lease of the crashed process")
	}
	d.Answer(slot, later())
	if !l.asks(t, p) {
		t.Error("not answered")
	}
	if a, _ := d.Attachment(l.routerIf); a.Mode != "generic" {
		t.Errorf("%+v", a)
	}
}

func TestUnloadLeavesOtherInstancesAlone(t *testing.T) {
	l := newLAN(t)
	l.router.address(t, "192.0.2.12/24")
	first, second := Options{Instance: instanceName()}, Options{Instance: instanceName()}
	other := load(t, first)
	l.attach(t, other)
	d, slot := l.loadIn(t, second)
	var a Attachment
	l.router.do(t, func() { a, _ = d.Attachment(l.routerIf) })
	if a.Mode != "none" || a.Ingress != "first of 2" || a.Egress != "last of 2" {
		t.Errorf("the second instance: %+v", a)
	}
	if err := Unload(first.Instance); err != nil {
		t.Fatal(err)
	}
	d.Answer(slot, later())
	if !l.asks(t, l.client.tap(t, l.clientIf)) {
		t.Error("the second instance does not answer any more")
	}
	if len(pinned(t, second.Instance)) == 0 {
		t.Error("the second instance has no pins any more")
	}
}

func TestInstanceNames(t *testing.T) {
	for _, name := range []string{"", ".", "..", "a/b", "../x", "a.b"} {
		if _, err := Load(Options{Instance: name}); err == nil {
			t.Errorf("loaded as %q", name)
		}
		if err := Unload(name); err == nil {
			t.Errorf("unloaded %q", name)
		}
	}
}

// What people see: names of fields, names of states.
func TestBpftoolPrintsNames(t *testing.T) {
	d := load(t, Options{})
	if _, err := exec.LookPath("bpftool"); err != nil {
		t.Skip("needs bpftool")
	}
	slot := addGroup(t, d, Group{Ifindex: 3, VLAN: 5, VHID: 9, Addresses: addrs("192.0.2.1", "2001:db8::1")})
	if err := d.SetState(slot, Master); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("bpftool", "-j", "map", "dump", "pinned", filepath.Join(d.dir, "carp_groups")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var dump []struct {
		Formatted struct {
			Key struct {
				Ifindex, Vlan, Inner, Vhid int
			}
			Value struct {
				State     string
				Mac       []json.RawMessage
				Addresses int
				Slot      int
			}
		}
	}
	if err := json.Unmarshal(out, &dump); err != nil || len(dump) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	k, v := dump[0].Formatted.Key, dump[0].Formatted.Value
	if k.Ifindex != 3 || k.Vlan != 5 || k.Vhid != 9 || v.State != "CARP_MASTER" || v.Addresses != 2 || len(v.Mac) != 6 || v.Slot != 1 {
		t.Errorf("%s", out)
	}
}

func TestVerifierHasLittleToDo(t *testing.T) {
	needRoot(t)
	spec, err := loadBpf()
	if err != nil {
		t.Fatal(err)
	}
	coll, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{Programs: ebpf.ProgramOptions{LogLevel: ebpf.LogLevelStats}})
	if err != nil {
		t.Fatal(err)
	}
	defer coll.Close()
	for name, p := range coll.Programs {
		info, err := p.Info()
		if err != nil {
			t.Fatal(err)
		}
		insns, ok := info.VerifiedInstructions()
		if !ok || insns == 0 || insns >= 200_000 {
			t.Errorf("%s: the verifier looked at %d instructions (known: %v), want less than 200000", name, insns, ok)
		}
		jited, _ := info.JitedSize()
		t.Logf("%s: %d instructions verified, %d bytes", name, insns, jited)
	}
}

func TestCloseTwice(t *testing.T) {
	d := load(t, Options{})
	for range 2 {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	d.Answer(1, later())
	if err := d.Drain(func(Event) {}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("drain after close: %v", err)
	}
	if _, err := d.AddGroup(Group{Ifindex: loopback, VHID: 1}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("add a group after close: %v", err)
	}
}
