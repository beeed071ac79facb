package demo

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/lab"
	"github.com/carpd/carpd/internal/status"
)

// pagesTime is how long it may take until the pages can be looked at.
const pagesTime = 30 * time.Second

// showPages ends the demo: it makes one cluster of both routers, so that the page
// of one shows the other too, and prints the address of that page. What serves it
// stays with the network.
func (d *demo) showPages(carpctl string) {
	ctx, cancel := context.WithTimeout(context.Background(), pagesTime)
	defer cancel()
	whose := "of both routers"
	if err := d.cluster(ctx); err != nil {
		d.screen.line(fmt.Sprintf("\nThe routers are no cluster: %v", err))
		whose = "of r1"
	}
	address, err := d.servePages(ctx, carpctl)
	if err != nil {
		d.screen.line(fmt.Sprintf("\nThe web page cannot be shown: %v", err))
		return
	}
	d.screen.line("\nThe web page " + whose + ", for one browser on this machine:\n\n  " + address + "\n")
}

// cluster makes one of both routers.
func (d *demo) cluster(ctx context.Context) error {
	if _, err := control.Post[status.Cluster](ctx, d.r1.control, "cluster/init", status.ClusterInitRequest{
		Node: d.r1.Name, Listen: d.r1.clusterAddress(),
	}); err != nil {
		return err
	}
	token, err := control.Post[status.ClusterToken](ctx, d.r1.control, "cluster/token", status.ClusterTokenRequest{})
	if err != nil {
		return err
	}
	_, err = control.Post[status.Cluster](ctx, d.r2.control, "cluster/join", status.ClusterJoinRequest{
		Node: d.r2.Name, Listen: d.r2.clusterAddress(), Token: token.Token,
	})
	return err
}

// clusterAddress is where the other router finds this one.
func (r *router) clusterAddress() string { return r.IPv4.Addr().String() + ":7430" }

// servePages starts carpctl web, which goes on when the demo has ended, and
// returns the address that it prints.
func (d *demo) servePages(ctx context.Context, carpctl string) (address string, err error) {
	p := d.lab.Command(carpctl, "--instance", d.r1.instance, "web")
	p.Log = d.lab.File("web.log")
	if err := p.Start(); err != nil {
		return "", err
	}
	return printed(ctx, p)
}

// printed waits for the first line that a program writes.
func printed(ctx context.Context, p *lab.Process) (string, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := os.ReadFile(p.Log)
		if line, _, whole := strings.Cut(string(text), "\n"); err == nil && whole && p.Running() {
			return line, nil
		}
		select {
		case <-tick.C:
		case <-p.Exited():
			return "", fmt.Errorf("%s has ended: %s", p.Name, text)
		case <-ctx.Done():
			return "", fmt.Errorf("%s printed no address: %w", p.Name, ctx.Err())
		}
	}
}
