package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// States of a router as the timeline shows them, beside those of carpd.
const (
	stateDown    = "down"    // no carpd runs
	stateFrozen  = "frozen"  // stopped by SIGSTOP
	stateCut     = "cut off" // without a link
	stateUnknown = "-"
)

// router is one of the two, with its carpd.
type router struct {
	*lab.Node
	instance string
	config   string
	skew     int
	program  string
	process  *lab.Process
	control  *control.Client
	mark     atomic.Value // what the demo did to it: down, frozen, cut off or empty
}

// newRouter writes the configuration of a router's carpd.
func (d *demo) newRouter(n *lab.Node, skew int) (*router, error) {
	r := &router{Node: n, instance: n.Namespace(), skew: skew, program: d.Program}
	r.mark.Store(stateDown)
	r.config = d.lab.File(n.Name + ".yaml")
	sock, err := control.Path(r.instance)
	if err != nil {
		return nil, err
	}
	r.control = control.Dial(sock)
	for _, p := range []string{
		sock, filepath.Join(control.RunDir, r.instance), filepath.Join(control.RunDir, r.instance+".lock"),
		filepath.Join(pins, r.instance),
	} {
		if err := d.lab.RemoveToo(p); err != nil {
			return nil, err
		}
	}
	return r, os.WriteFile(r.config, []byte(r.yaml()), 0o600)
}

// yaml is the configuration, as a person would write it.
func (r *router) yaml() string {
	return fmt.Sprintf(`instance: %s
groups:
  - vhid: 1
    carpdev: %s
    addresses: [%s, "%s"]
    password: mekmitasdigoat
    advbase: 1
    advskew: %d
    preempt: true
`, r.instance, lab.Interface, lab.Virtual4, lab.Virtual6, r.skew)
}

// start starts carpd; it logs to a file in the lab's directory.
func (r *router) start() error {
	r.process = r.Command(r.program, "run", "-c", r.config)
	r.process.Log = r.logFile()
	if err := r.process.Start(); err != nil {
		return err
	}
	r.mark.Store("")
	return nil
}

// logFile is where carpd logs.
func (r *router) logFile() string { return strings.TrimSuffix(r.config, ".yaml") + ".log" }

// group asks carpd for the state of its group; a silent one gives an error.
func (r *router) group(ctx context.Context) (g status.Group, err error) {
	ctx, cancel := context.WithTimeout(ctx, 150*time.Millisecond)
	defer cancel()
	s, err := r.control.Status(ctx)
	if err != nil {
		return g, err
	}
	if len(s.Groups) != 1 {
		return g, fmt.Errorf("carpd on %s has %d groups", r.Name, len(s.Groups))
	}
	return s.Groups[0], nil
}

// shown is the state that the timeline shows, with the cause.
func (r *router) shown(ctx context.Context) (state, cause string) {
	if mark := r.mark.Load().(string); mark == stateDown || mark == stateFrozen {
		return mark, ""
	}
	g, err := r.group(ctx)
	if err != nil {
		return stateUnknown, ""
	}
	if mark := r.mark.Load().(string); mark != "" {
		return mark, g.Cause
	}
	return g.State, g.Cause
}

// is waits until the group is in a state. It fails at once when carpd ends.
func (r *router) is(ctx context.Context, state string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if g, err := r.group(ctx); err == nil && g.State == state {
			return nil
		}
		select {
		case <-tick.C:
		case <-r.process.Exited():
			return fmt.Errorf("carpd on %s ended unexpectedly", r.Name)
		case <-ctx.Done():
			return fmt.Errorf("%s is not %s within %s: %w", r.Name, state, within, ctx.Err())
		}
	}
}
