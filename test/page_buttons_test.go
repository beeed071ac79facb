package test

import (
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/carpd/carpd/internal/web"
	"github.com/carpd/carpd/test/browser"
)

// visit is a person at the pages of the first node.
type visit struct {
	*stand
	page *page
}

// deed is one button: the act that its form posts to, and what a person does
// with it, which is compared with what the daemon says then.
type deed struct {
	act string
	do  func(*visit)
}

// deeds are all, in an order in which each can be done. The cluster has its own.
var deeds = []deed{
	{"announce", announce},
	{"handover", handOver}, {"demotions/remove", clearHandOver},
	{"demotions/add", demote}, {"demotions/remove", clearDemotion},
	{"maintenance/enter", enterMaintenance}, {"maintenance/leave", leaveMaintenance},
	{"disable", disable}, {"enable", enable},
	{"vips/save", addVIP}, {"vips/remove", removeVIP}, {"discard", discard},
	{"apply", apply}, {"confirm", confirm}, {"rollback", rollBack},
	{"settings", saveSettings}, {"reload/try", tryReload}, {"reload", reload}, {"rebase", rebase},
}

// TestEveryButtonDoesWhatItSays presses every button of every page, on a desktop
// and on a phone, and asks carpd what came of it.
func TestEveryButtonDoesWhatItSays(t *testing.T) {
	for _, view := range []browser.View{browser.Desktop, browser.Phone} {
		t.Run(view.Name, func(t *testing.T) {
			s := newStand(t)
			v := &visit{s, signedIn(t, view, s.urls[0], adminToken)}
			for _, d := range deeds {
				if !t.Run(strings.ReplaceAll(d.act, "/", "-"), func(t *testing.T) { v.with(t, d.do) }) {
					break // The next ones build on it.
				}
			}
		})
	}
}

// with does something in a test of its own.
func (v *visit) with(t *testing.T, do func(*visit)) {
	was := v.t
	v.t, v.page.t = t, t
	defer func() { v.t, v.page.t = was, was }()
	do(v)
}

// TestNoButtonIsLeftOut: whoever adds a form to the pages adds a deed.
func TestNoButtonIsLeftOut(t *testing.T) {
	done := map[string]bool{}
	for _, d := range slices.Concat(deeds, clusterDeeds) {
		done[d.act] = true
	}
	for _, r := range web.Routes() {
		act, ok := strings.CutPrefix(r.Path, "/do/")
		if !ok || r.Method != http.MethodPost {
			continue
		}
		if !done[act] {
			t.Errorf("no test presses the button of %s", r.Path)
		}
		delete(done, act)
	}
	for _, act := range slices.Sorted(maps.Keys(done)) {
		t.Errorf("a test presses a button of /do/%s, which is no route", act)
	}
}

// rewrite changes the configuration file as a person with an editor would.
func (v *visit) rewrite(from, to string) {
	v.t.Helper()
	file := v.nodes[0].config
	b, err := os.ReadFile(file)
	v.must(err)
	v.must(os.WriteFile(file, []byte(strings.ReplaceAll(string(b), from, to)), 0o600))
}
