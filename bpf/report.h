/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Events for carpd through the ring buffer. A full ring is counted, never waited for. */
#ifndef CARP_REPORT_H
#define CARP_REPORT_H

#include "count.h"
#include "parse.h"

/* Starts an event; NULL when the ring has no room. */
static __always_inline struct carp_event *carp_event_begin(const struct carp_frame *f,
							   const struct carp_owner *owner,
							   enum carp_reason reason)
{
	struct carp_event *event = bpf_ringbuf_reserve(&carp_events, sizeof(*event), 0);

	if (!event) {
		carp_count(owner->slot, CARP_RING_FULL);
		return NULL;
	}
	*event = (struct carp_event){
		.at_ns = bpf_ktime_get_boot_ns(),
		.ifindex = f->ifindex,
		.slot = owner->slot,
		.reason = reason,
		.vlan = f->vlan,
		.inner = f->inner,
		.vhid = owner->vhid,
	};
	return event;
}

/*
 * Is an event due that is sent at most once in gap nanoseconds? Of several CPUs
 * that ask at the same time one is told so.
 */
static __always_inline bool carp_report_due(__u64 *last, __u64 gap)
{
	__u64 before = *(volatile __u64 *)last;
	__u64 now = bpf_ktime_get_boot_ns();

	if (before && now - before < gap)
		return false;
	return __sync_val_compare_and_swap(last, before, now) == before;
}

#endif
