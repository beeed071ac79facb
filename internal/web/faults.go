package web

import (
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strings"
)

// faults are what is wrong with the fields of a form, in their order. They are
// an error, so that an act can return them.
type faults []fault

// fault is what is wrong with one field.
type fault struct {
	Field string // empty = the whole form's
	Text  string
}

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, fault{field, fmt.Sprintf(format, args...)})
}

// Error is all of them, for the log.
func (f faults) Error() string {
	var texts []string
	for _, one := range f {
		texts = append(texts, one.Text)
	}
	return strings.Join(texts, " ")
}

// Of are the texts for one field.
func (f faults) Of(field string) []string {
	var out []string
	for _, one := range f {
		if one.Field == field {
			out = append(out, one.Text)
		}
	}
	return out
}

var (
	// place is how a mistake in the configuration begins.
	place = regexp.MustCompile(`^\S+:(\d+):\d+: `)
	// keyWords are the keys of the configuration as its mistakes name them, the
	// longer ones first.
	keyWords = regexp.MustCompile(`\b(password_file|password|carpdev|interface|vhid|advbase|advskew|preempt|mac|description|addresses|address|sync|log_level|xdp|detach_on_stop)\b`)
	// anAddress is an address in quotes or bare at the beginning of a mistake.
	anAddress = regexp.MustCompile(`^"?[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*(/\d+)?"? (is|has) `)
	fieldOf   = map[string]string{"sync": "local", "interface": "carpdev"}
)

// blame puts a refusal of carpd beside the fields that it speaks of. A conflict
// is about the whole configuration and stays as it is.
func blame(err error) error {
	if codeOf(err) == http.StatusConflict {
		return err
	}
	var out faults
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, blamed(line))
		}
	}
	return out
}

// blamed is one line of a refusal with its field.
func blamed(line string) fault {
	text := line
	if at := place.FindStringSubmatch(line); at != nil {
		text = line[len(at[0]):] + " (line " + at[1] + " of the configuration)"
	}
	rest := place.ReplaceAllString(line, "")
	found, _, _ := strings.Cut(rest, "; allowed: ")
	switch word := keyWords.FindString(found); {
	case anAddress.MatchString(found), word == "address" && !strings.HasPrefix(found, "address is "):
		return fault{"addresses", text}
	case fieldOf[word] != "":
		return fault{fieldOf[word], text}
	default:
		return fault{word, text}
	}
}

// Marks are the attributes of a field: what describes it, and whether what is in
// it is wrong. The name of the field comes from the template, never from outside.
func (f faults) Marks(field string) template.HTMLAttr {
	if len(f.Of(field)) == 0 {
		return template.HTMLAttr(`aria-describedby="` + field + `-hint"`)
	}
	return template.HTMLAttr(`aria-invalid="true" aria-describedby="` + field + `-fault ` + field + `-hint"`)
}
