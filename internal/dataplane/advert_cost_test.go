package dataplane

import (
	"testing"
	"time"

	"github.com/cilium/ebpf/asm"

	"github.com/carpd/carpd/internal/carp"
)

// forgedLimit is what a forged advert may cost: a flood of them must leave time
// for the rest of the traffic.
const forgedLimit = 700 * time.Nanosecond

// forgetRow is code that gives slot 1 full buckets and nothing to remember, as
// if no advert had come before.
func forgetRow(d *Dataplane) asm.Instructions {
	const next, size = 4 * 48, 4*48 + 4*8 // of struct carp_guard
	code := asm.Instructions{
		asm.StoreImm(asm.RFP, -4, 1, asm.Word),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, -4),
		asm.LoadMapPtr(asm.R1, d.objs.CarpGuard.FD()),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "forgotten"),
	}
	code = append(code, asm.Mov.Imm(asm.R1, 0))
	for _, at := range []int16{0, 48, 96, 144} { // when each of the last four came
		code = append(code, asm.StoreMem(asm.R0, at, asm.R1, asm.DWord))
	}
	for at := int16(next); at < size; at += 8 {
		code = append(code, asm.StoreMem(asm.R0, at, asm.R1, asm.DWord))
	}
	return append(code, asm.Mov.Imm(asm.R0, 0).WithSymbol("forgotten"))
}

// BenchmarkCostAdvert is what an advert of a group of ours costs, by what becomes
// of it. Good ones go into the ring buffer; the program is made to forget each,
// for the next would be a duplicate.
func BenchmarkCostAdvert(b *testing.B) {
	d := guarded(b, time.Second)
	good := variant(carp.Advert{Advbase: 1, Counter: 5})
	bad := flipped(good, 35)
	forty := addrs("192.0.2.1")
	for len(forty) < 40 {
		forty = append(forty, forty[len(forty)-1].Next())
	}
	drain := func() { events(b, d) }
	fit := 30_000 // The ring has room for so many.
	for _, h := range hooks(d) {
		passed := h.spent(genuine).verdict
		for _, row := range []costRow{
			{name: "good advert", frame: ipv4(good), want: passed, slot: 1, reason: carp.OK, before: forgetRow(d), repeat: fit, after: drain},
			{name: "good advert, IPv6", frame: ipv6(good), want: passed, slot: 1, reason: carp.OK, before: forgetRow(d), repeat: fit, after: drain},
			{name: "forged advert", frame: ipv4(bad), want: "drop", slot: 1, reason: carp.BadDigest, limit: forgedLimit, after: drain},
			{name: "forged advert, IPv6", frame: ipv6(bad), want: "drop", slot: 1, reason: carp.BadDigest, limit: forgedLimit, after: drain},
		} {
			h.cost(b, d, row)
		}
		h.run(b, ipv4(good))
		d.SetInterval(1, time.Hour)
		slow := variant(carp.Advert{Advbase: 255, Counter: 6})
		h.run(b, ipv4(slow))
		h.cost(b, d, costRow{name: "advert, a duplicate", frame: ipv4(slow), want: "drop", slot: 1, reason: carp.Duplicate})
		d.Sent(1, 7)
		h.cost(b, d, costRow{name: "advert, our own", frame: ipv4(variant(carp.Advert{Advbase: 1, Counter: 7})), want: "drop", slot: 1, reason: carp.OwnEcho})
		d.SetInterval(1, time.Second)

		setKeys(b, d, 1, carp.NewKey(testSecret, 1, forty).Midstates())
		h.cost(b, d, costRow{name: "forged advert, 40 addresses", frame: ipv4(bad), want: "drop", slot: 1, reason: carp.BadDigest, after: drain})
		setKeys(b, d, 1, states("192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"))
		h.cost(b, d, costRow{name: "forged advert, 4 keys", frame: ipv4(bad), want: "drop", slot: 1, reason: carp.BadDigest, after: drain})
		setKeys(b, d, 1, states("192.0.2.1"))
		drain()
	}
}
