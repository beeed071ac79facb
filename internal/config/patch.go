package config

import (
	"cmp"
	"slices"
	"strings"
)

// patch puts a text in the place of a part of another one.
type patch struct {
	span
	text string
	asIs bool // its lines end as they are to end
}

// patched is a text after patches that do not overlap. Their lines end as the
// others do.
func patched(src string, patches []patch) string {
	slices.SortStableFunc(patches, func(a, b patch) int { return cmp.Compare(a.from, b.from) })
	var out strings.Builder
	at, end := 0, lineEnd(src)
	for _, p := range patches {
		if !p.asIs {
			p.text = strings.ReplaceAll(p.text, "\n", end)
		}
		out.WriteString(src[at:p.from] + p.text)
		at = p.to
	}
	out.WriteString(src[at:])
	return out.String()
}

// lineEnd is how most lines of a text end; new ones end so too.
func lineEnd(src string) string {
	if crlf := strings.Count(src, "\r\n"); 2*crlf > strings.Count(src, "\n") {
		return "\r\n"
	}
	return "\n"
}
