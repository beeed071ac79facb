package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// maxToken is more than any token has.
const maxToken = 4096

// nodeFlags name a node that is enrolled.
func nodeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "node", Usage: "the `NAME` of this node"},
		&cli.StringFlag{Name: "listen", Usage: "`ADDRESS:PORT` of this node that the others reach"},
	}
}

// named wants both of nodeFlags.
func named(c *cli.Context) error {
	if c.String("node") == "" || c.String("listen") == "" {
		return usage("--node NAME and --listen ADDRESS:PORT are needed")
	}
	return nil
}

func clusterInitCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "make a cluster with this node as the first",
		Description: "Makes a CA and this node's certificate, and writes the section cluster into the\n" +
			"configuration. The election is not touched.",
		Flags: nodeFlags(),
		Action: func(c *cli.Context) error {
			if err := named(c); err != nil {
				return err
			}
			r := status.ClusterInitRequest{Node: c.String("node"), Listen: c.String("listen")}
			return e.enrol(c, "cluster/init", r, r.Node+" is the first node of a cluster")
		},
	}
}

func clusterJoinCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "join",
		Usage: "make this node a member, with a token of another one",
		Description: "The token comes from --token-file or on standard input, never on the command line,\n" +
			"where every user of this machine could read it.",
		Flags: append(nodeFlags(), &cli.StringFlag{Name: "token-file", Usage: "read the token from `FILE`"}),
		Action: func(c *cli.Context) error {
			if err := atMost(c, 0); err != nil {
				return usage("the token is read from standard input or --token-file, not from the command line")
			}
			if err := named(c); err != nil {
				return err
			}
			token, err := e.readToken(c.String("token-file"))
			if err != nil {
				return err
			}
			r := status.ClusterJoinRequest{Node: c.String("node"), Listen: c.String("listen"), Token: token}
			return e.enrol(c, "cluster/join", r, r.Node+" is a member of the cluster")
		},
	}
}

// enrol sends a verb that makes this node a member, and shows the members.
func (e *env) enrol(c *cli.Context, verb string, r any, done string) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	client, err := e.client(c)
	if err != nil {
		return err
	}
	answer, err := control.Post[status.Cluster](context.WithoutCancel(c.Context), client, verb, r)
	if err != nil {
		return err
	}
	return e.printf("%s: %s\n", done, memberNames(answer))
}

// memberNames are the names of all nodes.
func memberNames(c *status.Cluster) string {
	var names []string
	for _, n := range c.Nodes {
		names = append(names, n.Name)
	}
	return strings.Join(names, ", ")
}

// readToken reads a token from a file, or from standard input.
func (e *env) readToken(path string) (string, error) {
	in := e.stdin
	if path != "" && path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	if in == nil {
		return "", errors.New("no token on standard input")
	}
	text, err := io.ReadAll(io.LimitReader(in, maxToken))
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	if len(strings.TrimSpace(string(text))) == 0 {
		return "", usage("no token: carpctl cluster token on a member prints one")
	}
	return strings.TrimSpace(string(text)), nil
}

func clusterTokenCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "token",
		Usage: "print a token with which one other node can join",
		Description: "It works once, and only with this node. Whoever has it can become a member:\n" +
			"carry it as you would a password.",
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "for", Usage: "how long it can be used", Value: 15 * time.Minute},
			outputFlag("plain", "json"),
		},
		Action: e.clusterToken,
	}
}

// clusterToken prints the token alone, so that it can be piped into a join.
func (e *env) clusterToken(c *cli.Context) error {
	if err := atMost(c, 0); err != nil {
		return err
	}
	lasts := c.Duration("for")
	if lasts <= 0 {
		return usage("--for %v: more than nothing", lasts)
	}
	client, err := e.client(c)
	if err != nil {
		return err
	}
	t, err := control.Post[status.ClusterToken](context.WithoutCancel(c.Context), client, "cluster/token", status.ClusterTokenRequest{For: lasts.Seconds()})
	if err != nil {
		return err
	}
	if c.String("output") == "json" {
		raw, err := json.Marshal(t)
		return errors.Join(err, writeIndented(e.stdout, raw))
	}
	if e.terminal {
		fmt.Fprintf(e.stderr, "works once, until %s:\n", t.Until.Local().Format(time.DateTime))
	}
	return e.printf("%s\n", t.Token)
}

func clusterRemoveCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "remove",
		Usage:     "take a node out of the cluster, or this one by its own name",
		ArgsUsage: "NODE",
		Description: "Every member refuses it from then on. A node that removes itself forgets its keys and\n" +
			"takes the section cluster out of its configuration.",
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usage("remove takes the name of one node")
			}
			client, err := e.client(c)
			if err != nil {
				return err
			}
			name := c.Args().First()
			answer, err := control.Post[status.Cluster](context.WithoutCancel(c.Context), client, "cluster/remove", status.ClusterRemoveRequest{Node: name})
			if err != nil {
				return err
			}
			return e.removed(name, answer)
		},
	}
}

// removed says who is left, and who could not be told.
func (e *env) removed(name string, c *status.Cluster) error {
	if !c.Enabled {
		return e.printf("%s has left the cluster\n", name)
	}
	for _, r := range c.Reasons {
		if strings.HasSuffix(r, "it hears of it from any node that does") {
			fmt.Fprintln(e.stderr, "warning: "+r)
		}
	}
	return e.printf("%s is removed; members: %s\n", name, memberNames(c))
}
