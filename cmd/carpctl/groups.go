package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/status"
)

// pick is the group of a name: VHID@carpdev, or a VHID that is on one carpdev
// only.
func pick(groups []status.Group, name string) (status.Group, error) {
	vhid, err := strconv.Atoi(name)
	bare := err == nil
	var found []status.Group
	for _, g := range groups {
		if g.Name == name || bare && g.VHID == vhid {
			found = append(found, g)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return status.Group{}, fmt.Errorf("VHID %s is on several carpdevs: say which of %s", name, names(found))
	case len(groups) == 0:
		return status.Group{}, fmt.Errorf("no group %q: carpd has no groups", name)
	default:
		return status.Group{}, fmt.Errorf("no group %q; known: %s", name, names(groups))
	}
}

// picked is the one group that was asked for, or all of them.
func picked(s *status.Snapshot, name string) ([]status.Group, error) {
	if name == "" {
		return s.Groups, nil
	}
	g, err := pick(s.Groups, name)
	if err != nil {
		return nil, err
	}
	return []status.Group{g}, nil
}

// names lists groups for a message.
func names(groups []status.Group) string {
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = g.Name
	}
	return strings.Join(list, ", ")
}

// snapshot asks for the status.
func (e *env) snapshot(c *cli.Context) (*status.Snapshot, error) {
	client, err := e.client(c)
	if err != nil {
		return nil, err
	}
	return client.Status(c.Context)
}

// completeGroups offers the names of groups to the shell.
func (e *env) completeGroups(c *cli.Context) {
	s, err := e.snapshot(c)
	if err != nil {
		return // A completion has nobody to tell.
	}
	for _, g := range s.Groups {
		_ = e.printf("%s\n", g.Name)
	}
}
