package web

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/carpd/carpd/internal/status"
)

// TestFormsDo what they say, without any script.
func TestFormsDo(t *testing.T) {
	for _, c := range []struct {
		path string
		form url.Values
		want any
	}{
		{"handover", url.Values{"group": {"1@eth0"}, "for": {"30m"}, "force": {"1"}}, status.HandOverRequest{Group: "1@eth0", For: 1800, Force: true}},
		{"handover", url.Values{"group": {"1@eth0"}, "for": {""}}, status.HandOverRequest{Group: "1@eth0"}},
		{"maintenance/enter", url.Values{"reason": {"new fan"}, "for": {"1d"}}, status.MaintenanceRequest{Reason: "new fan", For: 86400}},
		{"maintenance/leave", url.Values{}, "leave"},
		{"disable", url.Values{"group": {"1@eth0"}}, "disable 1@eth0"},
		{"disable", url.Values{"group": {""}}, "disable "},
		{"enable", url.Values{"group": {"2@eth0"}}, "enable 2@eth0"},
		{"announce", url.Values{"group": {"1@eth0"}}, "announce 1@eth0"},
		{"demotions/remove", url.Values{"name": {"probe"}, "group": {"2@eth0"}}, "undemote probe of 2@eth0"},
		{"demotions/add", url.Values{"name": {"slow"}, "weight": {"12"}, "for": {"90s"}, "persistent": {"1"}},
			status.DemoteRequest{Name: "slow", Weight: 12, For: 90, Persistent: true}},
	} {
		src := newFake()
		got := request(src, admin, http.MethodPost, "/do/"+c.path, c.form)
		if got.Code != http.StatusSeeOther || len(src.asked) != 1 || !reflect.DeepEqual(src.asked[0], c.want) {
			t.Errorf("%s %v: %d, it did %#v", c.path, c.form, got.Code, src.asked)
		}
	}
}

// TestFormsOfThePage lead to routes that there are, and say what they are for.
func TestFormsOfThePage(t *testing.T) {
	routes := map[string]bool{"/logout": true}
	for _, r := range Routes() {
		if r.Method == http.MethodPost {
			routes[r.Path] = true
		}
	}
	src := newFake()
	src.cluster = plantCluster()
	doc, err := html.Parse(strings.NewReader(bodyOf(src, admin, "/")))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for n := range doc.Descendants() {
		if n.Data != "form" {
			continue
		}
		if !routes[attr(n, "action")] || attr(n, "method") != "post" {
			t.Errorf("a form leads to %s %s", attr(n, "method"), attr(n, "action"))
		}
		found = append(found, attr(n, "action")+" "+hidden(n))
	}
	wantIn(t, strings.Join(found, "\n"), "/do/handover form=1@eth0&group=1@eth0", "/do/disable group=", "/do/announce form=2@eth0&group=2@eth0",
		"/do/demotions/remove form=2@eth0/2@eth0/probe&name=probe&group=2@eth0", "/do/demotions/remove form=//uplink&name=uplink&group=", "/do/maintenance/enter")
}

// hidden are the hidden fields of a form.
func hidden(form *html.Node) string {
	var out []string
	for n := range form.Descendants() {
		if attr(n, "type") == "hidden" {
			out = append(out, attr(n, "name")+"="+attr(n, "value"))
		}
	}
	return strings.Join(out, "&")
}

// TestRefusedForm: the error is beside its form, which is unfolded, and nothing
// that was typed is lost.
func TestRefusedHandOver(t *testing.T) {
	src := newFake()
	src.broken = errors.New("no peer of 1@eth0 is known: " + evil)
	got := request(src, admin, http.MethodPost, "/do/handover", url.Values{"form": {"1@eth0"}, "group": {"1@eth0"}, "for": {"45m"}, "force": {"1"}})
	body := got.Body.String()
	form := element(t, body, "m-1_40eth0-r1-handover")
	if got.Code != http.StatusUnprocessableEntity || form == nil || !has(form, "open") {
		t.Fatalf("%d, and the form is not open", got.Code)
	}
	wantIn(t, textOf(form), "no peer of 1@eth0 is known: <script>")
	wantIn(t, body, `value="45m"`, `name="force" value="1" checked`)
	if other := element(t, body, "m-2_40eth0-r1-handover"); has(other, "open") || strings.Contains(textOf(other), "no peer of") {
		t.Error("the error is at another group's form too")
	}
	if strings.Contains(body, evil) {
		t.Error("the error is not escaped")
	}
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// TestWrongFields are refused before anything is asked, beside the field.
func TestWrongFields(t *testing.T) {
	for _, c := range []struct {
		path, id string
		form     url.Values
		said     string
	}{
		{"maintenance/enter", "enter", url.Values{"for": {"30x"}}, `"30x" is no duration: write 30m, 2h or 1d`},
		{"handover", "m-1_40eth0-r1-handover", url.Values{"form": {"1@eth0"}, "group": {"1@eth0"}, "for": {"-1h"}}, `"-1h" is no duration`},
		{"demotions/add", "demote", url.Values{"name": {"a"}, "weight": {"256"}}, "The weight is a number from 1 to 255."},
		{"demotions/add", "demote", url.Values{"weight": {"1"}}, "A demotion needs a name"},
	} {
		src := newFake()
		got := request(src, admin, http.MethodPost, "/do/"+c.path, c.form)
		form := element(t, got.Body.String(), c.id)
		if got.Code != http.StatusUnprocessableEntity || len(src.asked) > 0 || !has(form, "open") {
			t.Errorf("%s: %d, it did %v", c.path, got.Code, src.asked)
		}
		wantIn(t, textOf(form), c.said)
		marked := false
		for n := range form.Descendants() {
			marked = marked || attr(n, "aria-invalid") == "true"
		}
		if !marked {
			t.Errorf("%s: no field is marked", c.path)
		}
	}
}
