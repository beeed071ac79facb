package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/html"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// shown is the text of the element with an id, its spaces made one each.
func shown(t *testing.T, body, id string) string {
	t.Helper()
	n := element(t, body, id)
	if n == nil {
		t.Fatalf("no element %s", id)
	}
	return textOf(n)
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// element finds by id; nil if there is none.
func element(t *testing.T, body, id string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && attr(n, "id") == id {
			return n
		}
	}
	return nil
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func bodyOf(src control.Source, who control.Caller, path string) string {
	return request(src, who, http.MethodGet, path, nil).Body.String()
}

func wantIn(t *testing.T, in string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(in, p) {
			t.Errorf("%q is not in %q", p, in)
		}
	}
}

// TestStatusTellsOfAGroup all that there is to tell.
func TestStatusTellsOfAGroup(t *testing.T) {
	body := bodyOf(newFake(), admin, "/")
	wantIn(t, shown(t, body, "g-1_40eth0"), "1@eth0 gateway of the office", "192.0.2.1/24", "2001:db8::1/64", "virtual MAC 00:00:5e:00:01:01")
	wantIn(t, shown(t, body, "m-1_40eth0-r1"), "MASTER for 12m 00s", "MASTER because no advert came for 3.4 s, the master-down time.",
		"Advskew 1 (0 of its own, raised by demotion)", "uplink +1", "the provider is slow", "sent 0.4 s ago", "Rejected 7 bad digest")
	wantIn(t, shown(t, body, "m-2_40eth0-r1"), "BACKUP for 4.4 s", "MASTER 192.0.2.12", "Advskew 113 (100 of its own, raised by demotion)",
		"192.0.2.12 advertises advskew 0", "Demotion 13", "probe +12", "heard 0.7 s ago", "Rejected none", "somebody else claims 192.0.2.2 in ARP")
	wantIn(t, shown(t, body, "cluster"), "Degraded", "1@eth0 is demoted by 1", "2@eth0 is demoted by 13")
	wantIn(t, shown(t, body, "kernel"), "eth0 up", "native driver ixgbe has native XDP", "TCX egress last of 2", "eth1 down", "attach xdp to eth1: busy",
		"not native program 17 of somebody else is there", "1240 ARP answered", "1@eth0 answers for 2.4 s more", "2@eth0 silent", "2 bad VHID")
	if strings.Contains(shown(t, body, "m-1_40eth0-r1"), "bad TTL") {
		t.Error("a counter that is zero is shown")
	}
	if strings.Contains(shown(t, body, "m-1_40eth0-r1"), "probe") {
		t.Error("a demotion of another group is shown")
	}
}

// TestPeersAreListed beside the MASTER, which has a line of its own.
func TestPeersAreListed(t *testing.T) {
	src := newFake()
	src.snap.Groups[1].Peers = []status.Peer{{Address: "192.0.2.12", LastSeen: ago(time.Second)},
		{Address: "192.0.2.13", Advskew: 200, Demotion: 64, LastSeen: ago(2 * time.Minute)}}
	body := bodyOf(src, admin, "/")
	wantIn(t, shown(t, body, "m-2_40eth0-r1"), "Heard 192.0.2.13 advskew 200, demoted by 64, 2m 00s ago")
	if strings.Count(shown(t, body, "m-2_40eth0-r1"), "192.0.2.12 advskew") > 0 {
		t.Error("the MASTER is listed once more")
	}
}

// TestProgramsAreAskedForOnce, and nobody waits for the answer.
func TestProgramsAreAskedForOnce(t *testing.T) {
	src := newFake()
	src.kernel.Programs = []status.Program{{Name: "carp_in", ID: 17, Tag: "c6ea3f9389d9b369"}}
	slow := &slowKernel{fake: src, answer: make(chan struct{}), asked: make(chan struct{}, 9)}
	h := New(slow, func(*http.Request) control.Caller { return admin }, zerolog.Nop())
	get := func() string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return shown(t, w.Body.String(), "kernel")
	}
	wantIn(t, get(), "the kernel is being asked")
	<-slow.asked
	wantIn(t, get(), "the kernel is being asked")
	close(slow.answer)
	for begin := time.Now(); !strings.Contains(get(), "carp_in id 17, tag c6ea3f9389d9b369"); {
		if time.Since(begin) > 30*time.Second {
			t.Fatal("the programs do not come")
		}
		runtime.Gosched()
	}
	if n := len(slow.asked); n > 0 {
		t.Errorf("asked %d times more", n)
	}
}

// slowKernel answers when a test lets it.
type slowKernel struct {
	*fake
	answer, asked chan struct{}
}

func (s *slowKernel) Dataplane(ctx context.Context) (*status.Dataplane, error) {
	s.asked <- struct{}{}
	<-s.answer
	return s.fake.Dataplane(ctx)
}

