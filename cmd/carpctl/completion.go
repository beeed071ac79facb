package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// scripts make a shell ask carpctl itself what could come next.
var scripts = map[string]string{
	"bash": `# carpctl completion for bash: source <(carpctl completion bash)
_carpctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]:0:COMP_CWORD}")
	[[ $cur == -* ]] && words+=(-)
	COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
	return 0
}
complete -o bashdefault -o default -F _carpctl carpctl
`,
	"zsh": `#compdef carpctl
# carpctl completion for zsh: source <(carpctl completion zsh)
_carpctl() {
	local -a opts cmd
	cmd=("${(@)words[1,CURRENT-1]}")
	[[ ${words[CURRENT]} == -* ]] && cmd+=(-)
	opts=("${(@f)$("${cmd[@]}" --generate-bash-completion 2>/dev/null)}")
	if [[ -n ${opts[1]} ]]; then compadd -a opts; else _files; fi
}
compdef _carpctl carpctl
`,
}

func completionCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:         "completion",
		Usage:        "print the completion script for bash or zsh",
		ArgsUsage:    "bash|zsh",
		BashComplete: func(*cli.Context) { _ = e.printf("bash\nzsh\n") },
		Action: func(c *cli.Context) error {
			if err := atMost(c, 1); err != nil {
				return err
			}
			script, known := scripts[c.Args().First()]
			if !known {
				return usage("%q: bash or zsh", c.Args().First())
			}
			return e.printf("%s", script)
		},
	}
}

// completionFlag ends the command line when a shell asks what could come next.
const completionFlag = "--generate-bash-completion"

// asks tells whether a shell asks.
func asks(args []string) bool { return len(args) > 0 && args[len(args)-1] == completionFlag }

// offer makes the commands answer a shell: options where the last word begins
// with a dash, else commands, or what a command offers of its own.
func offer(app *cli.App, args []string) {
	wantsFlag := len(args) > 1 && strings.HasPrefix(args[len(args)-2], "-")
	app.BashComplete = func(c *cli.Context) {
		if wantsFlag {
			offerFlags(c.App.Writer, app.Flags)
			return
		}
		for _, cmd := range app.Commands {
			fmt.Fprintln(c.App.Writer, cmd.Name)
		}
	}
	for _, cmd := range app.Commands {
		own := cmd.BashComplete
		cmd.BashComplete = func(c *cli.Context) {
			switch {
			case wantsFlag:
				offerFlags(c.App.Writer, slices.Concat(cmd.Flags, app.Flags))
			case own != nil:
				own(c)
			}
		}
	}
}

// offerFlags writes the long name of each option.
func offerFlags(w io.Writer, flags []cli.Flag) {
	for _, f := range flags {
		fmt.Fprintln(w, "--"+f.Names()[0])
	}
}
