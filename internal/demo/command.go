package demo

import "github.com/urfave/cli/v2"

// Command is carpd demo.
func Command() *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "show a failover in network namespaces, measured beside what is promised",
	}
}
