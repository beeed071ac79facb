package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/agent"
	"github.com/carpd/carpd/internal/boottime"
	"github.com/carpd/carpd/internal/build"
	"github.com/carpd/carpd/internal/cluster"
	"github.com/carpd/carpd/internal/configstore"
	"github.com/carpd/carpd/internal/confsync"
	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/iface"
	"github.com/carpd/carpd/internal/ledger"
	"github.com/carpd/carpd/internal/transport"
)

// defaultConfig is read when no -c is given.
const defaultConfig = "/etc/carpd/carpd.yaml"

// gcPercent lets the heap grow before it is collected: the loop is to be on
// time, and what it keeps is small.
const gcPercent = 400

// runCommand is the daemon.
func runCommand() *cli.Command {
	return &cli.Command{
		Name:  "run",
		Usage: "run the daemon in the foreground",
		Description: "SIGTERM bows out, removes what was added and ends; SIGHUP reads the configuration again;\n" +
			"SIGUSR2 ends without a word and leaves everything for the next carpd, which goes on with it.\n" +
			"Logs go to stderr: readable on a terminal, JSON otherwise.",
		Flags: []cli.Flag{configFlag(), &cli.BoolFlag{
			Name: "replace", Usage: "take over from the running carpd of this instance, if all it has can be gone on with",
		}},
		Action: func(c *cli.Context) error {
			return runDaemon(c.Context, c.String("config"), c.Bool("replace"))
		},
	}
}

// configFlag is -c FILE.
func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "config", Aliases: []string{"c"}, Value: defaultConfig, Usage: "configuration `FILE`"}
}

// runDaemon takes what the daemon needs, in order, runs it, and gives all of it
// back in reverse. Signals are held from the first moment to the last: one that
// comes early is obeyed when there is something to end or to reload, and none
// cuts short what is taken or given back.
func runDaemon(ctx context.Context, path string, replacing bool) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	hup, usr2 := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	signal.Notify(usr2, syscall.SIGUSR2)

	given, warnings, err := loadConfig(path)
	if err != nil {
		return cli.Exit(err, exitUsage)
	}
	debug.SetGCPercent(gcPercent)
	log := newLogger(given.cfg.LogLevel)
	for _, w := range warnings {
		log.Warn().Msg(w.String())
	}
	if err := harden(); err != nil {
		log.Warn().Err(err).Msg("keys are less protected")
	}
	if replacing {
		if err := replace(ctx, given.cfg, log); err != nil {
			return err
		}
	}
	p, err := acquire(ctx, given, log, replacing)
	if err != nil {
		return err
	}
	if pinsEndWithUs() {
		log.Warn().Msg("the BPF file system is not our parent's: after a crash nothing may keep this host from answering for the addresses")
	}
	return errors.Join(p.serve(ctx, hup, usr2), p.release())
}

// parts are what one daemon is made of.
type parts struct {
	loaded
	log       zerolog.Logger
	started   time.Time
	lock      interface{ Close() error }
	keeper    *iface.Keeper
	dataplane *dataplane.Dataplane
	transport *transport.Conn
	agent     *agent.Agent
	store     *configstore.Store
	server    *control.Server
	cluster   *cluster.Manager
	sync      *confsync.Engine
	unwatch   context.CancelFunc
	keep      bool // what is there is another carpd's to go on with
}

// acquire builds the parts. What a predecessor left that did not end properly is
// gone on with: the kernel side at once, the rest when the groups are placed. If
// that fails it is left as it was, and falls silent when its leases end.
func acquire(ctx context.Context, given loaded, log zerolog.Logger, replacing bool) (p *parts, err error) {
	p = &parts{loaded: given, log: log, started: time.Now(), unwatch: func() {}}
	defer func() {
		if err != nil {
			p.keep = p.dataplane == nil || p.dataplane.Adopted()
			err = errors.Join(err, p.release())
		}
	}()
	if err = os.MkdirAll(control.RunDir, 0o750); err != nil {
		return p, err
	}
	if p.lock, err = takeLock(ctx, p.cfg.Instance, replacing); err != nil {
		return p, err
	}
	if err = p.unconfirmed(log); err != nil {
		return p, err
	}
	if p.keeper, err = openKeeper(p.cfg.Instance); err != nil {
		return p, err
	}
	options := dataplaneOptions(p.cfg, log)
	options.Devices = devices{p.keeper}
	options.Anew = p.tidy
	if p.dataplane, err = dataplane.Load(options); err != nil {
		return p, err
	}
	if !p.dataplane.Adopted() {
		err = p.keeper.UndoOffloads()
	}
	if err != nil {
		log.Warn().Err(err).Msg("VLAN offloads of an earlier run not restored")
	}
	if p.transport, err = transport.Open(log); err != nil {
		return p, err
	}
	watch, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	p.unwatch = unwatch
	systems, err := iface.Watch(watch, log)
	if err != nil {
		return p, err
	}
	p.agent = agent.New(agent.Deps{
		Now: boottime.Now, Wall: boottime.Wall,
		Transport: p.transport, Dataplane: p.dataplane, Addresses: p.keeper,
		Systems: systems, Router: iface.Forwards, Log: log,
		Keeper: keptIn{p.cfg.Instance},
	}, p.cfg)
	p.store = p.openStore()
	return p, nil
}

