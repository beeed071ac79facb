package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/carpd/carpd/internal/cluster"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/configstore"
	"github.com/carpd/carpd/internal/status"
)

// noteTime is how long an event waits for a loop that is busy.
const noteTime = 2 * time.Second

// openCluster makes this node's part in a cluster. It begins with Run.
func (p *parts) openCluster() {
	src := &source{parts: p}
	p.cluster = cluster.Open(cluster.Options{
		Dir: filepath.Join(p.stateDir(), "cluster"), Status: src.Status, News: p.agent.Changed, Note: p.note, Log: p.log,
	})
	p.cluster.Configure(p.cfg.Cluster)
}

// note puts an event into the history without holding up its sender.
func (p *parts) note(kind, text string) {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), noteTime)
		defer cancel()
		if err := p.agent.Note(ctx, status.Event{Kind: kind, Text: text}); err != nil {
			p.log.Debug().Str("kind", kind).Msg("not in the history: the loop is busy")
		}
	}()
}

// Cluster is what this node knows of all.
func (s *source) Cluster(context.Context) (*status.Cluster, error) {
	c := s.cluster.Cluster(s.sync.Fill)
	c.Instance = s.cfg.Instance
	return c, nil
}

// InitCluster makes this node the first of a cluster.
func (s *source) InitCluster(ctx context.Context, r status.ClusterInitRequest) (*status.Cluster, error) {
	return s.enter(ctx, r.Node, r.Listen, func() error { return s.cluster.Init(r.Node, r.Listen) })
}

// JoinCluster enrols this node with a token.
func (s *source) JoinCluster(ctx context.Context, r status.ClusterJoinRequest) (*status.Cluster, error) {
	return s.enter(ctx, r.Node, r.Listen, func() error { return s.cluster.Join(ctx, r.Node, r.Listen, r.Token) })
}

// enter enrols a node and writes its section. That this can be done is looked at
// first; if it then fails, what is enrolled stays so, because a token is spent.
func (s *source) enter(ctx context.Context, node, listen string, enrol func() error) (*status.Cluster, error) {
	section := []config.Edit{config.SetTop{Key: "cluster.node", Value: node}, config.SetTop{Key: "cluster.listen", Value: listen}}
	if _, _, err := s.rewritten(section...); err != nil {
		return nil, err
	}
	if err := enrol(); err != nil {
		return nil, err
	}
	err := s.rewrite(ctx, "cluster "+node, section...)
	if err != nil {
		return nil, fmt.Errorf("this node is enrolled as %s, but the section cluster (node: %s, listen: %q) is not in the configuration: write it by hand and reload: %w",
			node, node, listen, err)
	}
	return s.Cluster(ctx)
}

// ClusterToken makes a token for one node.
func (s *source) ClusterToken(_ context.Context, r status.ClusterTokenRequest) (*status.ClusterToken, error) {
	lasts, err := lasting(r.For)
	if err != nil {
		return nil, err
	}
	text, until, err := s.cluster.Token(lasts)
	if err != nil {
		return nil, err
	}
	return &status.ClusterToken{SchemaVersion: status.SchemaVersion, Instance: s.cfg.Instance, Token: text, Until: until}, nil
}

// RemoveNode takes a node out, or this one.
func (s *source) RemoveNode(ctx context.Context, r status.ClusterRemoveRequest) (*status.Cluster, error) {
	self, on := s.cluster.Self()
	untold, err := s.cluster.Remove(ctx, r.Node)
	if err != nil {
		return nil, err
	}
	if !on || self.Name == r.Node {
		err = s.rewrite(ctx, "cluster remove "+r.Node, config.UnsetTop{Key: "cluster"})
	}
	if err != nil {
		return nil, fmt.Errorf("this node has left the cluster, but its section is still in the configuration: remove it by hand: %w", err)
	}
	c, err := s.Cluster(ctx)
	for _, name := range untold {
		c.Reasons = append(c.Reasons, fmt.Sprintf("%s does not know yet that %s was removed: it hears of it from any node that does", name, r.Node))
	}
	return c, err
}

// rewritten is the file as it is and with some edits.
func (p *parts) rewritten(edits ...config.Edit) (before, after []byte, err error) {
	if t := p.store.Trial(); t != nil {
		return nil, nil, errors.New("a change of the configuration waits to be confirmed: confirm it or roll it back first")
	}
	if before, err = p.store.OnDisk(); err != nil {
		return nil, nil, err
	}
	after, err = config.Rewrite(before, edits...)
	return before, after, err
}

// rewrite changes the file of the configuration and takes it over.
func (p *parts) rewrite(ctx context.Context, by string, edits ...config.Edit) error {
	before, after, err := p.rewritten(edits...)
	if err != nil {
		return err
	}
	_, err = p.store.Apply(ctx, after, configstore.Hash(before), configstore.Options{By: by})
	return err
}
