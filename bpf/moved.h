/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Frames from outside with a virtual MAC of ours as their source: the switch has
 * just learnt another port for it, and would send our traffic there. carpd is
 * told, so that it announces an address at once.
 */
#ifndef CARP_MOVED_H
#define CARP_MOVED_H

#include "lease.h"
#include "owner.h"
#include "report.h"

/* Is the source of the frame perhaps a virtual MAC of ours? All traffic pays for this test. */
static __always_inline bool carp_may_have_moved(const struct carp_frame *f)
{
	const struct carp_eth *eth = f->data;

	return (void *)(eth + 1) <= f->data_end && carp_is_virtual(eth->src);
}

/*
 * The VHID and slot of the group whose MAC is the frame's source, if it answers
 * here: otherwise the MAC is rightly elsewhere. 0 = none. A MAC that all nodes of
 * a share have at once moves for ever. To be asked before the frame may be turned
 * into its answer.
 */
static __always_inline __u32 carp_moved(const struct carp_frame *f)
{
	struct carp_owner *owner;

	if (!carp_may_have_moved(f))
		return 0;
	owner = carp_owner_of_mac(f, carp_eth_of(f)->src);
	if (!owner || owner->balancing > CARP_BALANCE_ARP || !carp_may_answer(owner->slot))
		return 0;
	return owner->slot << 8 | owner->vhid;
}

__noinline int carp_moved_xdp(struct xdp_md *ctx)
{
	struct carp_frame f;

	carp_open_xdp(&f, ctx);
	carp_parse(&f);
	return carp_moved(&f);
}

__noinline int carp_moved_skb(struct __sk_buff *skb)
{
	struct carp_frame f;

	carp_open_skb(&f, skb);
	carp_parse(&f);
	return carp_moved(&f);
}

/*
 * Counts the frame and tells carpd, but not of each. To be called when an advert
 * in the frame has been delivered: the event must follow it, for after a better
 * advert nothing is to be announced.
 */
__noinline int carp_tell_moved(__u32 ifindex, __u32 moved)
{
	struct carp_owner owner = {.slot = moved >> 8, .vhid = moved & 0xff};
	struct carp_frame f = {.ifindex = ifindex};
	struct carp_reports *reports;
	struct carp_event *event;

	carp_count(owner.slot, CARP_MOVED);
	reports = bpf_map_lookup_elem(&carp_reports, &owner.slot);
	if (!reports || !carp_report_due(&reports->moved_ns, CARP_MOVED_GAP_NS))
		return 0;
	event = carp_event_begin(&f, &owner, CARP_MOVED);
	if (event)
		bpf_ringbuf_submit(event, 0);
	return 0;
}

#endif
