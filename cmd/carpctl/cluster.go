package main

import (
	"github.com/urfave/cli/v2"
)

// clusterCommand is what concerns the nodes that share configuration.
func clusterCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "cluster",
		Usage: "the nodes that share configuration",
		Subcommands: []*cli.Command{
			clusterStatusCommand(e), clusterInitCommand(e), clusterTokenCommand(e), clusterJoinCommand(e), clusterRemoveCommand(e),
			clusterSyncCommand(e), clusterDiffCommand(e),
		},
		Action: noCommand,
	}
}
