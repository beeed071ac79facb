package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// vipCommand is the list of virtual IPs and its editor.
func vipCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "vip", Usage: "the virtual IPs of the configuration, and their editor",
		Description: "Edits keep the comments and the order of the file. They are applied at once, with\n" +
			"--confirm on trial, and with --pending not yet.",
		Subcommands: []*cli.Command{vipList(e), vipAdd(e), vipEdit(e), vipRemove(e)},
		Action:      noSubcommand,
	}
}

func vipList(e *env) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "the virtual IPs as they are edited", Flags: []cli.Flag{outputFlag("table", "json")},
		Action: e.asks(0, func(c *cli.Context, client *control.Client) error {
			now, err := control.Read[status.Config](c.Context, client, "config")
			if err != nil {
				return err
			}
			return e.answered(c, now, "%s", strings.TrimSuffix(e.vipTable(now.VIPs), "\n"))
		}),
	}
}

// vipTable has a line per virtual IP.
func (e *env) vipTable(list []status.VIP) string {
	rows := [][]cell{head("NAME", "ADDRESSES", "ADVBASE", "ADVSKEW", "PREEMPT", "PASSWORD", "SYNC", "DESCRIPTION")}
	for _, v := range list {
		skew := strconv.Itoa(v.Advskew)
		if len(v.Carpnodes) > 0 {
			skew = strings.Join(v.Carpnodes, " ")
		}
		rows = append(rows, []cell{
			{v.Name, bold}, {text: strings.Join(v.Addresses, " ")}, {text: strconv.Itoa(v.Advbase)}, {text: skew},
			{text: yesNo(v.Preempt)}, {text: v.Password}, {text: yesNo(v.Sync)}, {text: v.Description},
		})
	}
	return e.table(rows)
}

// yesNo is a bool for people.
func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// vipFlags are the fields of a virtual IP.
func vipFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "carpdev", Usage: "`INTERFACE`, or auto"},
		&cli.StringSliceFlag{Name: "address", Usage: "`ADDRESS/LENGTH`; give it for each of them"},
		&cli.IntFlag{Name: "vhid", Usage: "`N` from 1 to 255"},
		&cli.IntFlag{Name: "advbase", Usage: "`SECONDS` from 1 to 255"},
		&cli.IntFlag{Name: "advskew", Usage: "`N` from 0 to 254; 0 means master"},
		&cli.BoolFlag{Name: "preempt", DisableDefaultText: true, Usage: "take over from a MASTER that is worse (--preempt=false: do not)"},
		&cli.StringFlag{Name: "mac", Usage: "`KIND`: virtual or physical"},
		&cli.StringFlag{Name: "when", Usage: "`WHEN` the addresses are there: on-master or always"},
		&cli.StringFlag{Name: "description", Usage: "`TEXT` for people"},
		&cli.BoolFlag{Name: "sync", DisableDefaultText: true, Usage: "share it with the other nodes (--sync=false: keep it here)"},
		&cli.StringFlag{Name: "password-file", Usage: "`FILE` on carpd's machine that holds the password"},
		&cli.BoolFlag{Name: "password", DisableDefaultText: true, Usage: "ask for the password: twice on a terminal, else the first line of standard input"},
		&cli.BoolFlag{Name: "no-password", DisableDefaultText: true, Usage: "without authentication"},
	}
}

func vipAdd(e *env) *cli.Command {
	return &cli.Command{
		Name: "add", Usage: "add a virtual IP",
		Description: "Without --vhid it gets the smallest one that is free. A password is asked for\n" +
			"unless --password-file or --no-password is given; it never comes from the command line.",
		Flags: append(vipFlags(), applyFlags()...),
		Action: e.edits(0, func(c *cli.Context, client *control.Client) error {
			if !c.IsSet("carpdev") || !c.IsSet("address") {
				return usage("a virtual IP needs --carpdev and --address; see %s --help", c.Command.HelpName)
			}
			edit, err := e.vipOf(c, !c.IsSet("password-file") && !c.IsSet("no-password"))
			if err != nil {
				return err
			}
			return e.change(c, client, func(now *status.Config) (string, any, error) {
				if edit.VHID == nil {
					edit.VHID = new(freeVHID(now))
				}
				return "vips/add", status.VIPRequest{Base: now.Hash, Edit: edit}, nil
			})
		}),
	}
}

