package main

import (
	"fmt"

	"github.com/carpd/carpd/internal/capture"
	"github.com/carpd/carpd/internal/configfile"
)

// keyring has the keys of all groups of a configuration, none without one.
func (e *env) keyring(name string) (keys capture.Keyring, err error) {
	if name == "" {
		return keys, nil
	}
	conf, warnings, err := configfile.Load(name, false)
	for _, w := range warnings {
		fmt.Fprintln(e.stderr, w)
	}
	if err != nil {
		return keys, err
	}
	for _, g := range conf.Groups {
		keys.Add(g.Name(), g.VHID, g.Secret, g.Addrs())
	}
	return keys, nil
}
