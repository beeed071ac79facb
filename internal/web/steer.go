package web

import (
	"context"
	"fmt"
	"strconv"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// overGroup makes the act of a verb that takes one group, or all of them.
func overGroup(verb func(control.Source, context.Context, string) error, done string) func(context.Context, *ask) (string, error) {
	return func(ctx context.Context, a *ask) (string, error) {
		group := a.form.Get("group")
		return named(group) + " " + done + ".", verb(a.src, ctx, group)
	}
}

// named is what a verb was for.
func named(group string) string {
	if group == "" {
		return "Every group of this node"
	}
	return group
}

// doHandOver gives a group away; without force it waits for the peer.
func doHandOver(ctx context.Context, a *ask) (string, error) {
	d, err := a.duration()
	if err != nil {
		return "", err
	}
	r := status.HandOverRequest{Group: a.form.Get("group"), For: d.Seconds(), Force: a.form.Get("force") != ""}
	return r.Group + " is handed over.", a.src.HandOver(ctx, r)
}

// doEnterMaintenance returns before a peer has taken over: the page shows how
// far it is.
func doEnterMaintenance(ctx context.Context, a *ask) (string, error) {
	d, err := a.duration()
	if err != nil {
		return "", err
	}
	m, err := a.src.EnterMaintenance(ctx, status.MaintenanceRequest{Reason: a.form.Get("reason"), For: d.Seconds(), Force: a.form.Get("force") != ""})
	if err != nil {
		return "", err
	}
	if m.Phase == status.MaintenanceOn {
		return "This node is in maintenance.", nil
	}
	return "This node is entering maintenance: it is demoted, and waits for a peer to take over.", nil
}

// doDemote raises a demotion.
func doDemote(ctx context.Context, a *ask) (string, error) {
	d, err := a.duration()
	if err != nil {
		return "", err
	}
	r := status.DemoteRequest{Name: a.form.Get("name"), Group: a.form.Get("group"), Reason: a.form.Get("reason"),
		For: d.Seconds(), Persistent: a.form.Get("persistent") != ""}
	if r.Weight, err = strconv.Atoi(a.form.Get("weight")); err != nil || r.Weight < 1 || r.Weight > 255 {
		return "", badField("weight", "The weight is a number from 1 to 255.")
	}
	if r.Name == "" {
		return "", badField("name", "A demotion needs a name, by which it is removed again.")
	}
	_, err = a.src.Demote(ctx, r)
	return fmt.Sprintf("%s is demoted by %d: %s.", named(r.Group), r.Weight, r.Name), err
}

// doUndemote clears a demotion.
func doUndemote(ctx context.Context, a *ask) (string, error) {
	name := a.form.Get("name")
	return fmt.Sprintf("The demotion %s is removed.", name), a.src.Undemote(ctx, name, a.form.Get("group"))
}