// edits is asks for what may come with a password: a word too many might be one,
// so it is not repeated.
func (e *env) edits(most int, do func(*cli.Context, *control.Client) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.NArg() > most {
			return usage("a word too many: %s; see %s --help", noPasswordHere, c.Command.HelpName)
		}
		return e.asks(most, do)(c)
	}
}

// noPasswordHere is said to who gives a password on the command line.
const noPasswordHere = "a password is asked for and never comes from the command line"

// freeVHID is what is proposed for a new virtual IP.
func freeVHID(now *status.Config) int {
	var used []int
	for _, v := range now.VIPs {
		used = append(used, v.VHID)
		for _, node := range v.Carpnodes {
			vhid, _, _ := strings.Cut(node, ":")
			n, _ := strconv.Atoi(vhid)
			used = append(used, n)
		}
	}
	return config.NextVHID(used)
}

func vipEdit(e *env) *cli.Command {
	return &cli.Command{
		Name: "edit", Usage: "change fields of a virtual IP", ArgsUsage: "GROUP",
		Description: "What is not given stays as it is. --address gives the whole list of addresses.",
		Flags:       append(vipFlags(), applyFlags()...),
		Action: e.edits(1, func(c *cli.Context, client *control.Client) error {
			edit, err := e.vipOf(c, false)
			if err != nil {
				return err
			}
			return e.change(c, client, func(now *status.Config) (string, any, error) {
				name, err := vipName(c, now)
				return "vips/edit", status.VIPRequest{Base: now.Hash, Name: name, Edit: edit}, err
			})
		}),
	}
}

func vipRemove(e *env) *cli.Command {
	return &cli.Command{
		Name: "remove", Usage: "remove a virtual IP", ArgsUsage: "GROUP", Flags: applyFlags(),
		Action: e.asks(1, func(c *cli.Context, client *control.Client) error {
			return e.change(c, client, func(now *status.Config) (string, any, error) {
				name, err := vipName(c, now)
				return "vips/remove", status.VIPRequest{Base: now.Hash, Name: name}, err
			})
		}),
	}
}

// vipName is the virtual IP that is meant: by its name, or its VHID where that
// is enough.
func vipName(c *cli.Context, now *status.Config) (string, error) {
	if c.NArg() == 0 {
		return "", usage("which virtual IP? see %s --help", c.Command.HelpName)
	}
	var all []status.Group
	for _, v := range now.VIPs {
		all = append(all, status.Group{Name: v.Name, VHID: v.VHID})
	}
	g, err := pick(all, c.Args().First())
	return g.Name, err
}

// vipOf is what the options say. A password is asked for when they want one, or
// when there must be one.
func (e *env) vipOf(c *cli.Context, needed bool) (edit status.VIPEdit, err error) {
	if c.IsSet("password-file") && (c.Bool("password") || c.Bool("no-password")) || c.Bool("password") && c.Bool("no-password") {
		return edit, usage("one of --password, --password-file and --no-password")
	}
	edit.VHID, edit.Advbase, edit.Advskew = given(c, "vhid", c.Int), given(c, "advbase", c.Int), given(c, "advskew", c.Int)
	edit.Carpdev, edit.MAC, edit.Address = given(c, "carpdev", c.String), given(c, "mac", c.String), given(c, "when", c.String)
	edit.Description, edit.PasswordFile = given(c, "description", c.String), given(c, "password-file", c.String)
	edit.Preempt, edit.Sync = given(c, "preempt", c.Bool), given(c, "sync", c.Bool)
	if c.IsSet("address") {
		edit.Addresses = c.StringSlice("address")
	}
	switch {
	case c.Bool("no-password"):
		edit.Password = new("")
	case needed || c.Bool("password"):
		var password string
		if password, err = e.askPassword(); err != nil {
			return edit, fmt.Errorf("read the password: %w", err)
		}
		edit.Password = &password
	}
	return edit, nil
}

// given is the value of an option that was given, else nil.
func given[T any](c *cli.Context, name string, value func(string) T) *T {
	if !c.IsSet(name) {
		return nil
	}
	return new(value(name))
}
