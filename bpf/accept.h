/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Frames to a virtual MAC: the stack would take them for another host's. While
 * the group accepts, they are typed as ours, with no macvlan and no rewriting.
 */
#ifndef CARP_ACCEPT_H
#define CARP_ACCEPT_H

#include "balance.h"
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

#endif
