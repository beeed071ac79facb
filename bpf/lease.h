/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * May the kernel act for a group now? Only while its lease runs: when carpd is
 * dead or hangs, nobody renews it and the kernel is silent by itself.
 *
 * The clock is CLOCK_BOOTTIME, which goes on while the machine is suspended.
 * Reading it costs as much as all else that an answer needs, so each CPU reads
 * it once in a tick of the kernel, and a deadline counts as over when it might
 * be before the next tick. Ticks stand still in a suspended machine as other
 * clocks do, but the first one after it has the clock read again.
 */
#ifndef CARP_LEASE_H
#define CARP_LEASE_H

#include "maps.h"

/* The longest tick (HZ = 100), twice: a CPU may see the next one late. */
#define CARP_JIFFY_NS 20000000ULL

/* The present instant or one after it, by less than CARP_JIFFY_NS. */
static __always_inline __u64 carp_now_or_soon(void)
{
	__u32 first = 0;
	struct carp_clock *clock = bpf_map_lookup_elem(&carp_clock, &first);
	__u64 tick = bpf_jiffies64();

	if (!clock)
		return bpf_ktime_get_boot_ns();
	if (clock->tick != tick) {
		clock->boot_ns = bpf_ktime_get_boot_ns();
		clock->tick = tick;
	}
	return clock->boot_ns + CARP_JIFFY_NS;
}

static __always_inline bool carp_not_over(__u64 deadline)
{
	return deadline && deadline > carp_now_or_soon();
}

/* May ARP and ND be answered for the group, and frames leave as the group? */
static __always_inline bool carp_may_answer(__u32 slot)
{
	const volatile struct carp_lease *lease = bpf_map_lookup_elem(&carp_lease, &slot);

	return lease && carp_not_over(lease->answer_until);
}

/* May frames to the virtual MAC be taken in? This outlasts the answers of a
 * node that hands over, because switches learn the new port a moment later.
 */
static __always_inline bool carp_may_accept(__u32 slot)
{
	const volatile struct carp_lease *lease = bpf_map_lookup_elem(&carp_lease, &slot);

	return lease && carp_not_over(lease->accept_until);
}

#endif
