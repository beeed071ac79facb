package test

import (
	"strings"
	"time"

	"github.com/carpd/carpd/internal/control"
	"github.com/carpd/carpd/internal/status"
)

// edited is the configuration of the first node as its editors see it.
func (v *visit) edited() *status.Config {
	v.t.Helper()
	c, err := control.Read[status.Config](v.within(20*time.Second), v.nodes[0].control, "config")
	v.must(err)
	return c
}

// configured finds a VIP in it.
func (v *visit) configured(name string) *status.VIP {
	v.t.Helper()
	c := v.edited()
	for i := range c.VIPs {
		if c.VIPs[i].Name == name {
			return &c.VIPs[i]
		}
	}
	return nil
}

// runs tells whether the first node has a group.
func (v *visit) runs(name string) bool {
	v.t.Helper()
	for _, g := range v.nodes[0].status().Groups {
		if g.Name == name {
			return true
		}
	}
	return false
}

// addVIP fills in the editor. A password that was mistyped is told in place; a
// VHID that is taken is refused by the server, and nothing typed is lost but the
// passwords.
func addVIP(v *visit) {
	p := v.page
	p.to("/vips")
	p.press("a[href='/vips/edit']")
	if got := p.value("#vhid"); got != "3" {
		v.t.Errorf("the proposed VHID is %s, want 3", got)
	}
	p.fill("#addresses", "192.0.2.3/24")
	p.fill("#vhid", "2")
	p.fill("#description", "printers")
	p.fill("#password", password)
	p.fill("#password_again", "another password")
	p.must(p.Click("#vip-form .buttons button"))
	p.until(`document.querySelector("#password_again").validationMessage`)
	p.on("/vips/edit")
	p.fill("#password_again", password)
	p.Expect(422)
	p.press("#vip-form .buttons button")
	p.Expect(0)
	p.says("to mend")
	p.picture("vip-faults")
	if v.edited().Pending != nil {
		v.t.Error("what was refused is pending")
	}
	if got := p.value("#description") + p.value("#password"); got != "printers" {
		v.t.Errorf("description and password after a refusal: %q", got)
	}
	p.fill("#vhid", "3")
	p.fill("#password", password)
	p.fill("#password_again", password)
	p.press("#vip-form .buttons button")
	p.on("/vips")
	p.waitFor("#pending")
	p.picture("vips-pending")
	vip := v.configured("3@eth0")
	if vip == nil || strings.Join(vip.Addresses, " ") != "192.0.2.3/24" || vip.Description != "printers" || vip.Password != "inline" || vip.Advskew != 0 {
		v.t.Errorf("after the edit the pending VIP is %+v", vip)
	}
	if v.runs("3@eth0") {
		v.t.Error("a pending VIP runs")
	}
}

// editVIP changes the description of one that is there.
func editVIP(v *visit) {
	p := v.page
	p.to("/vips")
	p.press("a[aria-label='Edit 2@eth0']")
	p.fill("#description", "visitors")
	p.press("#vip-form .buttons button")
	p.on("/vips")
	p.says("visitors")
	if vip := v.configured("2@eth0"); vip == nil || vip.Description != "visitors" {
		v.t.Errorf("after the edit the pending VIP is %+v", vip)
	}
}

// removeVIP makes a pending change of it.
func removeVIP(v *visit) {
	v.page.to("/vips")
	v.page.press("button[aria-label='Delete 3@eth0']")
	if v.configured("3@eth0") != nil {
		v.t.Error("the VIP is still in the pending configuration")
	}
}

// discard forgets what is pending.
func discard(v *visit) {
	addVIP(v)
	v.page.press("form[action='/do/discard'] button")
	if c := v.edited(); c.Pending != nil || v.configured("3@eth0") != nil {
		v.t.Errorf("after discarding: %+v", c)
	}
	v.page.gone("#pending")
}

// apply makes the pending VIP run.
func apply(v *visit) {
	addVIP(v)
	v.page.press("form[action='/do/apply']:not(.trial-form) button")
	v.page.gone("#pending")
	v.state(0, 3, "MASTER")
	if v.edited().Pending != nil {
		v.t.Error("something is pending after it was applied")
	}
}

