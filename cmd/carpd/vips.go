package main

import (
	"context"
	"net"
	"slices"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/configfile"
	"github.com/carpd/carpd/internal/configstore"
	"github.com/carpd/carpd/internal/status"
)

// Config is the configuration as it is edited: the pending one, or the file.
func (s *source) Config(context.Context) (*status.Config, error) {
	text, err := s.store.Edited()
	if err != nil {
		return nil, err
	}
	cfg, warnings, err := configfile.LoadText(s.path, text)
	if err != nil {
		return nil, err
	}
	outline, err := config.ReadOutline(text)
	if err != nil {
		return nil, err
	}
	_, _, running := s.store.Current()
	out := &status.Config{
		SchemaVersion: status.SchemaVersion, Instance: s.cfg.Instance, Path: s.path,
		Hash: configstore.Hash(text), Running: running,
		LogLevel: cfg.LogLevel, XDP: cfg.XDP, DetachOnStop: cfg.DetachOnStop,
		API: access(cfg.API), VIPs: vips(outline, cfg), Interfaces: interfaces(),
		Pending: s.store.Pending(), Confirm: s.store.Trial(),
	}
	for _, w := range warnings {
		out.Warnings = append(out.Warnings, w.String())
	}
	return out, nil
}

// interfaces are those that exist here and could carry a group.
func interfaces() []string {
	names := []string{}
	all, _ := net.Interfaces()
	for _, i := range all {
		if i.Flags&net.FlagLoopback == 0 {
			names = append(names, i.Name)
		}
	}
	slices.Sort(names)
	return names
}

// vips are the entries of the list of groups.
func vips(o *config.Outline, cfg *config.Config) []status.VIP {
	out := []status.VIP{}
	for _, e := range o.Groups {
		i := slices.IndexFunc(cfg.Groups, func(g config.Group) bool { return g.Name() == e.Name() })
		if i >= 0 {
			out = append(out, vip(e, cfg.Groups[i]))
		}
	}
	return out
}

// vip is one entry: what is written and what it means.
func vip(e config.Entry, g config.Group) status.VIP {
	v := status.VIP{
		Name: g.Name(), VHID: int(g.VHID), Carpdev: g.Carpdev, Description: g.Description,
		Advbase: int(g.Advbase), Advskew: int(g.Advskew), Preempt: g.Preempt,
		MAC: "virtual", Address: "on-master", Password: whereKept(e.Items), Sync: !g.NoSync, Line: e.Line,
	}
	for _, a := range g.Addresses {
		v.Addresses = append(v.Addresses, a.String())
	}
	if g.Physical {
		v.MAC = "physical"
	}
	if g.Always {
		v.Address = "always"
	}
	if g.Balancing != carp.BalanceNone {
		v.Balancing = g.Balancing.String()
		nodes, _ := e.Items.Get("carpnodes")
		list, _ := nodes.([]any)
		for _, n := range list {
			text, _ := n.(string)
			v.Carpnodes = append(v.Carpnodes, text)
		}
	}
	return v
}

// whereKept tells where a password is kept, never what it is.
func whereKept(items config.Items) string {
	if _, there := items.Get("password_file"); there {
		return "file"
	}
	if _, there := items.Get("password_credential"); there {
		return "credential"
	}
	if p, _ := items.Get("password"); p == nil || p == config.Hidden("") {
		return "none"
	}
	return "inline"
}

// itemsOf are the keys that an edit sets, but those that are so anyway.
func itemsOf(e status.VIPEdit, now status.VIP) (items config.Items) {
	put(&items, "vhid", e.VHID, now.VHID)
	put(&items, "carpdev", e.Carpdev, now.Carpdev)
	if e.Addresses != nil && !slices.Equal(e.Addresses, now.Addresses) {
		list := []any{}
		for _, a := range e.Addresses {
			list = append(list, a)
		}
		items = append(items, config.Item{Key: "addresses", Value: list})
	}
	if e.Password != nil {
		items = append(items, config.Item{Key: "password", Value: config.Hidden(*e.Password)})
	}
	put(&items, "password_file", e.PasswordFile, "")
	put(&items, "advbase", e.Advbase, now.Advbase)
	put(&items, "advskew", e.Advskew, now.Advskew)
	put(&items, "preempt", e.Preempt, now.Preempt)
	put(&items, "mac", e.MAC, now.MAC)
	put(&items, "address", e.Address, now.Address)
	put(&items, "description", e.Description, now.Description)
	put(&items, "sync", e.Sync, now.Sync)
	return items
}

// editOf is an edit of a VIP that is there. A password takes the place of what
// named one before, and an empty description is none.
func editOf(e status.VIPEdit, now status.VIP) config.EditGroup {
	edit := config.EditGroup{Name: now.Name, Set: itemsOf(e, now)}
	if e.Password != nil {
		edit.Unset = append(edit.Unset, "password_file", "password_credential")
	}
	if e.PasswordFile != nil {
		edit.Unset = append(edit.Unset, "password", "password_credential")
	}
	if e.Description != nil && *e.Description == "" {
		edit.Set = slices.DeleteFunc(edit.Set, func(i config.Item) bool { return i.Key == "description" })
		edit.Unset = append(edit.Unset, "description")
	}
	return edit
}

// put adds a key when it is to be another one than now.
func put[T comparable](items *config.Items, key string, want *T, now T) {
	if want != nil && *want != now {
		*items = append(*items, config.Item{Key: key, Value: any(*want)})
	}
}
