package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/dataplane"
	"github.com/carpd/carpd/internal/ledger"
)

// A carpd that is to be replaced retires: it ends without a bow-out and leaves
// programs, maps, deadlines and addresses as they are. The kernel goes on by
// itself until the lease ends, and the next carpd goes on with all of it.

// retirement is how long a carpd that retires may take to let go of the lock.
const retirement = 10 * time.Second

// retire ends the loop as it is. Nothing is undone after it.
func (p *parts) retire(ctx context.Context) error {
	if err := p.agent.Retire(ctx); err != nil {
		return err
	}
	p.log.Info().Msg("carpd retires: another one may go on until the leases end")
	return nil
}

// retireOnSignal retires on SIGUSR2, for service managers.
func (p *parts) retireOnSignal(ctx context.Context, usr2 <-chan os.Signal) {
	select {
	case <-ctx.Done():
	case <-usr2:
		if err := p.retire(ctx); err != nil {
			p.log.Error().Err(err).Msg("not retired")
		}
	}
}

// replace makes sure that this carpd can go on with what the running one has,
// and only then asks that one to retire. When it cannot, the other one has not
// noticed anything. Without a running one it just starts.
func replace(ctx context.Context, cfg *config.Config, log zerolog.Logger) error {
	if err := dataplane.Check(dataplaneOptions(cfg, log)); err != nil {
		return fmt.Errorf("not replaced, the running carpd goes on: %w", err)
	}
	sock, err := control.Path(cfg.Instance)
	if err != nil {
		return cli.Exit(err, exitUsage)
	}
	client := control.Dial(sock)
	switch err := client.Retire(ctx); {
	case err == nil || errors.Is(err, control.ErrNotRunning):
		return nil
	case control.CannotRetire(err):
		return endOld(ctx, client, log)
	default:
		return fmt.Errorf("not replaced, the running carpd goes on: %w", err)
	}
}

// endOld ends a carpd of a release that cannot retire by SIGKILL: it has no
// other end that leaves what it has in the kernel.
func endOld(ctx context.Context, client *control.Client, log zerolog.Logger) error {
	st, err := client.Status(ctx)
	if err != nil {
		return fmt.Errorf("not replaced, the running carpd goes on: %w", err)
	}
	log.Warn().Int("pid", st.PID).Str("version", st.Version).Msg("the running carpd cannot retire: it is killed")
	if err := syscall.Kill(st.PID, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill the running carpd, process %d: %w", st.PID, err)
	}
	return nil
}

// takeLock takes the lock of the instance, at once or after the carpd that is
// replaced.
func takeLock(ctx context.Context, instance string, replacing bool) (interface{ Close() error }, error) {
	if replacing {
		return waitForLock(ctx, instance)
	}
	return lockInstance(instance)
}

// waitForLock takes the lock of the instance when a carpd that retires has let
// go of it.
func waitForLock(ctx context.Context, instance string) (lock interface{ Close() error }, err error) {
	ctx, cancel := context.WithTimeout(ctx, retirement)
	defer cancel()
	for {
		if lock, err = lockInstance(instance); !errors.As(err, new(*ledger.LockedError)) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// dataplaneOptions are what the configuration says of the kernel side.
func dataplaneOptions(cfg *config.Config, log zerolog.Logger) dataplane.Options {
	return dataplane.Options{Instance: cfg.Instance, XDP: cfg.XDP, DetachOnStop: cfg.DetachOnStop, Log: log}
}
