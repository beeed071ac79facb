package test

import (
	"fmt"
	"slices"
	"time"

	"github.com/carpd/carpd/internal/status"
)

// unfold opens what a form is folded into, as a person does who reads first what
// the button is going to do.
func (p *page) unfold(form string) {
	p.t.Helper()
	p.must(p.WaitThere(form))
	fold, err := p.Strings(fmt.Sprintf("(d => d.open ? [] : [d.id])(document.querySelector(%q).closest('details'))", form))
	p.must(err)
	if len(fold) > 0 {
		p.must(p.Click("#" + fold[0] + " > summary"))
	}
	p.waitFor(form + " button")
}

// steer presses the button of a form of the first page that may be folded.
func (p *page) steer(form string) {
	p.t.Helper()
	p.unfold(form)
	p.press(form + " button")
}

// formOf is the form of an act for a group of this node; no group is all of them.
func formOf(act, group string) string {
	return fmt.Sprintf("form[action='/do/%s']:has(input[name=group][value='%s'])", act, group)
}

// announce sends announcements once more, of one group and of all.
func announce(v *visit) {
	for group, more := range map[string]uint64{"1@eth0": 1, "": 2} {
		before := v.announced()
		v.page.to("/")
		v.page.steer(formOf("announce", group))
		v.page.waitFor(".flash")
		v.eventually(20*time.Second, "announcements after the button for "+group, func() bool { return v.announced() >= before+more })
	}
}

// announced is how often the first node has announced anything.
func (v *visit) announced() (sum uint64) {
	v.t.Helper()
	all, err := v.nodes[0].control.Counters(v.within(10 * time.Second))
	v.must(err)
	for _, g := range all.Groups {
		sum += g.Sent.Announcements
	}
	return sum
}

// handOver gives group 1 to r3, because r2 is demoted. A duration that is none
// is refused first, and nothing has changed.
func handOver(v *visit) {
	p, form := v.page, formOf("handover", "1@eth0")
	p.to("/")
	p.unfold(form)
	p.fill(form+" input[name=for]", "soon")
	p.Expect(422)
	p.press(form + " button")
	p.Expect(0)
	p.says(`"soon" is no duration`)
	v.state(0, 1, "MASTER")
	p.fill(form+" input[name=for]", "1h")
	p.press(form + " button")
	p.waitFor(".flash")
	v.state(0, 1, "BACKUP")
	v.state(2, 1, "MASTER")
	p.until(cardSays("1@eth0", "BACKUP"))
	p.open()
	p.picture("status-handed-over")
	p.fits()
	if d := v.demotion("handover"); d == nil || d.Group != "1@eth0" || d.Until == nil {
		v.t.Errorf("the demotion of a hand-over is %+v", d)
	}
}

