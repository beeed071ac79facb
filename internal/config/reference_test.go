package config

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// aLine is a key in the reference, in use or commented out.
var aLine = regexp.MustCompile(`^ *(?:- )?(?:# )?(?:- )?([a-z_]+):(?: |$)`)

// entry is a key of the reference with the comment block above it.
type entry struct{ name, comment string }

// referenceEntries reads the reference as a person does.
func referenceEntries() (out []entry) {
	comment := ""
	for _, line := range strings.Split(Reference, "\n") {
		m := aLine.FindStringSubmatch(line)
		text := strings.TrimPrefix(strings.TrimSpace(line), "# ")
		switch {
		case strings.TrimSpace(line) == "":
			comment = ""
		case m != nil:
			out = append(out, entry{m[1], comment})
			comment = ""
		default:
			comment += text + "\n"
		}
	}
	return out
}

// rows are all keys of the tables, in their order.
func rows() (out []key[draft]) {
	for _, k := range fileKeys {
		out = append(out, plainKeys([]key[fileDraft]{k})...)
		if k.name == "api" {
			out = append(out, apiRows()...)
		}
		if k.name == "cluster" {
			out = append(out, plainKeys(clusterKeys)...)
		}
	}
	return append(out, groupKeys...)
}

// apiRows are the keys of the section api, those of an entry behind its list.
func apiRows() (out []key[draft]) {
	for _, k := range apiKeys {
		out = append(out, plainKeys([]key[apiDraft]{k})...)
		switch k.name {
		case "tokens":
			out = append(out, plainKeys(tokenKeys)...)
		case "clients":
			out = append(out, plainKeys(clientKeys)...)
		}
	}
	return out
}

// plainKeys are the keys of a table without what reads them.
func plainKeys[T any](keys []key[T]) (out []key[draft]) {
	for _, k := range keys {
		out = append(out, key[draft]{name: k.name, allowed: k.allowed, def: k.def, required: k.required})
	}
	return out
}

// TestReference: the reference loads, shows every key in the order of the
// tables and no other, and each with what is allowed and its default.
func TestReference(t *testing.T) {
	c, warnings := accept(t, Reference, Options{})
	if len(warnings) != 0 || len(c.Groups) != 1 {
		t.Errorf("%v", warnings)
	}
	var have, want []string
	entries := referenceEntries()
	for _, e := range entries {
		have = append(have, e.name)
	}
	for i, k := range rows() {
		want = append(want, k.name)
		if i >= len(entries) {
			continue
		}
		if c := entries[i].comment; !strings.Contains(c, "Allowed: "+k.allowed+"\n") {
			t.Errorf("the comment of %s does not say: Allowed: %s", k.name, k.allowed)
		}
		if c := entries[i].comment; k.def != "" && !strings.Contains(c, "Default: "+k.def+"\n") {
			t.Errorf("the comment of %s does not say: Default: %s", k.name, k.def)
		}
	}
	if !slices.Equal(have, want) {
		t.Errorf("the reference has the keys\n%v, the tables\n%v", have, want)
	}
}

// TestReferenceAPI: the section that is commented out loads when it is not.
func TestReferenceAPI(t *testing.T) {
	_, section, _ := strings.Cut(Reference, "# api:\n")
	section, _, _ = strings.Cut(section, "# How this node shares")
	text := "api:\n"
	for _, line := range strings.Split(section, "\n") {
		if aLine.MatchString(line) {
			text += strings.Replace(line, "# ", "", 1) + "\n"
		}
	}
	c, warnings := accept(t, text+Example, Options{})
	if len(c.API.Listen) != 1 || len(c.API.Tokens) != 1 || len(c.API.Clients) != 1 || c.API.Key != "/etc/carpd/api.key" || len(warnings) != 0 {
		t.Errorf("%+v %v", c.API, warnings)
	}
}

// TestReferenceCluster: so does that of the cluster, and what it says of
// sections and advskew_step is the default.
func TestReferenceCluster(t *testing.T) {
	_, section, _ := strings.Cut(Reference, "# cluster:\n")
	section, _, _ = strings.Cut(section, "# The groups:")
	text := "cluster:\n"
	for _, line := range strings.Split(section, "\n") {
		if aLine.MatchString(line) {
			text += strings.Replace(line, "# ", "", 1) + "\n"
		}
	}
	got, _ := accept(t, text+Example, Options{})
	want, _ := accept(t, "cluster: {node: r1, listen: '192.0.2.11:7430', carpdevs: {lan: eth0}}\n"+Example, Options{})
	want.Groups, got.Groups = nil, nil // They stand on other lines.
	compare(t, want, got)
}

// TestReferenceIsTheDefault: the values in the reference are the defaults.
func TestReferenceIsTheDefault(t *testing.T) {
	few := regexp.MustCompile(`(?m)^ *(instance|log_level|xdp|detach_on_stop|key_format|advbase|advskew|preempt|master_down|timers|lease|prefix_route|mac|address|announce_every|balancing|sync):.*\n`)
	want, _ := accept(t, few.ReplaceAllString(Reference, ""), Options{})
	got, _ := accept(t, Reference, Options{})
	want.Groups[0].Line = got.Groups[0].Line
	compare(t, want, got)
}

// TestExample: the example of the README loads without a warning.
func TestExample(t *testing.T) {
	if _, warnings := accept(t, Example, Options{}); len(warnings) != 0 {
		t.Error(warnings)
	}
}

// TestDocumentation: docs/configuration.md has a row for every key with what
// is allowed and its default, as the tables have it, and no other.
func TestDocumentation(t *testing.T) {
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, k := range slices.Concat(plainKeys(fileKeys), groupKeys, plainKeys(apiKeys), plainKeys(tokenKeys), plainKeys(clientKeys), plainKeys(clusterKeys)) {
		def := k.def
		switch {
		case k.required:
			def = "required"
		case k.name == "certificate", k.name == "key", k.name == "client_ca":
			def = "the cluster's"
		case slices.Contains([]string{"api", "tokens", "clients", "carpnodes", "description", "cluster", "carpdevs"}, k.name):
			def = "none"
		case def == "":
			def = "one of the three is required"
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", k.name, k.allowed, def))
	}
	have := regexp.MustCompile("(?m)^\\| `[a-z_]+` \\| [^|]* \\| [^|]* \\|").FindAllString(string(data), -1)
	if !slices.Equal(have, want) {
		t.Errorf("the table of docs/configuration.md begins its rows with\n%s\nand should with\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
	if !strings.Contains(string(data), "```yaml\n"+Example+"```") {
		t.Error("docs/configuration.md does not show the example")
	}
}
