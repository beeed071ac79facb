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

/*
 * The group whose MAC is the frame's source, if it answers here: otherwise the
 * MAC is rightly elsewhere. A MAC that all nodes of a share have at once moves
 * for ever. To be asked before the frame may be turned into its answer.
 */
static __always_inline struct carp_owner *carp_moved(const struct carp_frame *f)
{
	const struct carp_eth *eth = f->data;
	struct carp_owner *owner;

	if ((void *)(eth + 1) > f->data_end || !carp_is_virtual(eth->src))
		return NULL;
	owner = carp_owner_of_mac(f, eth->src);
	if (!owner || owner->balancing > CARP_BALANCE_ARP || !carp_may_answer(owner->slot))
		return NULL;
	return owner;
}

/*
 * Counts the frame and tells carpd, but not of each. To be called when an advert
 * in the frame has been delivered: the event must follow it, for after a better
 * advert nothing is to be announced.
 */
static __always_inline void carp_tell_moved(const struct carp_frame *f,
					    const struct carp_owner *owner)
{
	struct carp_reports *reports;
	struct carp_event *event;
	__u32 slot = owner->slot;

	carp_count(slot, CARP_MOVED);
	reports = bpf_map_lookup_elem(&carp_reports, &slot);
	if (!reports || !carp_report_due(&reports->moved_ns, CARP_MOVED_GAP_NS))
		return;
	event = carp_event_begin(f, owner, CARP_MOVED);
	if (!event)
		return;
	__builtin_memcpy(event->mac, owner->mac, sizeof(event->mac));
	bpf_ringbuf_submit(event, 0);
}

#endif
