package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/carpd/carpd/internal/status"
)

// vipEditPage is the editor of one virtual IP, or of a new one.
var vipEditPage = page{path: "/vips/edit", name: "Virtual IP editor", under: "/vips", hidden: true, file: "vipedit.html",
	load: loadVIPEdit, acts: []act{{"vips/save", saveVIP}}}

// vipEditor is what the page shows.
type vipEditor struct {
	Form     vipForm
	Was      *status.VIP // as it is configured; nil for a new one
	Why      string      // it cannot be edited here
	Carpdevs []carpdevChoice
	Faults   faults
	// Conflict is set when somebody else was faster, and Now what the
	// configuration says by now where it is not what was typed.
	Conflict *problem
	Now      map[string]string
	// Stale tells that the pending changes must be made anew in the file first.
	Stale bool
}

// carpdevChoice is an interface to choose, with the VHID that is free there.
type carpdevChoice struct {
	Value, Label string
	Free         int
}

func loadVIPEdit(ctx context.Context, a *ask) (any, error) {
	c, err := a.src.Config(ctx)
	if err != nil {
		return nil, err
	}
	e := &vipEditor{Stale: c.Pending != nil && c.Pending.Stale != ""}
	name := a.query.Get("name")
	if a.form != nil {
		e.Form = readVIPForm(a.form)
		name = e.Form.Name
	}
	e.Was = findVIP(c, name)
	switch {
	case a.form != nil:
		e.refused(a.err)
	case name == "":
		e.Form = newVIP(c, a.query.Get("carpdev"))
	case e.Was == nil:
		return nil, fmt.Errorf("there is no virtual IP %s in the configuration, or not any more", name)
	default:
		e.Form, e.Why = formOf(*e.Was), whyNot(*e.Was)
	}
	if a.form == nil || e.Conflict != nil {
		e.Form.Base = c.Hash
	}
	e.Carpdevs = choices(c, e.Form.Carpdev)
	return e, nil
}

// refused shows what was typed once more, with what is wrong with it. After a
// conflict the form is about the configuration of now, so that it can be sent
// again by who has seen the difference.
func (e *vipEditor) refused(err error) {
	if errors.As(err, &e.Faults) || err == nil {
		return
	}
	e.Conflict = problemOf(err)
	switch {
	case e.Was != nil:
		e.Now = e.Form.differences(*e.Was)
	case e.Form.Name != "":
		e.Conflict.Text += ". " + e.Form.Name + " is not there any more: saving adds it anew"
		e.Form.Name = ""
	}
}

// findVIP is the entry of a name, nil if there is none.
func findVIP(c *status.Config, name string) *status.VIP {
	for i := range c.VIPs {
		if name != "" && c.VIPs[i].Name == name {
			return &c.VIPs[i]
		}
	}
	return nil
}

// choices are AUTO, the interfaces that exist, and the one that was chosen
// before, which may be away.
func choices(c *status.Config, chosen string) []carpdevChoice {
	out := []carpdevChoice{{auto, "AUTO: the interface that has the subnet", nextVHID(c.VIPs, auto)}}
	there := chosen == auto || chosen == ""
	for _, name := range c.Interfaces {
		out = append(out, carpdevChoice{name, name, nextVHID(c.VIPs, name)})
		there = there || name == chosen
	}
	if !there {
		out = append(out, carpdevChoice{chosen, chosen + " (not here now)", nextVHID(c.VIPs, chosen)})
	}
	return out
}

// saveVIP adds or edits one in the pending configuration.
func saveVIP(ctx context.Context, a *ask) (string, error) {
	c, err := a.src.Config(ctx)
	if err != nil {
		return "", err
	}
	f := readVIPForm(a.form)
	if a.form.Has("rebase") {
		if c, err = a.src.Rebase(ctx); err != nil {
			return "", err
		}
		f.Base = c.Hash
	}
	was := findVIP(c, f.Name)
	if f.Name != "" && was == nil {
		return "", &gone{f.Name}
	}
	if wrong := f.check(c, was); len(wrong) > 0 && (f.Base == "" || f.Base == c.Hash) {
		return "", wrong
	}
	a.next = "/vips"
	return f.save(ctx, a, was)
}

// save sends what was changed.
func (f vipForm) save(ctx context.Context, a *ask, was *status.VIP) (string, error) {
	r := status.VIPRequest{Base: f.Base, Name: f.Name, Edit: f.edit(was)}
	called := f.VHID + "@" + f.Carpdev
	send, done := a.src.EditVIP, called+" is changed"
	switch {
	case was == nil:
		send, done = a.src.AddVIP, called+" is added"
	case reflect.ValueOf(r.Edit).IsZero():
		return "Nothing was changed.", nil
	}
	if _, err := send(ctx, r); err != nil {
		return "", blame(err)
	}
	return done + " by the pending changes." + f.advice() + " Nothing runs differently until you apply them.", nil
}

// advice is what is allowed and worth knowing.
func (f vipForm) advice() string {
	switch n := len(f.password); {
	case n > countedPassword:
		return " Of its password the first " + strconv.Itoa(countedPassword) + " bytes count."
	case n > 0 && n < shortPassword:
		return " Its password is short: one recorded advert is enough to try passwords at leisure."
	}
	return ""
}

// gone is the conflict with somebody who removed what is edited.
type gone struct{ name string }

// Error says so.
func (g *gone) Error() string { return g.name + " was removed meanwhile" }

// Code is that of a conflict, and Diff has nothing to add.
func (g *gone) Code() int    { return http.StatusConflict }
func (g *gone) Diff() string { return "" }
