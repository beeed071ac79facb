package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagsFirst puts the options of a command line where the parser wants them:
// behind the last command and before the arguments. People write
// `carpctl is-master 1@eth0 -v`, and global options after the command.
func flagsFirst(app *cli.App, args []string) []string {
	var global, local, plain, names []string
	var cmd *cli.Command
	for len(args) > 0 {
		word := args[0]
		switch next := within(app, cmd, word); {
		case word == "--":
			plain, args = append(plain, args[1:]...), nil
		case !isFlag(word) && next != nil && len(plain) == 0:
			cmd, names, args = next, append(names, next.Name), args[1:]
		case !isFlag(word) && cmd == nil:
			return append(global, args...) // Unknown, or help.
		case !isFlag(word):
			plain, args = append(plain, word), args[1:]
		case cmd == nil || !known(cmd.Flags, word) && known(app.Flags, word):
			global, args = take(app.Flags, global, args)
		default:
			local, args = take(cmd.Flags, local, args)
		}
	}
	if cmd == nil {
		return append(global, plain...)
	}
	return slices.Concat(global, names, local, []string{"--"}, plain)
}

// within is the command of a name at the top, or below another command.
func within(app *cli.App, cmd *cli.Command, name string) *cli.Command {
	if cmd == nil {
		return app.Command(name)
	}
	for _, sub := range cmd.Subcommands {
		if sub.HasName(name) {
			return sub
		}
	}
	return nil
}

func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// take moves one option, and its value when it is a word of its own.
func take(flags []cli.Flag, to, args []string) (moved, rest []string) {
	n := 1
	if f := find(flags, args[0]); f != nil && !strings.Contains(args[0], "=") && takesValue(f) {
		n = min(2, len(args))
	}
	return append(to, args[:n]...), args[n:]
}

func known(flags []cli.Flag, word string) bool { return find(flags, word) != nil }

// find is the option that a word such as -o, --output or --output=json means.
func find(flags []cli.Flag, word string) cli.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	doc, ok := f.(cli.DocGenerationFlag)
	return ok && doc.TakesValue()
}
