package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/carpd/carpd/internal/cluster"
	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/configstore"
	"github.com/carpd/carpd/internal/statedir"
	"github.com/carpd/carpd/internal/status"
)

// noteTime is how long an event waits for a loop that is busy.
const noteTime = 2 * time.Second

// openCluster makes this node's part in a cluster. It begins with runCluster.
func (p *parts) openCluster() {
	dir, err := statedir.Dir(p.cfg.Instance)
	if err != nil {
		p.log.Warn().Err(err).Msg("no state directory: this node takes part in no cluster")
		dir = filepath.Join(statedir.Root(), p.cfg.Instance)
	}
	src := &source{parts: p}
	p.cluster = cluster.Open(cluster.Options{
		Dir: filepath.Join(dir, "cluster"), Status: src.Status, News: p.agent.Changed, Note: p.note, Log: p.log,
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
	if err := s.cluster.Init(r.Node, r.Listen); err != nil {
		return nil, err
	}
	return s.enter(ctx, r.Node, r.Listen)
}

// JoinCluster enrols this node with a token.
func (s *source) JoinCluster(ctx context.Context, r status.ClusterJoinRequest) (*status.Cluster, error) {
	if err := s.cluster.Join(ctx, r.Node, r.Listen, r.Token); err != nil {
		return nil, err
	}
	return s.enter(ctx, r.Node, r.Listen)
}

// enter writes the section of a node that is enrolled. What is enrolled stays so
// when that fails: a token is spent.
func (s *source) enter(ctx context.Context, node, listen string) (*status.Cluster, error) {
	err := s.rewrite(ctx, "cluster "+node, config.SetTop{Key: "cluster.node", Value: node}, config.SetTop{Key: "cluster.listen", Value: listen})
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

// rewrite changes the file of the configuration and takes it over.
func (p *parts) rewrite(ctx context.Context, by string, edits ...config.Edit) error {
	text, err := p.store.OnDisk()
	if err != nil {
		return err
	}
	changed, err := config.Rewrite(text, edits...)
	if err != nil {
		return err
	}
	_, err = p.store.Apply(ctx, changed, configstore.Hash(text), configstore.Options{By: by})
	return err
}
