/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Frames of this host whose sender is a group address. They leave with the
 * virtual MAC, so that switches learn our port for it and neighbours keep it,
 * and only while the group is leased: a host that is not MASTER must not speak
 * as the group.
 */
#ifndef CARP_EGRESS_H
#define CARP_EGRESS_H

#include "arp.h"
#include "balance.h"
#include "lease.h"
#include "mend.h"
#include "owner.h"
#include "silence.h"
#include "count.h"

static __always_inline struct carp_owner *carp_ipv4_source(const struct carp_frame *f)
{
	const struct carp_ipv4 *ip = f->network;

	if (!carp_may_be_ipv4(CARP_SOURCES, ip->src))
		return NULL;
	return carp_owner_of_ipv4(f, ip->src);
}

static __always_inline struct carp_owner *carp_ipv6_source(const struct carp_frame *f)
{
	const struct carp_ipv6 *ip = f->network;

	if (!carp_may_be_ipv6(CARP_SOURCES, ip->src))
		return NULL;
	return carp_owner_of_ipv6(f, ip->src);
}

static __always_inline enum carp_verdict carp_hold(const struct carp_face *face)
{
	carp_count(face->slot, CARP_HELD);
	return CARP_DROP;
}

static __always_inline bool carp_set_eth_source(const struct carp_frame *f, struct carp_face *face)
{
	return carp_store(f, __builtin_offsetof(struct carp_eth, src), face->source,
			  sizeof(face->source));
}

/*
 * The face with which an IP packet leaves. The verifier wants the bounds again
 * that carp_parse has tested.
 */
static __always_inline void carp_ip_face(const struct carp_frame *f, const struct carp_owner *owner,
					 struct carp_face *face)
{
	const struct carp_ipv4 *ip4 = f->network;
	const struct carp_ipv6 *ip6 = f->network;

	carp_face_of(carp_link_of(f), owner, face);
	if (f->eth_type == CARP_ETH_IPV4 && (void *)(ip4 + 1) <= f->data_end)
		carp_pick_sender(face, ip4->src, ip4->dst, sizeof(ip4->src));
	else if (f->eth_type == CARP_ETH_IPV6 && (void *)(ip6 + 1) <= f->data_end &&
		 (carp_is_about_neighbour(f, CARP_ICMPV6_SOLICITATION) ||
		  carp_is_about_neighbour(f, CARP_ICMPV6_ADVERTISEMENT)))
		carp_pick_asker(face, ip6->src, ip6->dst, sizeof(ip6->src));
	else if (f->eth_type == CARP_ETH_IPV6 && (void *)(ip6 + 1) <= f->data_end)
		carp_pick_sender(face, ip6->src, ip6->dst, sizeof(ip6->src));
}

/*
 * May frames leave as the group although nothing is answered? A node that hands
 * over finishes what it has taken in. Where every node gets every frame there is
 * nothing to finish, and two nodes would speak.
 */
static __always_inline bool carp_may_finish(const struct carp_face *face)
{
	return !carp_shares_frames(face->balancing) && carp_may_accept(face->slot);
}

/*
 * After the answers have ended and while frames are still accepted, an IP frame
 * leaves with the interface's MAC: the peer has the virtual MAC by then, and the
 * switch must not learn our port for it again.
 */
static __always_inline enum carp_verdict carp_egress_ip(const struct carp_frame *f,
							const struct carp_owner *owner)
{
	struct carp_face face;
	__u32 options;
	bool answers;

	carp_ip_face(f, owner, &face);
	answers = carp_may_answer(face.slot);
	if (!answers && !carp_may_finish(&face))
		return carp_hold(&face);
	if (owner->physical)
		return CARP_PASS;
	options = carp_options_of(f);
	if (options && !carp_mend_options(f, &face, options))
		return carp_hold(&face);
	if (!answers || carp_hides_mac(face.balancing))
		return CARP_PASS;
	if (!carp_set_eth_source(f, &face))
		return CARP_DROP;
	carp_count(face.slot, CARP_REWRITTEN);
	return CARP_PASS;
}

static __always_inline bool carp_set_arp_sender(const struct carp_frame *f, struct carp_face *face)
{
	return carp_store(f, f->net + __builtin_offsetof(struct carp_arp, sender_mac), face->mac,
			  sizeof(face->mac));
}

/*
 * ARP whose sender is a group address. While frames are accepted but nothing is
 * answered, by a node that hands over or has just taken over, two kinds pass:
 * carpd's own announcements, which have the virtual MAC already, and questions
 * for a neighbour, without which the kernel could not reply to what it accepts
 * and would ask again only a second later. A question names the virtual MAC but
 * leaves with the interface's own, so that no switch learns our port for it.
 *
 * A shared address is never announced: every host would learn one node's MAC.
 */
static __always_inline enum carp_verdict carp_egress_arp(const struct carp_frame *f)
{
	struct carp_owner *owner;
	struct carp_face face;
	struct carp_arp arp;
	bool answers;

	if (!carp_load_arp(f, &arp) || !carp_may_be_ipv4(CARP_SOURCES, arp.sender))
		return CARP_PASS;
	owner = carp_owner_of_ipv4(f, arp.sender);
	if (!owner || carp_is_bridged(f))
		return CARP_PASS;
	carp_face_of(carp_link_of(f), owner, &face);
	carp_pick_asker(&face, arp.sender, arp.target, sizeof(arp.sender));
	answers = carp_may_answer(face.slot);
	if (!answers && !carp_may_finish(&face))
		return carp_hold(&face);
	/* What the stack says is right where the interface's own MAC stands for the group. */
	if (owner->physical)
		return answers || arp.operation == bpf_htons(CARP_ARP_REQUEST) ? CARP_PASS
									       : carp_hold(&face);
	if (!answers && carp_same(carp_eth_of(f)->src, face.mac, sizeof(face.mac)))
		return CARP_PASS;
	/* Where the MAC is hidden our own answer, sent back from TC, comes by here. */
	if (answers && carp_hides_mac(face.balancing) &&
	    arp.operation == bpf_htons(CARP_ARP_REPLY) &&
	    carp_same(arp.sender_mac, face.mac, sizeof(face.mac)))
		return CARP_PASS;
	if ((!answers || face.share) && !carp_is_question(&arp))
		return carp_hold(&face);
	if ((answers && !carp_set_eth_source(f, &face)) || !carp_set_arp_sender(f, &face))
		return CARP_DROP;
	carp_count(face.slot, CARP_REWRITTEN);
	return CARP_PASS;
}

/* Protocol 112 is not looked at: whoever speaks it knows its MAC. */
static __always_inline enum carp_verdict carp_egress(const struct carp_frame *f)
{
	struct carp_owner *owner;

	if (f->eth_type == CARP_ETH_ARP)
		return carp_egress_arp(f);
	if (f->ip_proto == CARP_IP_CARP)
		return CARP_PASS;
	owner = f->eth_type == CARP_ETH_IPV4 ? carp_ipv4_source(f) : carp_ipv6_source(f);
	if (!owner || carp_is_bridged(f))
		return CARP_PASS;
	return carp_egress_ip(f, owner);
}

#endif
