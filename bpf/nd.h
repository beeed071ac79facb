/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * IPv6 Neighbour Solicitations for a group address: the stack answers them while
 * the group is leased, and does not see them otherwise.
 */
#ifndef CARP_ND_H
#define CARP_ND_H

#include "lease.h"
#include "owner.h"
#include "count.h"

#define CARP_NEIGHBOUR_SOLICITATION 135

/*
 * Nothing is asked of the IPv6 destination: to whatever address a solicitation
 * goes, the stack might answer it, so its target alone decides. With a hop limit
 * other than 255 it comes from off-link and the stack drops it by itself.
 */
static __always_inline enum carp_verdict carp_nd(const struct carp_frame *f)
{
	const struct carp_ipv6 *ip = f->network;
	struct carp_solicitation ask;
	const struct carp_link *link;
	struct carp_owner *owner;
	struct carp_face face;

	if (ip->hop_limit != 255)
		return CARP_PASS;
	if (!carp_load(f, f->net + sizeof(*ip), &ask, sizeof(ask)) ||
	    ask.type != CARP_NEIGHBOUR_SOLICITATION || ask.code != 0)
		return CARP_PASS;
	owner = carp_owner_of_ipv6(f, ask.target);
	if (!owner)
		return CARP_PASS;
	link = carp_link_of(f);
	carp_face_of(link, owner, &face);
	if (!carp_sent_here(f, link, &face))
		return CARP_PASS;
	if (carp_may_answer(owner->slot)) {
		carp_count(owner->slot, CARP_ND_ANSWERED);
		return CARP_PASS;
	}
	carp_count(owner->slot, CARP_ND_SILENT);
	return CARP_DROP;
}

#endif