// demotion finds one of the first node.
func (v *visit) demotion(name string) *status.Demotion {
	v.t.Helper()
	list := v.nodes[0].status().Demotions
	if i := slices.IndexFunc(list, func(d status.Demotion) bool { return d.Name == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

// clearHandOver clears the demotion that keeps group 1 away.
func clearHandOver(v *visit) {
	v.page.to("/")
	v.page.steer("form[action='/do/demotions/remove']:has(input[name=name][value=handover])")
	v.page.waitFor(".flash")
	v.state(0, 1, "MASTER")
	v.state(2, 1, "BACKUP")
	if d := v.demotion("handover"); d != nil {
		v.t.Errorf("still there: %+v", d)
	}
}

// demote adds a demotion of group 2, after one without a weight was refused.
func demote(v *visit) {
	p, form := v.page, "form[action='/do/demotions/add']"
	p.to("/")
	p.unfold(form)
	p.fill("#demote-name", "test")
	p.fill("#demote-weight", "much")
	p.Expect(422)
	p.press(form + " button")
	p.Expect(0)
	p.says("The weight is a number from 1 to 255")
	p.picture("demote-fault")
	p.fill("#demote-weight", "3")
	p.must(p.Choose("#demote-group", "2@eth0"))
	p.fill("#demote-reason", "a test of the page")
	p.fill("#demote-for", "1h")
	p.press(form + " button")
	p.waitFor(".flash")
	d := v.demotion("test")
	if d == nil || d.Weight != 3 || d.Group != "2@eth0" || d.Reason != "a test of the page" || d.Until == nil || d.Persistent {
		v.t.Errorf("added %+v", d)
	}
	v.state(0, 2, "BACKUP")
	v.state(2, 2, "MASTER")
}

// clearDemotion clears it.
func clearDemotion(v *visit) {
	v.page.to("/")
	v.page.steer("form[action='/do/demotions/remove']:has(input[name=name][value=test])")
	v.state(0, 2, "MASTER")
	if d := v.demotion("test"); d != nil {
		v.t.Errorf("still there: %+v", d)
	}
}

// enterMaintenance gives everything away, with a reason and for an hour.
func enterMaintenance(v *visit) {
	p, form := v.page, "form[action='/do/maintenance/enter']"
	p.to("/")
	p.unfold(form)
	p.fill("#enter-reason", "a new disk")
	p.fill("#enter-for", "1h")
	p.press(form + " button")
	v.eventually(30*time.Second, "maintenance is on", func() bool {
		return v.nodes[0].status().Maintenance.Phase == status.MaintenanceOn
	})
	if m := v.nodes[0].status().Maintenance; m.Reason != "a new disk" || m.Until == nil || m.Forced {
		v.t.Errorf("maintenance is %+v", m)
	}
	for _, vhid := range []int{1, 2} {
		v.state(0, vhid, "BACKUP")
		v.state(2, vhid, "MASTER")
	}
	p.until(`document.getElementById("node").innerText.includes("a new disk")`)
	p.waitFor("#leave")
	p.open()
	p.picture("status-maintenance")
	p.fits()
}

// leaveMaintenance takes everything back.
func leaveMaintenance(v *visit) {
	v.page.to("/")
	v.page.steer("form[action='/do/maintenance/leave']")
	v.page.waitFor("#enter")
	if m := v.nodes[0].status().Maintenance; m.Phase != status.MaintenanceOff {
		v.t.Errorf("maintenance is %+v", m)
	}
	v.state(0, 1, "MASTER")
	v.state(0, 2, "MASTER")
}

// disable silences group 1, and then the whole node.
func disable(v *visit) {
	v.page.to("/")
	v.page.steer(formOf("disable", "1@eth0"))
	v.page.waitFor(".flash")
	v.state(2, 1, "MASTER")
	if g := v.nodes[0].group(1); !g.Disabled || g.State != "INIT" {
		v.t.Errorf("group 1 is %+v", g)
	}
	v.state(0, 2, "MASTER")
	v.page.steer(formOf("disable", ""))
	v.page.waitFor(".flash")
	v.state(2, 2, "MASTER")
	if st := v.nodes[0].status(); !st.Disabled || !v.nodes[0].group(2).Disabled {
		v.t.Errorf("the node is %+v", st)
	}
	v.page.picture("status-disabled")
}

// enable lets the whole node take part again, and then one group that was
// disabled alone.
func enable(v *visit) {
	v.page.to("/")
	v.page.steer(formOf("enable", ""))
	v.state(0, 1, "MASTER")
	v.state(0, 2, "MASTER")
	if st := v.nodes[0].status(); st.Disabled || v.nodes[0].group(1).Disabled {
		v.t.Errorf("the node is %+v", st)
	}
	v.page.steer(formOf("disable", "2@eth0"))
	v.state(2, 2, "MASTER")
	v.page.steer(formOf("enable", "2@eth0"))
	v.state(0, 2, "MASTER")
}

// cardSays is the condition that the card of a group shows a state of the node
// that the page is of.
func cardSays(group, state string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("article.group")].some(e => e.querySelector("h3").innerText.startsWith(%q) && e.querySelector("h4").innerText.includes(%q))`, group, state)
}