// TestStatusOverAllNodes: a group is one card, by whatever name a node has for
// the carpdev, and the verdict is the cluster's.
func TestStatusOverAllNodes(t *testing.T) {
	src := newFake()
	src.cluster = plantCluster()
	body := bodyOf(src, admin, "/")
	wantIn(t, shown(t, body, "g-1_40eth0"), "r1 this node MASTER", "r2 BACKUP", "next is r2 with advskew 100", "192.0.2.11 advertises advskew 1")
	if element(t, body, "g-1_40lan0") != nil {
		t.Error("r2's part of group 1 is a card of its own")
	}
	wantIn(t, shown(t, body, "cluster"), "Degraded", "r3 does not answer since 4 min")
	wantIn(t, shown(t, body, "n-r2"), "r2 in service", "Configuration equal", "Version v0.4.1 not ours", "192.0.2.12:8653")
	wantIn(t, shown(t, body, "n-r3"), "does not answer", "Configuration not known", "no route to host", "Version not known")
	wantIn(t, shown(t, body, "verdict"), "Degraded r1")
	src.cluster.Nodes[1].Status.Groups[0].State = "MASTER"
	wantIn(t, shown(t, bodyOf(src, admin, "/"), "g-1_40eth0"), "more than one MASTER")
	src.cluster.Nodes[1].Status.Groups[1].State = "INIT"
	wantIn(t, shown(t, bodyOf(src, admin, "/"), "n-r2"), "takes no part in 1 of 2 groups")
	src.snap.Groups[1].Master = nil
	wantIn(t, shown(t, bodyOf(src, admin, "/"), "g-2_40eth0"), "no MASTER is known")
}

// TestNothingToShow is said in words.
func TestNothingToShow(t *testing.T) {
	src := newFake()
	src.snap = nil
	wantIn(t, bodyOf(src, admin, "/"), "carpd is starting")
	src = newFake()
	src.snap = &status.Snapshot{Hostname: "r1", TakenAt: now, StartedAt: now}
	src.events, src.counters = nil, nil
	body := bodyOf(src, admin, "/")
	wantIn(t, body, "There is no group yet.", "No transition is in the history.")
	wantIn(t, shown(t, body, "cluster"), "On its own Nothing is wrong here.")
	src.cluster = &status.Cluster{Verdict: status.ClusterAlone, Reasons: []string{"this node: eth1: attach xdp to eth1: busy"}}
	wantIn(t, shown(t, bodyOf(src, admin, "/"), "cluster"), "Degraded this node: eth1: attach xdp to eth1: busy")
	src.cluster = nil
	src.snap.Age = 7
	wantIn(t, shown(t, bodyOf(src, admin, "/"), "old"), "This picture is 7 s old: carpd's loop does not turn.")
}

// TestConsequences are said before a button is pressed.
func TestConsequences(t *testing.T) {
	src := newFake()
	src.cluster = plantCluster()
	body := bodyOf(src, admin, "/")
	wantIn(t, shown(t, body, "m-1_40eth0-r1-handover"), "Traffic for 192.0.2.1/24 and 2001:db8::1/64 moves to r2, which is BACKUP with advskew 100.", "the group stays here")
	wantIn(t, shown(t, body, "m-2_40eth0-r1-handover"), "This node is not MASTER of it, so there is nothing to give away.")
	wantIn(t, shown(t, body, "m-1_40eth0-r1-disable"), "eth0 no longer has 192.0.2.1/24 and 2001:db8::1/64", "r2 is told and takes over")
	wantIn(t, shown(t, body, "m-2_40eth0-r1-disable"), "Another node is MASTER, so traffic stays as it is")
	wantIn(t, shown(t, body, "enter"), "demoted by 64", "1@eth0 move to peers", "nothing should be lost")
	wantIn(t, shown(t, body, "d-r1-2_40eth0-2_40eth0-probe"), "The demotion of 2@eth0 falls from 13 to 1 at once.", "Owner carpd", "Ends when it is removed")
	wantIn(t, shown(t, body, "d-r1---uplink"), "The demotion of this node falls from 1 to 0 at once.", "a restart does not end it")
	alone := bodyOf(newFake(), admin, "/")
	wantIn(t, shown(t, alone, "m-1_40eth0-r1-handover"), "A BACKUP is silent in CARP, so it is not known whether there is one")
	wantIn(t, shown(t, alone, "m-1_40eth0-r1-disable"), "If there is none, nobody answers")
}

