package main

import (
	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
)

func webCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "web",
		Usage: "show carpd's pages in a browser on this machine",
		Description: "It prints an address that works once, for one browser, and serves it until it is ended.\n" +
			"The browser may then do what this command may: at the local socket, everything.",
		Flags: []cli.Flag{&cli.StringFlag{Name: "listen", Value: "127.0.0.1:0", Usage: "`ADDRESS` of the loopback, and a port; 0 takes a free one"}},
		Action: func(c *cli.Context) error {
			if err := atMost(c, 0); err != nil {
				return err
			}
			client, err := e.client(c)
			if err != nil {
				return err
			}
			if _, err := client.Status(c.Context); err != nil {
				return err
			}
			gate, err := control.OpenGate(client, c.String("listen"))
			if err != nil {
				return usage("%v", err)
			}
			if err := e.printf("%s\n", gate.Link()); err != nil {
				return err
			}
			return gate.Run(c.Context)
		},
	}
}