// devices shows the interfaces to the dataplane, which knows no netlink.
type devices struct{ *iface.Keeper }

// Device looks at an interface.
func (d devices) Device(ifindex int) (dataplane.Device, error) {
	dev, err := d.Keeper.Device(ifindex)
	return dataplane.Device(dev), err
}

// tidy takes away the addresses of an earlier carpd that cannot be gone on with,
// while its programs still keep them silent.
func (p *parts) tidy() {
	if err := p.keeper.UndoAll(); err != nil {
		p.log.Warn().Err(err).Msg("not everything of an earlier run could be removed")
	}
}

// serve runs the loop and the control socket until ctx ends.
func (p *parts) serve(ctx context.Context, hup, usr2 <-chan os.Signal) error {
	sock, err := control.Path(p.cfg.Instance)
	if err != nil {
		return err
	}
	p.openCluster()
	p.openSync()
	if err := p.openControl(sock); err != nil {
		return err
	}
	doors, closeDoors := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- p.server.Run(doors) }()
	go p.reloadOnHangup(doors, hup)
	go p.retireOnSignal(doors, usr2)
	var shared sync.WaitGroup
	shared.Go(func() { p.cluster.Run(doors) })
	shared.Go(func() { p.sync.Run(doors) })
	p.log.Info().Str("instance", p.cfg.Instance).Str("version", build.String()).Int("groups", len(p.cfg.Groups)).Msg("carpd runs")

	if p.takenBack != "" {
		p.note("rollback", p.takenBack)
	}
	loop, stopLoop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.agent.Run(loop) }()
	select {
	case err = <-ended:
	case err = <-served: // The door must not close while the house is open.
		served <- nil
		stopLoop()
		err = errors.Join(err, <-ended)
	}
	stopLoop()
	closeDoors()
	shared.Wait()
	return errors.Join(err, <-served)
}

// reloadOnHangup reads the configuration again on each SIGHUP.
func (p *parts) reloadOnHangup(ctx context.Context, hup <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			if err := p.reload(ctx); err != nil {
				p.log.Error().Err(err).Msg("configuration not reloaded: the running one stays")
			}
		}
	}
}

// reload loads the whole file before anything changes, and says what did.
func (p *parts) reload(ctx context.Context) error {
	done, err := p.store.Reload(ctx, false)
	if err != nil {
		return err
	}
	for _, w := range done.Warnings {
		p.log.Warn().Msg(w)
	}
	p.log.Info().Str("plan", done.What).Msg("configuration reloaded")
	return nil
}

// release gives back what was acquired, in reverse. What another carpd is to go
// on with stays where it is.
func (p *parts) release() (err error) {
	p.unwatch()
	undo := !p.keep && (p.agent == nil || !p.agent.Retired())
	if p.keeper != nil && undo {
		err = errors.Join(err, p.keeper.UndoAll())
		_ = os.Remove(filepath.Join(control.RunDir, p.cfg.Instance)) // Unless something is left to be undone.
	}
	if p.dataplane != nil && undo {
		err = errors.Join(err, p.dataplane.Stop())
	}
	if p.dataplane != nil {
		err = errors.Join(err, p.dataplane.Close())
	}
	if p.transport != nil {
		err = errors.Join(err, p.transport.Close())
	}
	if p.lock != nil {
		err = errors.Join(err, p.lock.Close())
	}
	return err
}

// lockPath is the lock file of an instance. It stays behind when carpd ends.
func lockPath(instance string) string { return filepath.Join(control.RunDir, instance+".lock") }

// lockInstance makes sure that only one carpd of an instance runs.
func lockInstance(instance string) (interface{ Close() error }, error) {
	lock, err := ledger.Lock(lockPath(instance))
	var taken *ledger.LockedError
	if errors.As(err, &taken) {
		return nil, cli.Exit(fmt.Errorf("instance %s: %w", instance, err), exitInUse)
	}
	return lock, err
}

// openKeeper opens what remembers the things that an instance added.
func openKeeper(instance string) (*iface.Keeper, error) {
	book, err := ledger.Open(ledgerPath(instance))
	if err != nil {
		return nil, err
	}
	return iface.NewKeeper(book)
}
