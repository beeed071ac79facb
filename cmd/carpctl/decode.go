package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/capture"
)

const decodeHelp = `FILE is pcap or pcapng, also compressed by gzip; - is standard input, and each
advert is shown as it comes: tcpdump -U -w - -i eth0 proto 112 | carpctl decode -

With --config the keys of the groups in a configuration of carpd are used. The
VERDICT is what carpd would have made of the packet: ok, or the reason for
which it is refused, such as "bad digest" (password or address list differ) or
"bad TTL". Three are none of these: "VRRP" is not for us, "truncated" is too
little in the capture, and "no key" is good as far as it goes, but its digest
was not checked, because there is no group of its VHID (or no --config).

With -o json there is one object on each line, each with schema_version. The
exit code is 0 whatever the verdicts, 1 if a file cannot be read to its end.`

func decodeCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:        "decode",
		Usage:       "CARP and VRRP adverts in a capture, each with a verdict",
		ArgsUsage:   "FILE|-",
		Description: decodeHelp,
		Flags: []cli.Flag{
			outputFlag("table", "json"),
			&cli.StringFlag{Name: "config", Aliases: []string{"c"}, Usage: "check digests with the keys of this configuration `FILE`"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usage("decode needs a FILE or -; see %s --help", c.Command.HelpName)
			}
			if err := atMost(c, 1); err != nil {
				return err
			}
			return e.decode(c)
		},
	}
}

// decode opens what is to be read and shows it in the form that was asked for.
func (e *env) decode(c *cli.Context) error {
	keys, err := e.keyring(c.String("config"))
	if err != nil {
		return err
	}
	file, err := openCapture(c.Context, c.Args().First(), c.App.Reader)
	if err != nil {
		return err
	}
	defer file.Close()
	records := capture.Read(file, keys)
	if c.String("output") == "json" {
		err = e.decodeJSON(records)
	} else {
		err = e.decodeTable(records, c.String("config") != "")
	}
	if errors.Is(err, context.Canceled) {
		return nil // The user ended it.
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.Args().First(), err)
	}
	return nil
}

// decodeJSON writes one object on each line.
func (e *env) decodeJSON(records iter.Seq2[capture.Record, error]) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetEscapeHTML(false)
	for r, err := range records {
		if err != nil {
			return err
		}
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// openCapture opens a file, or standard input for "-". A read of standard
// input ends with the context, because it may wait for ever.
func openCapture(ctx context.Context, name string, stdin io.Reader) (io.ReadCloser, error) {
	if name != "-" {
		return os.Open(name)
	}
	r, w := io.Pipe()
	stop := context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(w, stdin)
		stop()
		w.CloseWithError(err)
	}()
	return r, nil
}
