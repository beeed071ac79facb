package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/carpd/carpd/internal/status"
)

// vipsPage lists the virtual IPs as they are configured. The forms of the
// banner are its acts too: what goes wrong with one is shown here.
var vipsPage = page{path: "/vips", name: "Virtual IPs", file: "vips.html", load: loadVIPs,
	acts: slices.Concat([]act{{"vips/remove", removeVIP}}, pendingActs)}

// vipList is what the page shows.
type vipList struct {
	*status.Config
	Rows []vipRow
	// Deviates tells that the file is not what runs, and nothing is pending.
	Deviates bool
}

// vipRow is one entry of the list.
type vipRow struct {
	status.VIP
	IDs    string // the VHIDs, several with balancing
	Skews  string
	Href   string // of the editor
	States []vipState
	Why    string // it cannot be edited here; empty if it can
}

// vipState is what one group of an entry is now.
type vipState struct {
	VHID     int
	State    string // empty = it does not run, or not yet
	Disabled bool
}

func loadVIPs(ctx context.Context, a *ask) (any, error) {
	c, err := a.src.Config(ctx)
	if err != nil {
		return nil, err
	}
	l := &vipList{Config: c, Deviates: deviates(c)}
	for _, v := range c.VIPs {
		l.Rows = append(l.Rows, rowOf(v, a.src.Status()))
	}
	return l, nil
}

// deviates tells that somebody changed the file and did not load it.
func deviates(c *status.Config) bool {
	return c.Pending == nil && c.Running != "" && c.Hash != c.Running
}

// rowOf is an entry with what its groups are now.
func rowOf(v status.VIP, now *status.Snapshot) vipRow {
	row := vipRow{VIP: v, Href: "/vips/edit?" + url.Values{"name": {v.Name}}.Encode(), Why: whyNot(v)}
	row.IDs, row.Skews = fmt.Sprint(v.VHID), fmt.Sprintf("%d / %d", v.Advskew, v.Advbase)
	if len(v.Carpnodes) > 0 {
		row.IDs, row.Skews = strings.Join(texts(vhidsOf(v)), ", "), fmt.Sprintf("%s / %d", strings.Join(skewsOf(v), ", "), v.Advbase)
	}
	for _, id := range vhidsOf(v) {
		row.States = append(row.States, stateOf(id, v.Carpdev, now))
	}
	return row
}

func texts(ids []int) []string {
	var out []string
	for _, id := range ids {
		out = append(out, fmt.Sprint(id))
	}
	return out
}

// skewsOf are the advskews of the nodes of a balancing entry.
func skewsOf(v status.VIP) []string {
	var out []string
	for _, node := range v.Carpnodes {
		_, skew, _ := strings.Cut(node, ":")
		out = append(out, strings.TrimSpace(skew))
	}
	return out
}

// stateOf is what a group is now; one that was only edited is nothing yet.
func stateOf(id int, carpdev string, now *status.Snapshot) vipState {
	name := fmt.Sprintf("%d@%s", id, carpdev)
	if now != nil {
		for _, g := range now.Groups {
			if g.Name == name {
				return vipState{id, g.State, g.Disabled}
			}
		}
	}
	return vipState{VHID: id}
}

// whyNot is why an entry cannot be edited on a page.
func whyNot(v status.VIP) string {
	if v.Balancing != "" && v.Balancing != "none" || len(v.Carpnodes) > 0 {
		return "It shares its addresses among several groups: edit it in the file."
	}
	return ""
}

// removeVIP takes one out of the pending configuration.
func removeVIP(ctx context.Context, a *ask) (string, error) {
	name := a.form.Get("form")
	_, err := a.src.RemoveVIP(ctx, status.VIPRequest{Base: a.form.Get("base"), Name: name})
	if err != nil {
		return "", err
	}
	return name + " is removed by the pending changes. It goes on until you apply them.", nil
}
