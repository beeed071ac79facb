/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * May the kernel act for a group now? Only while its lease runs: when carpd is
 * dead or hangs, nobody renews it and the kernel is silent by itself.
 *
 * The clock is CLOCK_BOOTTIME, which goes on while the machine is suspended.
 * It is read only when there is a deadline to compare it with.
 */
#ifndef CARP_LEASE_H
#define CARP_LEASE_H

#include "maps.h"

static __always_inline bool carp_not_over(__u64 deadline)
{
	return deadline && deadline > bpf_ktime_get_boot_ns();
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
