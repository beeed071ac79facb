package main

import (
	"crypto/rand"
	"regexp"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/control"
)

// tokenPrefix lets people, and programs that look for leaked secrets, know a
// token when they see one.
const tokenPrefix = "carp_"

// tokenName is what the configuration takes for a name.
var tokenName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$`)

func tokenCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "token",
		Usage: "bearer tokens for the API over the network",
		Subcommands: []*cli.Command{{
			Name: "new", Usage: "make a token, and the entry of the configuration that lets it in", ArgsUsage: "NAME",
			Description: "The token is shown once and kept nowhere; the configuration holds its digest.",
			Flags:       []cli.Flag{&cli.StringFlag{Name: "role", Value: "read", Usage: "`ROLE`: read, or admin for everything"}},
			Action:      e.newToken,
		}},
	}
}

// newToken prints a token of 260 random bits and its entry.
func (e *env) newToken(c *cli.Context) error {
	if err := atMost(c, 1); err != nil {
		return err
	}
	name := c.Args().First()
	if !tokenName.MatchString(name) {
		return usage("NAME %q: 1 to 64 letters, digits, _, ., @ and -", name)
	}
	role := c.String("role")
	if control.RoleNamed(role) == control.Nobody {
		return usage("--role %s: read or admin", role)
	}
	token := tokenPrefix + rand.Text() + rand.Text()
	return e.printf(`%s

This is the token. Nobody can show it again. For carpd, under tokens: in the section api:

    - name: %s
      role: %s
      hash: "%s"
`, token, name, role, control.HashToken(token))
}
