package lab

import (
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// Skipper is the part of testing.TB that Need uses, so that programs with a
// lab in them do not link the testing package.
type Skipper interface {
	Helper()
	Skip(args ...any)
}

// Need skips the test when this machine lacks something that it names: "root",
// or else a program such as "ucarp". Everything else that goes wrong in a test
// is a failure.
func Need(t Skipper, what ...string) {
	t.Helper()
	for _, w := range what {
		if why := missing(w); why != "" {
			t.Skip("needs " + w + ": " + why)
		}
	}
}

// missing says why a capability is not there; empty when it is.
func missing(what string) string {
	if what == "root" {
		if os.Geteuid() != 0 {
			return "not running as root"
		}
		return ""
	}
	if _, err := exec.LookPath(what); err != nil {
		return err.Error()
	}
	return ""
}

// bpffs is where carpd pins its maps and links.
const bpffs = "/sys/fs/bpf"

// MountBPF mounts the BPF file system where it belongs when nobody has, as the
// init system of a whole machine does.
func MountBPF() error {
	var fs unix.Statfs_t
	if err := unix.Statfs(bpffs, &fs); err == nil && fs.Type == unix.BPF_FS_MAGIC {
		return nil
	}
	return unix.Mount("bpf", bpffs, "bpf", 0, "mode=0700")
}
