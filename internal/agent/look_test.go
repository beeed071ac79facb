package agent

import (
	"testing"

	"github.com/carpd/carpd/internal/dataplane"
)

// What a look at the programs changes stands in the history once, and the mode
// with its reasons in the status.
func TestLook(t *testing.T) {
	inLAN(t, func(t *testing.T, l *lan) {
		n := l.start(1, settings(0))
		pass(lookEvery / 2)
		n.mu.Lock()
		n.attachment = dataplane.Attachment{
			Mode: "generic", Why: "the driver has generic XDP", Warnings: []string{"carp_in is number 2 of 2"},
			Tried:   []dataplane.Step{{Mode: "native", Refusal: dataplane.Unsupported, Why: "the driver has no native XDP"}},
			Changes: []string{"XDP mode generic in place of none: the driver has generic XDP"},
		}
		n.mu.Unlock()
		pass(3 * lookEvery)
		var texts []string
		for _, e := range n.Events(0) {
			if e.Kind == "programs" {
				texts = append(texts, e.Text)
			}
		}
		if len(texts) != 1 || texts[0] != "eth0: XDP mode generic in place of none: the driver has generic XDP" {
			t.Errorf("history %q", texts)
		}
		d := n.Carpdevs()[0]
		if d.XDP != "generic" || d.XDPWhy != "the driver has generic XDP" || d.Warnings[0] != "carp_in is number 2 of 2" {
			t.Errorf("%+v", d)
		}
		if len(d.Tried) != 1 || d.Tried[0].Mode != "native" || d.Tried[0].Refusal != "unsupported" || d.Tried[0].Why != "the driver has no native XDP" {
			t.Errorf("%+v", d.Tried)
		}
	})
}
