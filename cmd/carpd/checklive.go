package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/rs/zerolog"

	"github.com/carpd/carpd/internal/carp"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/iface"
)

// liveProblem is a group that would stay INIT on this machine, or collide.
type liveProblem struct {
	Group   string `json:"group"`
	Problem string `json:"problem"`
	line    int
}

// lookAtMachine compares a configuration with the interfaces that are there.
func lookAtMachine(ctx context.Context, cfg *config.Config) ([]liveProblem, standing, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, err := iface.Watch(ctx, zerolog.Nop())
	if err != nil {
		return nil, standing{}, err
	}
	s := <-changes
	ours, err := addedBy(cfg.Instance)
	if err != nil {
		return liveProblems(cfg, s), standing{unknown: err}, nil
	}
	return liveProblems(cfg, s), standingAddresses(cfg, s, ours), nil
}

// liveProblems lists what does not fit. Where auto finds an interface, the VHID
// must still be free on it.
func liveProblems(cfg *config.Config, s iface.System) (out []liveProblem) {
	type taken struct {
		index int
		vhid  carp.VHID
	}
	first := map[taken]string{}
	for _, g := range cfg.Groups {
		l, err := carpdev(g, s)
		if err != nil {
			out = append(out, liveProblem{g.Name(), err.Error(), g.Line})
			continue
		}
		t := taken{l.Index, g.VHID}
		if other, twice := first[t]; twice {
			out = append(out, liveProblem{g.Name(), fmt.Sprintf("is on %s, where %s is already", l.Name, other), g.Line})
			continue
		}
		first[t] = g.Name()
	}
	return out
}

// carpdev is the interface of a group, if it can carry groups.
func carpdev(g config.Group, s iface.System) (l iface.Link, err error) {
	if g.Carpdev == config.Auto {
		l, err = s.Resolve(g.Addresses)
	} else if named, there := s.ByName(g.Carpdev); there {
		l = named
	} else {
		err = fmt.Errorf("there is no interface %s, only %s", g.Carpdev, linkNames(s))
	}
	if err == nil {
		err = l.Unfit(g.Physical)
	}
	return l, err
}

// linkNames lists the interfaces of the machine.
func linkNames(s iface.System) string {
	names := make([]string, len(s.Links))
	for i, l := range s.Links {
		names[i] = l.Name
	}
	return strings.Join(names, ", ")
}
