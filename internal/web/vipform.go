package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/carpd/carpd/internal/status"
)

// vipForm is the editor of a virtual IP as it was typed. Everything is text, so
// that what is wrong can be shown again as it was.
type vipForm struct {
	Name string // of the VIP that is edited; empty is a new one
	Base string // the hash of the configuration that was seen

	Carpdev, Addresses, VHID string
	Advbase, Advskew         string
	Description              string
	MAC, Address             string
	PasswordFile             string
	Preempt, Bare, Local     bool // Bare is without a password, Local sync: false

	// A template cannot reach these, so that no password is ever sent back.
	password, again string
}

// readVIPForm takes what was sent.
func readVIPForm(v url.Values) vipForm {
	text := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	return vipForm{
		Name: text("name"), Base: text("base"),
		Carpdev: text("carpdev"), VHID: text("vhid"), Addresses: strings.ReplaceAll(text("addresses"), "\r\n", "\n"),
		Advbase: text("advbase"), Advskew: text("advskew"), Description: text("description"),
		MAC: text("mac"), Address: text("address"),
		Preempt: v.Has("preempt"), Bare: v.Has("bare"), Local: v.Has("local"),
		PasswordFile: text("password_file"), password: v.Get("password"), again: v.Get("password_again"),
	}
}

// formOf fills the editor with a VIP. Of its password there is nothing to fill in.
func formOf(v status.VIP) vipForm {
	return vipForm{
		Name: v.Name, Carpdev: v.Carpdev, VHID: strconv.Itoa(v.VHID), Addresses: strings.Join(v.Addresses, "\n"),
		Advbase: strconv.Itoa(v.Advbase), Advskew: strconv.Itoa(v.Advskew), Description: v.Description,
		MAC: v.MAC, Address: v.Address, Preempt: v.Preempt, Local: !v.Sync, Bare: v.Password == "none",
	}
}

// newVIP proposes a VIP: on the interface that was asked for, or the one that
// has VIPs already, with the next free VHID and everything else as by default.
func newVIP(c *status.Config, carpdev string) vipForm {
	if carpdev == "" {
		carpdev = usual(c)
	}
	f := vipForm{Carpdev: carpdev, Advbase: "1", Advskew: "0", MAC: "virtual", Address: "on-master", Preempt: true}
	if id := nextVHID(c.VIPs, carpdev); id > 0 {
		f.VHID = strconv.Itoa(id)
	}
	return f
}

// usual is where most likely another VIP goes: where the last one is whose
// interface is here.
func usual(c *status.Config) string {
	for _, v := range slices.Backward(c.VIPs) {
		if v.Carpdev == auto || slices.Contains(c.Interfaces, v.Carpdev) {
			return v.Carpdev
		}
	}
	switch {
	case len(c.VIPs) > 0:
		return c.VIPs[len(c.VIPs)-1].Carpdev
	case len(c.Interfaces) > 0:
		return c.Interfaces[0]
	}
	return auto
}

// edit is what was changed, so that the rest keeps what another editor made of
// it. Of a new VIP what is as by default is not written down.
func (f vipForm) edit(was *status.VIP) status.VIPEdit {
	before := vipForm{Advbase: "1", MAC: "virtual", Address: "on-master"}
	if was != nil {
		before = formOf(*was)
	}
	e := status.VIPEdit{
		VHID: number(f.VHID, before.VHID), Carpdev: text(f.Carpdev, before.Carpdev),
		Advbase: number(f.Advbase, before.Advbase), Advskew: number(f.Advskew, before.Advskew),
		Description: text(f.Description, before.Description),
		MAC:         text(f.MAC, before.MAC), Address: text(f.Address, before.Address),
		Preempt: flag(f.Preempt, before.Preempt), Sync: flag(!f.Local, !before.Local),
	}
	if list := addressesOf(f.Addresses); !slices.Equal(list, addressesOf(before.Addresses)) {
		e.Addresses = list
	}
	f.secret(&e, before)
	return e
}

// secret is the password, where one was typed: else it stays what it is. It is
// never another VIP's.
func (f vipForm) secret(e *status.VIPEdit, before vipForm) {
	none := ""
	switch {
	case f.PasswordFile != "":
		e.PasswordFile = &f.PasswordFile
	case f.password != "":
		e.Password = &f.password
	case f.Bare && !before.Bare:
		e.Password = &none
	}
}

// number, text and flag are a value unless it is what was there.
func number(typed, before string) *int {
	n, err := strconv.Atoi(typed)
	if was, wrong := strconv.Atoi(before); err != nil || wrong == nil && was == n {
		return nil
	}
	return &n
}

func text(typed, before string) *string {
	if typed == before {
		return nil
	}
	return &typed
}

func flag(typed, before bool) *bool {
	if typed == before {
		return nil
	}
	return &typed
}

// addressesOf are the addresses of a text: one on each line, or with commas or
// blanks between them.
func addressesOf(typed string) []string {
	return strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;", r) })
}

// differences are the fields in which the configuration now is not what was
// typed, with what it says.
func (f vipForm) differences(now status.VIP) map[string]string {
	out := map[string]string{}
	there := formOf(now)
	for field, pair := range map[string][2]string{
		"carpdev": {f.Carpdev, there.Carpdev}, "vhid": {f.VHID, there.VHID},
		"addresses": {strings.Join(addressesOf(f.Addresses), ", "), strings.Join(now.Addresses, ", ")},
		"advbase":   {f.Advbase, there.Advbase}, "advskew": {f.Advskew, there.Advskew},
		"description": {f.Description, there.Description}, "mac": {f.MAC, there.MAC}, "address": {f.Address, there.Address},
		"preempt": {yesNo(f.Preempt), yesNo(there.Preempt)}, "local": {yesNo(f.Local), yesNo(there.Local)},
	} {
		if pair[0] != pair[1] {
			out[field] = pair[1]
		}
	}
	return out
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Advanced tells whether something in the folded part is not as usual, or wrong,
// or another than in the configuration, so that it must be seen.
func (f vipForm) Advanced(bad faults, now map[string]string) bool {
	for _, field := range []string{"mac", "address", "password_file", "bare", "local"} {
		if now[field] != "" || len(bad.Of(field)) > 0 {
			return true
		}
	}
	return f.MAC == "physical" || f.Address == "always" || f.PasswordFile != "" || f.Bare || f.Local
}

// Retype tells that a password was typed, which the page does not have any more.
func (f vipForm) Retype() bool { return f.password != "" || f.again != "" }
