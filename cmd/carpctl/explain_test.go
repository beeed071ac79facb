package main

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/carpd/carpd/internal/election"
	"github.com/carpd/carpd/internal/status"
)

// TestExplainEveryCause: each cause that the election knows reaches the
// operator as one sentence on the first line, unchanged.
func TestExplainEveryCause(t *testing.T) {
	l := start(t)
	l.up(t)
	for _, kind := range election.AllCauses {
		cause := election.Cause{
			Kind: kind, State: election.Backup, From: netip.MustParseAddr("192.0.2.11"),
			Own: netip.MustParseAddr("192.0.2.12"), Mine: 1390 * time.Millisecond, Theirs: time.Second,
			Silent: 3 * time.Second, Wait: 3 * time.Second,
		}
		snap := status.Snapshot{Groups: []status.Group{{Name: "1@eth0", State: "BACKUP", Why: cause.Sentence(), Cause: cause.String()}}}
		text, err := json.Marshal(snap)
		if err != nil {
			t.Fatal(err)
		}
		l.write(t, "status.json", string(text))
		out, code := l.output("carpctl explain 1@eth0")
		first, _, _ := strings.Cut(out, "\n")
		sentence := strings.TrimPrefix(first, "1@eth0: ")
		if code != exitOK || sentence != cause.Sentence() || len(sentence) < len("BACKUP because x") {
			t.Errorf("%v: exit code %d, %q", kind, code, first)
		}
	}
}
