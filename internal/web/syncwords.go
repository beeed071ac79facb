package web

import (
	"fmt"
	"strings"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// syncWord is how a state of a node's configuration reads and looks.
type syncWord struct{ word, mood, means string }

// syncWords are those of each state.
var syncWords = map[string]syncWord{
	status.SyncEqual:       {"equal", "good", "runs the same version as this node"},
	status.SyncBehind:      {"behind", "warned", "runs an older version, and gets this one at the next contact"},
	status.SyncAhead:       {"ahead", "warned", "runs a newer version, which this node has yet to take"},
	status.SyncRefused:     {"refused", "bad", "refused the version of this node"},
	status.SyncDrift:       {"drift", "bad", "has the same version and other content: it was edited by hand"},
	status.SyncUnreachable: {"unreachable", "bad", "does not answer; it catches up when it is back"},
	status.SyncOff:         {"off", "", "takes no part"},
}

// syncWordOf shows a state that we do not know as it is.
func syncWordOf(state string) syncWord {
	if w, ok := syncWords[state]; ok {
		return w
	}
	return syncWord{word: state}
}

// checkNode checks the name of a node and the address that the others reach, in
// one of the two forms that ask for them.
func checkNode(form, name, listen string) faults {
	var out faults
	if !config.IsNodeName(name) {
		out.add(form+"-node", "A name has 1 to 32 letters, digits and -, and no - at its ends.")
	}
	if _, err := config.NodeAddress(listen); err != nil {
		out.add(form+"-listen", "Enter the address and port of this node that the others reach, such as 192.0.2.11:7430 or [2001:db8::11]:7430.")
	}
	return out
}

// trimmed is a field of a form without blanks around it.
func trimmed(a *ask, field string) string { return strings.TrimSpace(a.form.Get(field)) }

// shortHash is enough of a hash to compare it by eye.
func shortHash(hash string) string {
	kind, digits, cut := strings.Cut(hash, ":")
	if !cut {
		kind, digits = "", kind
	}
	if len(digits) > 12 {
		digits = digits[:12] + "…"
	}
	return strings.TrimPrefix(kind+":"+digits, ":")
}

// versionWords are a version as people say it.
func versionWords(v status.Version) string {
	if v.Number == 0 {
		return "none yet"
	}
	return fmt.Sprintf("%d, made by %s", v.Number, v.Node)
}