// TestButtonsOfTheState: what is on can be left, and what is off entered.
func TestButtonsOfTheState(t *testing.T) {
	src := newFake()
	until := now.Add(time.Hour)
	src.snap.Maintenance = status.Maintenance{Phase: status.MaintenanceEntering, Reason: "new fan", Until: &until, Waiting: []string{"1@eth0"}}
	src.snap.Disabled, src.snap.Groups[0].Disabled = true, true
	body := bodyOf(src, admin, "/")
	wantIn(t, shown(t, body, "node"), "entering: waiting for a peer to take over 1@eth0", "new fan")
	for id, there := range map[string]bool{"leave": true, "enter": false, "enable": true, "disable": false,
		"m-1_40eth0-r1-enable": true, "m-1_40eth0-r1-disable": false, "m-2_40eth0-r1-disable": true} {
		if got := element(t, body, id) != nil; got != there {
			t.Errorf("%s there: %v", id, got)
		}
	}
	src.snap.Demotions = append(src.snap.Demotions, status.Demotion{Name: "maintenance", Owner: "maintenance", Weight: 64})
	if got := shown(t, bodyOf(src, admin, "/"), "d-r1---maintenance"); !strings.Contains(got, "It ends with the maintenance") || strings.Contains(got, "Clear") {
		t.Errorf("the demotion of maintenance: %s", got)
	}
	src.snap.Maintenance = status.Maintenance{Phase: status.MaintenanceOff, Refused: "1@eth0 had no peer"}
	wantIn(t, shown(t, bodyOf(src, admin, "/"), "node"), "The last attempt was given up: 1@eth0 had no peer")
}

// TestReaderSeesDisabledButtons with the reason.
func TestReaderSeesDisabledButtons(t *testing.T) {
	doc, err := html.Parse(strings.NewReader(bodyOf(newFake(), reader, "/")))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for f := range doc.Descendants() {
		if f.Data == "fieldset" {
			n++
			if !has(f, "disabled") || attr(f, "aria-describedby") != "readonly" || !strings.Contains(textOf(f), "You are signed in to read, so this is disabled.") {
				t.Errorf("a form is not disabled: %s", textOf(f))
			}
		}
	}
	if n < 10 {
		t.Errorf("%d forms only", n)
	}
	wantIn(t, shown(t, bodyOf(newFake(), reader, "/"), "readonly"), "signed in to read")
	if element(t, bodyOf(newFake(), admin, "/"), "readonly") != nil {
		t.Error("an administrator is told that he may only read")
	}
}

// TestHostileStatus: whatever any text of any answer is, no page runs it.
func TestHostileStatus(t *testing.T) {
	src := newFake()
	src.cluster = plantCluster()
	src.kernel = &status.Dataplane{TakenAt: now, Programs: make([]status.Program, 1), Groups: make([]status.KernelGroup, 1), Maps: make([]status.Map, 1)}
	n := 0
	for _, v := range []any{src.snap, src.cluster, src.kernel, &src.events} {
		n += poison(reflect.ValueOf(v).Elem())
	}
	src.kernel.Other = map[string]status.Rate{evil: {Packets: 1}}
	if n < 60 {
		t.Fatalf("%d texts only", n)
	}
	for _, path := range []string{"/", "/log", "/dataplane", "/log?group=" + url.QueryEscape(evil) + "&kind=" + url.QueryEscape(evil) + "&since=" + url.QueryEscape(evil), "/login?next=" + url.QueryEscape("/"+evil)} {
		got := request(src, admin, http.MethodGet, path, nil)
		body := got.Body.String()
		if got.Code != http.StatusOK || !strings.Contains(body, "alert(1)") {
			t.Errorf("%s: %d, and it does not show the text", path, got.Code)
		}
		checkHarmless(t, path, body)
	}
}

// checkHarmless looks at the elements that a browser would make.
func checkHarmless(t *testing.T, path, body string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "img" || n.Data == "script" && (attr(n, "src") == "" || n.FirstChild != nil) {
			t.Errorf("%s has an element %s", path, n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.TrimSpace(strings.ToLower(a.Val)), "javascript:") {
				t.Errorf("%s: <%s %s=%q>", path, n.Data, a.Key, a.Val)
			}
		}
	}
}

// poison writes the hostile text into every text below v, and counts them. What
// decides how a thing is shown is left as it is.
func poison(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(evil)
		return 1
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().Type() != reflect.TypeFor[time.Time]() {
			return poison(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += poison(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return 0
		}
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name != "Phase" {
				n += poison(v.Field(i))
			}
		}
	}
	return n
}

// TestIDs of different names differ.
func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	for _, names := range [][]string{{"a", "b"}, {"a-b"}, {"a_2db"}, {"a", "", "b"}, {"a b"}, {"1@eth0"}, {"1_40eth0"}, {"é"}} {
		got := id(names...)
		if seen[got] || strings.ContainsAny(got, " \"'<>@#") {
			t.Errorf("id(%q) = %q", names, got)
		}
		seen[got] = true
	}
	if got := fmt.Sprint(id("g", "1@eth0.7")); got != "g-1_40eth0_2e7" {
		t.Errorf("got %s", got)
	}
}
