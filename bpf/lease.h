/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * May the kernel act for a group now? Only while its lease runs: when carpd is
 * dead or hangs, nobody renews it and the kernel is silent by itself.
 *
 * The clock is CLOCK_BOOTTIME, which goes on while the machine is suspended.
 * Reading it costs as much as all else that an answer needs, so each CPU reads
 * it once in a tick of the kernel. That is enough for a deadline which is far
 * away, even if ticks are late; one that is near is compared with the clock.
 */
#ifndef CARP_LEASE_H
#define CARP_LEASE_H

#include "maps.h"

/* A deadline further away than this is not over, however late the ticks of the kernel are. */
#define CARP_FAR_NS 250000000ULL

/* The clock as this CPU has read it in this tick. */
static __always_inline __u64 carp_clock_of_tick(void)
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
	return clock->boot_ns;
}

static __always_inline bool carp_not_over(__u64 deadline)
{
	if (!deadline)
		return false;
	if (deadline > carp_clock_of_tick() + CARP_FAR_NS)
		return true;
	return deadline > bpf_ktime_get_boot_ns();
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
