// Package internal holds the table of who may import whom, and nothing else.
package internal

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/carpd/carpd/"

// allowed is the drawing of the packages as data: each may import these of our
// own and no others. Arrows go one way, from the pure ring outwards.
var allowed = map[string][]string{
	// Pure: arithmetic on values. No clock, socket, map, log or goroutine.
	"internal/carp":     {},
	"internal/election": {"internal/carp"},
	"internal/config":   {"internal/carp", "internal/election"},
	"internal/demotion": {},
	"internal/status":   {},
	"internal/build":    {},
	"internal/words":    {},
	"internal/capture":  {"internal/carp"},
	// Edges: each touches one thing of the system.
	"internal/configfile": {"internal/config"},
	"internal/boottime":   {},
	"internal/statedir":   {},
	"internal/ledger":     {},
	"internal/throttle":   {},
	"internal/transport":  {"internal/carp"},
	"internal/iface":      {"internal/carp", "internal/ledger"},
	"internal/dataplane":  {"internal/boottime", "internal/carp"},
	// The loop. Of dataplane it uses the plain types only.
	"internal/agent": {
		"internal/carp", "internal/config", "internal/dataplane", "internal/demotion", "internal/election",
		"internal/iface", "internal/status", "internal/transport",
	},
	// The file that the loop is given, and who may change it.
	"internal/configstore": {
		"internal/carp", "internal/config", "internal/statedir", "internal/status",
	},
	// Between nodes.
	"internal/cluster": {"internal/config", "internal/statedir", "internal/status", "internal/throttle", "internal/words"},
	// Doors.
	"internal/control":  {"internal/status", "internal/throttle"},
	"internal/confsync": {"internal/carp", "internal/config", "internal/status", "internal/words"},
	"internal/web":      {"internal/carp", "internal/config", "internal/control", "internal/status", "internal/words"},
	// What people try it with.
	"internal/lab":  {"internal/carp"},
	"internal/demo": {"internal/carp", "internal/lab", "internal/status", "internal/control"},
	// Programs put the parts together.
	"cmd/carpd": {
		"internal/agent", "internal/boottime", "internal/build", "internal/carp", "internal/cluster", "internal/config", "internal/configfile", "internal/configstore", "internal/confsync", "internal/control",
		"internal/dataplane", "internal/demo", "internal/iface", "internal/ledger", "internal/status", "internal/transport",
		"internal/demotion", "internal/statedir", "internal/web",
	},
	"cmd/carpctl": {"internal/build", "internal/capture", "internal/carp", "internal/config", "internal/configfile", "internal/control", "internal/status", "internal/words"},
}

// owners keeps each library where its meaning is.
var owners = map[string][]string{
	"github.com/vishvananda/netlink": {"internal/iface", "internal/lab"},
	"github.com/vishvananda/netns":   {"internal/lab"},
	"github.com/cilium/ebpf":         {"internal/dataplane", "internal/lab"},
	"golang.org/x/net":               {"internal/transport", "internal/lab"},
	"github.com/urfave/cli":          {"cmd/carpd", "cmd/carpctl", "internal/demo"},
	"github.com/goccy/go-yaml":       {"internal/config"},
	"github.com/gopacket/gopacket":   {"internal/capture", "internal/lab"},

	"github.com/aymanbagabas/go-udiff": {"internal/config"},

	"github.com/google/renameio": {"internal/statedir"},

	"golang.org/x/time":             {"internal/cluster", "internal/control", "internal/throttle"},
	"github.com/invopop/jsonschema": {"internal/control"},
}

// pure packages must import neither sockets nor logs nor the system.
var pure = []string{"internal/carp", "internal/election", "internal/demotion", "internal/config", "internal/status"}

var impure = []string{"os", "net", "syscall", "log", "math/rand", "golang.org/x/sys/unix", "github.com/rs/zerolog", "sync", "context"}

func TestImports(t *testing.T) {
	pkgs := list(t)
	for name, imports := range pkgs {
		may, known := allowed[name]
		if !known {
			if !strings.HasPrefix(name, "test") {
				t.Errorf("%s is not in the table", name)
			}
			continue
		}
		for _, imp := range imports {
			if own, ok := strings.CutPrefix(imp, module); ok && !slices.Contains(may, own) {
				t.Errorf("%s must not import %s", name, own)
			}
			checkOwner(t, name, imp)
			if slices.Contains(pure, name) && slices.Contains(impure, imp) {
				t.Errorf("%s is pure and must not import %s", name, imp)
			}
		}
	}
	for name := range allowed {
		if _, ok := pkgs[name]; !ok {
			t.Errorf("the table names %s, which does not exist", name)
		}
	}
}

// The map of folders in the README names every package.
func TestReadmeMap(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range allowed {
		if !strings.Contains(string(readme), "`"+name+"`") && !strings.Contains(string(readme), "`"+strings.TrimPrefix(name, "internal/")+"`") {
			t.Errorf("README.md does not name %s", name)
		}
	}
}

func checkOwner(t *testing.T, name, imp string) {
	for lib, who := range owners {
		if (imp == lib || strings.HasPrefix(imp, lib+"/")) && !slices.Contains(who, name) && !strings.HasPrefix(name, "test") {
			t.Errorf("%s must not import %s: only %v may", name, imp, who)
		}
	}
}

// list asks the go command which package imports what, without tests.
func list(t *testing.T) map[string][]string {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	pkgs := map[string][]string{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for dec.More() {
		var p struct {
			ImportPath       string
			Imports, GoFiles []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			pkgs[strings.TrimPrefix(p.ImportPath, module)] = p.Imports
		}
	}
	return pkgs
}
