package web

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/carpd/carpd/internal/config"
	"github.com/carpd/carpd/internal/status"
)

const (
	maxPassword     = 128 // bytes; what is longer is a mistake
	countedPassword = 19  // bytes, with ifconfig of the BSDs
	shortPassword   = 8   // bytes
	maxDescription  = 128 // characters
)

// check finds what is wrong with the fields, each fault beside its own. carpd
// checks the whole configuration once more when it takes the edit.
func (f vipForm) check(c *status.Config, was *status.VIP) faults {
	others := slices.DeleteFunc(slices.Clone(c.VIPs), func(v status.VIP) bool { return v.Name == f.Name })
	var out faults
	f.checkCarpdev(&out, c, was)
	f.checkAddresses(&out, others)
	f.checkVHID(&out, others)
	f.checkPassword(&out, was)
	checkNumber(&out, "advbase", "Base", f.Advbase, 1, maxAdvbase)
	checkNumber(&out, "advskew", "Skew", f.Advskew, 0, maxAdvskew)
	if utf8.RuneCountInString(f.Description) > maxDescription || strings.ContainsAny(f.Description, "\r\n") {
		out.add("description", "The description is one line of at most %d characters.", maxDescription)
	}
	checkWord(&out, "mac", "MAC", f.MAC, "virtual", "physical")
	checkWord(&out, "address", "Addresses", f.Address, "on-master", "always")
	return out
}

// checkCarpdev wants one of the choice. The interface that a VIP has already
// stays one, even while it is not there.
func (f vipForm) checkCarpdev(out *faults, c *status.Config, was *status.VIP) {
	switch {
	case f.Carpdev == "":
		out.add("carpdev", "Choose an interface, or AUTO.")
	case f.Carpdev == auto, slices.Contains(c.Interfaces, f.Carpdev), was != nil && was.Carpdev == f.Carpdev:
	default:
		out.add("carpdev", "There is no interface %q here. Choose one of the list, or AUTO.", f.Carpdev)
	}
}

// checkAddresses tells of each address what is wrong with it.
func (f vipForm) checkAddresses(out *faults, others []status.VIP) {
	list := addressesOf(f.Addresses)
	if len(list) == 0 {
		out.add("addresses", "Enter at least one address with its mask, such as 192.0.2.1/24.")
	}
	seen := map[netip.Addr]bool{}
	for _, text := range list {
		p, found, allowed := config.Address(text)
		switch {
		case found != "":
			out.add("addresses", "%s; allowed: %s.", found, allowed)
		case !strings.Contains(text, "/"):
			out.add("addresses", "%s has no mask, such as %s/%d.", text, text, usualBits(p))
		case seen[p.Addr()]:
			out.add("addresses", "%s is there twice.", p.Addr())
		}
		if owner := ownerOf(p.Addr(), f.Carpdev, others); owner != "" {
			out.add("addresses", "%s is an address of %s already.", p.Addr(), owner)
		}
		seen[p.Addr()] = true
	}
}

// usualBits is the mask that most subnets have.
func usualBits(p netip.Prefix) int {
	if p.Addr().Is4() {
		return 24
	}
	return 64
}

// ownerOf is the VIP that has an address already. A link-local one may be on
// each link.
func ownerOf(a netip.Addr, carpdev string, others []status.VIP) string {
	for _, v := range others {
		for _, text := range v.Addresses {
			p, found, _ := config.Address(text)
			if found == "" && p.Addr() == a && (!a.IsLinkLocalUnicast() || v.Carpdev == carpdev && carpdev != auto) {
				return v.Name
			}
		}
	}
	return ""
}

// checkVHID wants one that no other VIP has on the interface.
func (f vipForm) checkVHID(out *faults, others []status.VIP) {
	id, ok := checkNumber(out, "vhid", "VHID", f.VHID, 1, maxVHID)
	if !ok {
		return
	}
	for _, v := range others {
		if v.Carpdev == f.Carpdev && slices.Contains(vhidsOf(v), id) {
			out.add("vhid", "VHID %d is taken on %s by %s.%s", id, f.Carpdev, v.Name, proposal(others, f.Carpdev))
			return
		}
	}
}

// proposal names the next free VHID.
func proposal(others []status.VIP, carpdev string) string {
	if id := nextVHID(others, carpdev); id > 0 {
		return fmt.Sprintf(" The next free one is %d.", id)
	}
	return " All are taken there."
}

// checkPassword wants the same password twice, or another place where it is
// kept, or a clear word that there is none. An edit may leave it as it is.
func (f vipForm) checkPassword(out *faults, was *status.VIP) {
	typed := f.password != "" || f.again != ""
	switch {
	case f.Bare && (typed || f.PasswordFile != ""):
		out.add("bare", "There is a password as well: take it away, or do not tick this.")
	case typed && f.PasswordFile != "":
		out.add("password_file", "Either type a password or name a file, not both.")
	case typed && f.password != f.again:
		out.add("password_again", "The two passwords are not the same. Type both again.")
	case len(f.password) > maxPassword:
		out.add("password", "The password has %d bytes; at most %d are allowed, and the first 19 count.", len(f.password), maxPassword)
	case strings.ContainsFunc(f.password, func(r rune) bool { return r < ' ' || r == 0x7f }) || !utf8.ValidString(f.password):
		out.add("password", "The password holds a character that cannot be typed on other systems.")
	case !typed && f.PasswordFile == "" && !f.Bare && (was == nil || was.Password == "none"):
		out.add("password", "Enter a password, or tick “without a password”.")
	}
}

// checkNumber reads a whole number within bounds.
func checkNumber(out *faults, field, label, typed string, lo, hi int) (int, bool) {
	n, err := strconv.Atoi(typed)
	if err == nil && n >= lo && n <= hi && strconv.Itoa(n) == typed {
		return n, true
	}
	out.add(field, "%s: enter a whole number from %d to %d.", label, lo, hi)
	return 0, false
}

// checkWord wants one of a choice.
func checkWord(out *faults, field, label, typed string, words ...string) {
	if !slices.Contains(words, typed) {
		out.add(field, "%s: choose %s.", label, strings.Join(words, " or "))
	}
}
