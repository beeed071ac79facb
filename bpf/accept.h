/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Frames to a virtual MAC: the stack would take them for another host's. While
 * the group accepts, they are typed as ours, with no macvlan and no rewriting.
 */
#ifndef CARP_ACCEPT_H
#define CARP_ACCEPT_H

#include "balance.h"
#include "filter.h"
#include "lease.h"
#include "owner.h"
#include "count.h"

/*
 * With a bridge or macvlan on top of the interface somebody else behind it may
 * own the MAC, so what we do not accept is passed untouched.
 */
static __always_inline enum carp_verdict carp_accept(const struct carp_frame *f)
{
	const struct carp_link *link;
	struct carp_owner *owner;

	owner = carp_owner_of_mac(f, carp_eth_of(f)->dst);
	if (!owner)
		return CARP_PASS;
	if (carp_shares_frames(owner->balancing))
		return carp_take_share(f, owner);
	if (carp_may_accept(owner->slot)) {
		bpf_skb_change_type(f->ctx, CARP_PACKET_HOST);
		carp_count(owner->slot, CARP_ACCEPTED);
		return CARP_PASS;
	}
	link = carp_link_of(f);
	if (link && link->upper)
		return CARP_PASS;
	carp_count(owner->slot, CARP_NOT_ACCEPTED);
	return CARP_DROP;
}

/*
 * The group whose address an IP packet goes to, if the interface's own MAC stands
 * for it: no MAC keeps these from the stack. The filter spares other
 * destinations the lookup.
 */
static __always_inline struct carp_owner *carp_physical_destination(const struct carp_frame *f)
{
	const struct carp_ipv4 *ip4 = f->network;
	const struct carp_ipv6 *ip6 = f->network;

	if (f->eth_type == CARP_ETH_IPV4 && (void *)(ip4 + 1) <= f->data_end)
		return carp_may_be_ipv4(CARP_PHYSICAL, ip4->dst) ? carp_owner_of_ipv4(f, ip4->dst)
								 : NULL;
	if (f->eth_type == CARP_ETH_IPV6 && (void *)(ip6 + 1) <= f->data_end)
		return carp_may_be_ipv6(CARP_PHYSICAL, ip6->dst) ? carp_owner_of_ipv6(f, ip6->dst)
								 : NULL;
	return NULL;
}

/* Such packets are taken in while the group accepts. Frames for other hosts are not ours to drop. */
static __always_inline enum carp_verdict carp_accept_physical(const struct carp_frame *f)
{
	const __u8 *dst = carp_eth_of(f)->dst;
	struct carp_owner *owner;

	owner = carp_physical_destination(f);
	if (!owner || !owner->physical || !(dst[0] & 1 || carp_is_own_mac(f, dst)))
		return CARP_PASS;
	if (carp_may_accept(owner->slot)) {
		carp_count(owner->slot, CARP_ACCEPTED);
		return CARP_PASS;
	}
	carp_count(owner->slot, CARP_NOT_ACCEPTED);
	return CARP_DROP;
}

#endif
