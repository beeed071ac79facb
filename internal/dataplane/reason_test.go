package dataplane

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/carpd/carpd/internal/carp"
)

// goReasons are the names of the constants of carp.Reason in the order of the
// source; their values are that order.
func goReasons(t *testing.T) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../carp/reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if g, ok := n.(*ast.GenDecl); ok && g.Tok == token.CONST {
			for _, s := range g.Specs {
				names = append(names, s.(*ast.ValueSpec).Names[0].Name)
			}
		}
		return true
	})
	return names
}

var wordEnd = regexp.MustCompile(`([a-z])([A-Z])`)

// cName is how the kernel side writes the name of a Go constant: BadTTL is
// CARP_BAD_TTL.
func cName(name string) string {
	return "CARP_" + strings.ToUpper(wordEnd.ReplaceAllString(name, "${1}_${2}"))
}

// enum reads an enum of the compiled object.
func enum(t *testing.T, name string) map[string]uint64 {
	t.Helper()
	spec, err := loadBpf()
	if err != nil {
		t.Fatal(err)
	}
	var e *btf.Enum
	if err := spec.Types.TypeByName(name, &e); err != nil {
		t.Fatal(err)
	}
	values := map[string]uint64{}
	for _, v := range e.Values {
		values[v.Name] = v.Value
	}
	return values
}

func TestReasonsAreThoseOfGo(t *testing.T) {
	kernel, names := enum(t, "carp_reason"), goReasons(t)
	if len(names) != len(kernel) || len(names) != int(carp.NumReasons)+1 {
		t.Fatalf("Go has %d reasons with their number, the kernel %d", len(names), len(kernel))
	}
	for value, name := range names {
		got, ok := kernel[cName(name)]
		if !ok || got != uint64(value) {
			t.Errorf("carp.%s is %d, %s is %d (there: %v)", name, value, cName(name), got, ok)
		}
	}
}

func TestFamiliesAndStatesAreThoseOfGo(t *testing.T) {
	family := enum(t, "carp_family")
	if family["CARP_IPV4"] != uint64(carp.IPv4) || family["CARP_IPV6"] != uint64(carp.IPv6) {
		t.Errorf("families differ: %v", family)
	}
	state := enum(t, "carp_state")
	if state["CARP_INIT"] != 0 || state["CARP_BACKUP"] != 1 || state["CARP_MASTER"] != 2 || len(state) != 3 {
		t.Errorf("states differ: %v", state)
	}
}
