package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// pins is where carpd pins its maps and links.
const pins = "/sys/fs/bpf/carpd"

// explain prints the commands for looking around in a kept network.
func (d *demo) explain() {
	carpctl := filepath.Join(filepath.Dir(d.Program), "carpctl")
	if _, err := os.Stat(carpctl); err != nil {
		carpctl = "carpctl"
	}
	d.screen.line("\nThe network is left as it is. To explore it:\n")
	for _, c := range [][2]string{
		{fmt.Sprintf("%s --instance %s status", carpctl, d.r1.instance), "what r1 is; the other is " + d.r2.instance},
		{fmt.Sprintf("%s --instance %s events", carpctl, d.r2.instance), "what r2 went through"},
		{"nsenter --net=" + d.r1.Path(), "a shell on r1"},
		{"nsenter --net=" + d.client.Path() + " ping 192.0.2.1", "be the client"},
		{"nsenter --net=" + d.lab.Switch.Path() + " tcpdump -nei any ip proto 112", "watch the adverts"},
		{"bpftool map dump pinned " + filepath.Join(pins, d.r1.instance, "carp_groups"), "what r1's kernel believes"},
		{fmt.Sprintf("kill -KILL %d", d.r1.process.PID()), "crash r1; its log: " + d.r1.logFile()},
		{fmt.Sprintf("%s --instance %s web", carpctl, d.r2.instance), "another address of a web page, that of r2"},
		{d.Program + " demo --down", "remove it all"},
	} {
		d.screen.line(fmt.Sprintf("  %s\n      %s", c[0], d.screen.paint(dim, c[1])))
	}
	d.showPages(carpctl)
}

// showLogs prints the last lines of both carpd.
func (d *demo) showLogs() {
	const last = 15
	for _, r := range []*router{d.r1, d.r2} {
		b, err := os.ReadFile(r.logFile())
		if err != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		d.screen.line("\nThe last lines of carpd on " + r.Name + ":")
		for _, l := range lines[max(0, len(lines)-last):] {
			d.screen.line("  " + l)
		}
	}
}