// confirm keeps a change that was applied on trial.
func confirm(v *visit) {
	v.onTrial()
	v.page.press("form[action='/do/confirm'] button")
	v.page.gone("#trial")
	if c := v.edited(); c.Confirm != nil || v.configured("2@eth0").Description != "visitors" {
		v.t.Errorf("after it was confirmed: %+v", c)
	}
}

// rollBack takes it back.
func rollBack(v *visit) {
	removeVIP(v)
	v.page.press("form.trial-form button")
	v.page.waitFor("#trial")
	v.page.picture("trial")
	if v.runs("3@eth0") {
		v.t.Error("the VIP still runs after its removal was applied on trial")
	}
	v.page.press("form[action='/do/rollback'] button")
	v.page.gone("#trial")
	v.state(0, 3, "MASTER")
	if c := v.edited(); c.Confirm != nil {
		v.t.Errorf("after it was rolled back: %+v", c)
	}
}

// onTrial applies an edit on trial.
func (v *visit) onTrial() {
	v.t.Helper()
	editVIP(v)
	v.page.press("form.trial-form button")
	v.page.waitFor("#trial")
	c := v.edited()
	if c.Confirm == nil || c.Pending != nil {
		v.t.Fatalf("on trial: %+v", c)
	}
	if got := v.nodes[0].group(2).Description; got != "visitors" {
		v.t.Errorf("on trial the description that runs is %q", got)
	}
}

// rebase makes pending changes anew in a file that somebody else has changed.
func rebase(v *visit) {
	p := v.page
	p.to("/vips")
	p.press("a[aria-label='Edit 2@eth0']")
	p.fill("#description", "strangers")
	p.press("#vip-form .buttons button")
	v.rewrite("customers", "patrons")
	p.to("/vips")
	p.waitFor("form[action='/do/rebase']")
	p.picture("vips-stale")
	if stale := v.edited().Pending.Stale; stale == "" {
		v.t.Error("the pending changes are not stale")
	}
	p.press("form[action='/do/rebase'] button")
	p.gone("form[action='/do/rebase']")
	if c := v.edited(); c.Pending == nil || c.Pending.Stale != "" || v.configured("2@eth0").Description != "strangers" || v.configured("1@eth0").Description != "patrons" {
		v.t.Errorf("made anew: %+v", c.Pending)
	}
	p.press("form[action='/do/apply']:not(.trial-form) button")
	if one, two := v.nodes[0].group(1).Description, v.nodes[0].group(2).Description; one != "patrons" || two != "strangers" {
		v.t.Errorf("what runs is described as %q and %q", one, two)
	}
}

// saveSettings changes the level of the log and leaves it pending.
func saveSettings(v *visit) {
	p := v.page
	p.to("/settings")
	p.must(p.Choose("#log_level", "info"))
	p.press("form[action='/do/settings'] button")
	p.waitFor("#pending")
	if got := v.edited().LogLevel; got != "info" {
		v.t.Errorf("the pending log level is %s", got)
	}
	p.picture("settings-pending")
	p.press("form[action='/do/discard'] button")
	if got := v.edited().LogLevel; got != "debug" {
		v.t.Errorf("the log level after discarding is %s", got)
	}
}

// tryReload says what would change, and changes nothing; reload does it.
func tryReload(v *visit) {
	v.rewrite("clients", "customers")
	v.page.to("/settings")
	v.page.press("form[action='/do/reload/try'] button")
	v.page.says("Nothing was changed")
	if got := v.nodes[0].group(1).Description; got != "clients" {
		v.t.Errorf("after a dry run the description is %q", got)
	}
}

func reload(v *visit) {
	v.page.to("/settings")
	v.page.press("form[action='/do/reload'] button")
	if got := v.nodes[0].group(1).Description; got != "customers" {
		v.t.Errorf("after loading the file the description is %q", got)
	}
}
