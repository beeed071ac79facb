package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

// syncPage is about the configuration that nodes share.
var syncPage = page{path: "/sync", name: "Sync", file: "sync.html", load: loadSync, acts: []act{
	{"cluster/init", initCluster}, {"cluster/join", joinCluster}, {"cluster/token", makeToken},
	{"cluster/remove", removeNode}, {"cluster/sync", syncNow},
}}

// syncView is what the page shows.
type syncView struct {
	*status.Cluster
	Problem  string // why nothing is known of the cluster
	Rows     []nodeRow
	Faults   faults
	Proposed string // a name for this node
	// Token is shown in the one answer that made it.
	Token  *status.ClusterToken
	Report *syncOutcome
}

// nodeRow is one node of the table.
type nodeRow struct {
	status.Node
	Word, Mood, Means string
	Consequence       string // of removing it
}

func loadSync(ctx context.Context, a *ask) (any, error) {
	v := &syncView{}
	c, err := a.src.Cluster(ctx)
	if v.Cluster = c; err != nil || c == nil {
		v.Cluster = &status.Cluster{}
	}
	if err != nil {
		v.Problem = err.Error()
	}
	for _, n := range v.Nodes {
		v.Rows = append(v.Rows, rowOfNode(n))
	}
	_ = errors.As(a.err, &v.Faults)
	if now := a.src.Status(); now != nil && config.IsNodeName(now.Hostname) {
		v.Proposed = now.Hostname
	}
	v.Token, _ = a.result.(*status.ClusterToken)
	v.Report, _ = a.result.(*syncOutcome)
	return v, nil
}

// rowOfNode says in words how a node stands to this one.
func rowOfNode(n status.Node) nodeRow {
	row := nodeRow{Node: n, Consequence: "Its certificate counts no more: it takes and gives no configuration. Its addresses stay in service with what it runs."}
	w := syncWordOf(n.Sync)
	row.Word, row.Mood, row.Means = w.word, w.mood, w.means
	if n.Self {
		if n.Sync == status.SyncEqual || n.Sync == status.SyncOff {
			row.Means = "this node"
		}
		row.Consequence = "This node leaves the cluster: it keeps its configuration and its addresses, and shares neither any more."
	}
	return row
}

// initCluster makes this node the first of a cluster.
func initCluster(ctx context.Context, a *ask) (string, error) {
	r := status.ClusterInitRequest{Node: trimmed(a, "node"), Listen: trimmed(a, "listen")}
	if wrong := checkNode("init", r.Node, r.Listen); len(wrong) > 0 {
		return "", wrong
	}
	if _, err := a.src.InitCluster(ctx, r); err != nil {
		return "", err
	}
	return r.Node + " is the first node of a cluster now. Make a join token for the next one.", nil
}

// joinCluster enrols this node with another one's token.
func joinCluster(ctx context.Context, a *ask) (string, error) {
	r := status.ClusterJoinRequest{Node: trimmed(a, "node"), Listen: trimmed(a, "listen"), Token: trimmed(a, "token")}
	wrong := checkNode("join", r.Node, r.Listen)
	if r.Token == "" {
		wrong.add("join-token", "Paste the token that the other node made.")
	}
	if len(wrong) > 0 {
		return "", wrong
	}
	if _, err := a.src.JoinCluster(ctx, r); err != nil {
		return "", err
	}
	return r.Node + " has joined the cluster.", nil
}

// makeToken shows a token in the answer itself: it is never kept for later.
func makeToken(ctx context.Context, a *ask) (string, error) {
	minutes, ok := checkNumber(&faults{}, "minutes", "Minutes", trimmed(a, "minutes"), 1, 24*60)
	if !ok {
		return "", badField("minutes", "A token is good for 1 to 1440 minutes.")
	}
	token, err := a.src.ClusterToken(ctx, status.ClusterTokenRequest{For: (time.Duration(minutes) * time.Minute).Seconds()})
	if err != nil {
		return "", err
	}
	a.result = token
	return "A join token is made. It is shown this once.", nil
}

// removeNode takes a node out once its consequence was agreed to.
func removeNode(ctx context.Context, a *ask) (string, error) {
	name := a.form.Get("form")
	if a.form.Get("sure") == "" {
		return "", badField("sure", "Tick that you are sure. Nothing was changed.")
	}
	if _, err := a.src.RemoveNode(ctx, status.ClusterRemoveRequest{Node: name}); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s is no longer a node of the cluster.", name), nil
}

// Ways are the forms of one act, each of which may be refused.
func (*syncView) Ways() []string { return []string{"dry", "sync", "push-dry", "push"} }
