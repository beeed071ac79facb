package confsync

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// format is the form of the document that this carpd writes, and the newest one
// that it reads.
const format = 1

// hashPrefix tells how the hash of a document was made.
const hashPrefix = "sha256:"

// Sections that can be shared.
const (
	Groups   = "groups"
	Settings = "settings"
)

// document is the configuration that all nodes share, with the passwords that
// are written in it: it goes nowhere but to other nodes.
type document struct {
	Form     int            `json:"format"`
	Sections []string       `json:"sections"` // sorted
	Groups   []entry        `json:"groups,omitempty"`
	Settings map[string]any `json:"settings,omitempty"`
}

// entry is one entry of the list of groups, which is several groups when they
// share its addresses.
type entry struct {
	Carpdev string `json:"carpdev"` // the name that the nodes share
	VHIDs   []int  `json:"vhids"`
	// Shares is true for an entry with carpnodes.
	Shares bool           `json:"shares,omitempty"`
	Keys   map[string]any `json:"keys"` // as in the file, but for those of one node
}

// Format hides a document from every verb of fmt: it holds passwords.
func (document) Format(f fmt.State, _ rune) { fmt.Fprint(f, "***") }

// Format hides an entry likewise.
func (e entry) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.name()) }

// name is VHID@carpdev with the shared name, and all VHIDs of an entry.
func (e entry) name() string {
	var vhids []string
	for _, v := range e.VHIDs {
		vhids = append(vhids, strconv.Itoa(v))
	}
	return strings.Join(vhids, ",") + "@" + e.Carpdev
}

// encode is the canonical text: equal documents have equal texts, whatever the
// order in the files that they come from.
func (d document) encode() []byte {
	d.Sections = slices.Sorted(slices.Values(d.Sections))
	d.Groups = slices.Clone(d.Groups)
	slices.SortFunc(d.Groups, func(a, b entry) int {
		if c := strings.Compare(a.Carpdev, b.Carpdev); c != 0 {
			return c
		}
		return slices.Compare(a.VHIDs, b.VHIDs)
	})
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // It holds texts, numbers, flags and lists of them.
	}
	return text
}

// hash names a document by its canonical text.
func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hashPrefix + hex.EncodeToString(sum[:])
}

// decode reads a canonical text. A format that is newer than ours may say
// things that we would drop without a word, so it is refused.
func decode(text []byte) (d document, err error) {
	var gate struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &gate); err != nil {
		return d, fmt.Errorf("the document cannot be read: %w", err)
	}
	if gate.Format > format {
		return d, fmt.Errorf("the document has format %d and this carpd reads up to %d: update this node", gate.Format, format)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("the document cannot be read: %w", err)
	}
	return d, d.check()
}

// check refuses a document that no carpd of this format writes.
func (d document) check() error {
	if d.Form < 1 {
		return fmt.Errorf("the document has format %d; the first is 1", d.Form)
	}
	for _, e := range d.Groups {
		if len(e.VHIDs) == 0 || e.Carpdev == "" || !e.Shares && len(e.VHIDs) != 1 {
			return fmt.Errorf("the document has a group without vhid or carpdev")
		}
	}
	for _, s := range d.Sections {
		if s != Groups && s != Settings {
			return fmt.Errorf("the document has a section %q that this carpd does not know: update this node", s)
		}
	}
	return nil
}
