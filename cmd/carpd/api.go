package main

import (
	"cmp"
	"path/filepath"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/statedir"
	"github.com/carpd/carpd/internal/web"
)

// The files of a node in a cluster, below the state directory of the instance.
const (
	clusterCertificate = "cluster/node.crt"
	clusterKey         = "cluster/node.key"
	clusterCA          = "cluster/ca.crt"
)

// openControl opens the local socket, with the API and the pages behind it, and
// what the configuration says of TCP. Of that, nothing that fails ends carpd.
func (p *parts) openControl(sock string) (err error) {
	src := &source{parts: p}
	if p.server, err = control.Listen(sock, src, p.log); err != nil {
		return err
	}
	p.server.Show(web.New(src, control.CallerOf, p.log))
	p.reach(p.cfg)
	return nil
}

// reach lets in over TCP whom a configuration names. What cannot be done is in
// the log and in the status, and is tried again.
func (p *parts) reach(cfg *config.Config) {
	p.server.Reach(remoteOf(cfg.API, p.stateDir()))
}

// stateDir is the state directory of this instance, by its name when it cannot be
// made: nothing is found there then, and nothing can be kept. It is never empty,
// for the files in it would be those of the directory in which carpd was started.
func (p *parts) stateDir() string {
	dir, err := statedir.Dir(p.cfg.Instance)
	if err != nil {
		p.log.Warn().Err(err).Msg("no state directory: nothing is kept, and this node takes part in no cluster")
		dir = filepath.Join(statedir.Root(), p.cfg.Instance)
	}
	return dir
}

// remoteOf is the section api; what it leaves out is the cluster's.
func remoteOf(api config.API, state string) control.Remote {
	r := control.Remote{
		Listen:      api.Listen,
		Certificate: cmp.Or(api.Certificate, filepath.Join(state, clusterCertificate)),
		Key:         cmp.Or(api.Key, filepath.Join(state, clusterKey)),
		ClientCA:    cmp.Or(api.ClientCA, filepath.Join(state, clusterCA)),
	}
	for _, t := range api.Tokens {
		r.Tokens = append(r.Tokens, control.Token{Name: t.Name, Role: control.RoleNamed(t.Role), Hash: t.Hash})
	}
	for _, c := range api.Clients {
		r.Clients = append(r.Clients, control.RemoteClient{Name: c.Name, Role: control.RoleNamed(c.Role)})
	}
	return r
}
