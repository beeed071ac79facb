package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"

	"github.com/carpd/carpd/internal/capture"
	"github.com/carpd/carpd/internal/config"
)

// keyring has the keys of all groups of a configuration, none without one.
func (e *env) keyring(name string) (keys capture.Keyring, err error) {
	if name == "" {
		return keys, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return keys, err
	}
	defer f.Close()
	conf, warnings, err := config.Load(f, name, config.Options{
		ReadFile: readSecret, Credentials: e.getenv("CREDENTIALS_DIRECTORY"),
	})
	for _, w := range warnings {
		fmt.Fprintln(e.stderr, w)
	}
	if err != nil {
		return keys, err
	}
	for _, g := range conf.Groups {
		addrs := make([]netip.Addr, len(g.Addresses))
		for i, p := range g.Addresses {
			addrs[i] = p.Addr()
		}
		keys.Add(g.Name(), g.VHID, g.Secret, addrs)
	}
	return keys, nil
}

// readSecret reads a secret file and tells its mode, also beside an error
// where it can.
func readSecret(name string) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, info.Mode(), nil // A device or a pipe may never end.
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, info.Mode(), err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret))
	return data, info.Mode(), err
}

// maxSecret is longer than any password that config accepts.
const maxSecret = 4096
