package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"github.com/carpd/carpd/internal/lab"
)

// Options of a demo.
type Options struct {
	Program string // the carpd that is run
	Rounds  int
	Keep    bool
	Out     io.Writer
	// Terminal makes the timeline redraw itself, Colour colours it.
	Terminal, Colour bool
	Width            int // of the terminal
}

// detect finds out what the output can show. NO_COLOR switches colours off.
func (o *Options) detect(f *os.File) {
	o.Terminal = term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
	o.Colour = o.Terminal && os.Getenv("NO_COLOR") == ""
	if w, _, err := term.GetSize(int(f.Fd())); err == nil {
		o.Width = w
	}
}

// ErrBroken says that something promised was not measured.
var ErrBroken = errors.New("a promise was broken")

// ErrInterrupted says that somebody did not want to wait for the end.
var ErrInterrupted = errors.New("interrupted")

// demo is one run.
type demo struct {
	Options
	lab    *lab.Lab
	r1, r2 *router // r1 is the better one
	client *lab.Node
	ping   *lab.Pinger
	ping6  *lab.Pinger
	arp    *lab.Asker
	nd     *lab.Asker
	screen *screen
	strip  *strip
	book   book
}

// Run shows the scenario and judges it. The error is ErrBroken when everything
// ran and a promise was not kept.
func Run(ctx context.Context, o Options) (err error) {
	if os.Geteuid() != 0 {
		return fmt.Errorf("the demo makes network namespaces and loads BPF programs: %w", os.ErrPermission)
	}
	d := &demo{Options: o, screen: newScreen(o)}
	if err := d.setUp(); err != nil {
		return errors.Join(err, d.tearDown())
	}
	defer func() { err = errors.Join(err, d.finish(err)) }()
	if err := d.watched(ctx); err == nil || ctx.Err() == nil {
		return err
	}
	return ErrInterrupted
}

// setUp builds the network and prepares both routers.
func (d *demo) setUp() (err error) {
	if err := lab.MountBPF(); err != nil {
		return fmt.Errorf("mount bpffs: %w", err)
	}
	if d.lab, err = lab.New(lab.Topology{Routers: 2, Keep: d.Keep}); err != nil {
		return err
	}
	d.client = d.lab.Clients[0]
	if d.r1, err = d.newRouter(d.lab.Routers[0], 0); err != nil {
		return err
	}
	if d.r2, err = d.newRouter(d.lab.Routers[1], 100); err != nil {
		return err
	}
	// A client's entry that was used is checked after one second, not five.
	if err := d.client.Sysctl("net.ipv4.neigh."+lab.Interface+".delay_first_probe_time", "1"); err != nil {
		return err
	}
	return d.instruments()
}

// instruments starts what measures: one request per millisecond in IPv4, one
// question of who has the address per millisecond, fewer in IPv6.
func (d *demo) instruments() (err error) {
	v4, v6 := lab.Virtual4.Addr(), lab.Virtual6.Addr()
	if d.ping, err = d.client.Ping(v4, time.Millisecond); err != nil {
		return err
	}
	if d.ping6, err = d.client.Ping(v6, 10*time.Millisecond); err != nil {
		return err
	}
	if d.arp, err = d.client.Ask(v4, time.Millisecond); err != nil {
		return err
	}
	d.nd, err = d.client.Ask(v6, 5*time.Millisecond)
	return err
}

// watched plays the scenario with the timeline beside it, and judges it.
func (d *demo) watched(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.strip = newStrip()
	var g errgroup.Group
	watch, stopWatch := context.WithCancel(ctx)
	g.Go(func() error { d.watch(watch); return nil })
	err := d.play(ctx)
	stopWatch()
	_ = g.Wait()
	d.screen.end()
	d.strip.print(d.screen)
	if err != nil {
		return err
	}
	return d.judge()
}

// finish ends the demo: it keeps the network when that was asked for and
// nothing went wrong but a promise, else it removes it. What a daemon said is
// shown when something failed.
func (d *demo) finish(err error) error {
	if err != nil && !errors.Is(err, ErrBroken) && !errors.Is(err, ErrInterrupted) {
		d.showLogs()
	}
	if d.Keep && (err == nil || errors.Is(err, ErrBroken)) {
		d.explain()
		d.lab.Release()
		return nil
	}
	return d.tearDown()
}

// tearDown ends both carpd, so that they remove what they added, and then the
// network.
func (d *demo) tearDown() error {
	if d.lab == nil {
		return nil
	}
	return d.lab.Close()
}
