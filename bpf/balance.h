/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Load sharing: one address, several groups, each MASTER somewhere. There are
 * two kinds. With CARP_BALANCE_ARP the asker's address picks the group whose
 * virtual MAC is answered. With the kinds of OpenBSD every node gets every
 * frame, and source and destination pick the group that takes it in.
 *
 * All nodes compute the same pick from the packet alone, so nothing is told
 * between them. What the pick means is as ever: its lease decides.
 */
#ifndef CARP_BALANCE_H
#define CARP_BALANCE_H

#include "lease.h"
#include "owner.h"
#include "count.h"

#define CARP_PACKET_HOST      0
#define CARP_PACKET_BROADCAST 1
#define CARP_PACKET_MULTICAST 2
#define CARP_PACKET_OTHERHOST 3

/* Does every node get every frame and keep its share? */
static __always_inline bool carp_shares_frames(enum carp_balancing balancing)
{
	return balancing >= CARP_BALANCE_IP;
}

static __always_inline const struct carp_share *carp_share_of(__u32 share)
{
	return share ? bpf_map_lookup_elem(&carp_shares, &share) : NULL;
}

/* Spreads 32 bits over all others; every bit of the result hangs on every bit. */
static __always_inline __u32 carp_mix(__u32 x)
{
	x ^= x >> 16;
	x *= 0x7feb352dU;
	x ^= x >> 15;
	x *= 0x846ca68bU;
	x ^= x >> 16;
	return x;
}

/* Mixes an address word by word, each read in network order. Addresses lie on even ones. */
static __always_inline __u32 carp_mix_address(const __u8 *addr, __u32 len)
{
	const __be16 *half = (const __be16 *)addr;
	__u32 mixed = 0;

#pragma unroll
	for (__u32 i = 0; i < len / 2; i += 2)
		mixed = carp_mix(mixed ^
				 ((__u32)bpf_ntohs(half[i]) << 16 | bpf_ntohs(half[i + 1])));
	return mixed;
}

/* The node of a share, with its own virtual MAC if it has one. */
static __always_inline void carp_stand_for(struct carp_face *face, const struct carp_share *share,
					   __u32 node)
{
	node &= CARP_NODES - 1;
	face->slot = share->slots[node];
	if (face->balancing != CARP_BALANCE_ARP)
		return;
	face->mac[5] = share->vhids[node];
	face->source[5] = share->vhids[node];
}

/*
 * Turns the face of a share into that of the node which the asker's address
 * picks; where there is nothing to pick it stays. In the kinds of OpenBSD the
 * first node answers everybody, with the MAC of all.
 */
static __always_inline void carp_pick(struct carp_face *face, const __u8 *asker, __u32 len)
{
	const struct carp_share *share;

	if (face->balancing != CARP_BALANCE_ARP)
		return;
	share = carp_share_of(face->share);
	if (share)
		carp_stand_for(face, share,
			       (__u64)carp_mix_address(asker, len) * share->count >> 32);
}

/* Why a question is not answered: that another node may do so is no silence. */
static __always_inline enum carp_reason carp_silence(const struct carp_face *face,
						     enum carp_reason why)
{
	return face->balancing == CARP_BALANCE_ARP ? CARP_OTHER_SHARE : why;
}

/* All words of two addresses in one, which both directions of a flow have alike. */
static __always_inline __u32 carp_fold_pair(const __u8 *src, const __u8 *dst, __u32 len)
{
	const __be16 *a = (const __be16 *)src, *b = (const __be16 *)dst;
	__u16 high = 0, low = 0;

#pragma unroll
	for (__u32 i = 0; i < len / 2; i += 2) {
		high ^= a[i] ^ b[i];
		low ^= a[i + 1] ^ b[i + 1];
	}
	return (__u32)bpf_ntohs(high) << 16 | bpf_ntohs(low);
}

/* The slot of the node to which OpenBSD's carp_lsdrop gives the fold; 0 = none here. */
static __always_inline __u32 carp_slot_of_fold(__u32 id, __u32 fold)
{
	const struct carp_share *share = carp_share_of(id);

	return share && share->count ? share->slots[fold % share->count & (CARP_NODES - 1)] : 0;
}

/* The first node of the share that may answer, if there is one. */
static __always_inline void carp_pick_leased(struct carp_face *face)
{
	const struct carp_share *share = carp_share_of(face->share);

	for (__u32 i = 0; share && i < CARP_NODES && i < share->count; i++) {
		if (carp_may_answer(share->slots[i])) {
			carp_stand_for(face, share, i);
			return;
		}
	}
}

/*
 * The face with which a packet of a shared address is sent. With
 * CARP_BALANCE_ARP it is the one that the destination was answered with, or
 * else, when that node is not here, that of the first which is; in the kinds of
 * OpenBSD the node is the one that gets the other direction of the flow.
 */
static __always_inline void carp_pick_sender(struct carp_face *face, const __u8 *src,
					     const __u8 *dst, __u32 len)
{
	if (carp_shares_frames(face->balancing))
		face->slot = carp_slot_of_fold(face->share, carp_fold_pair(src, dst, len));
	carp_pick(face, dst, len);
	if (face->balancing == CARP_BALANCE_ARP && !carp_may_answer(face->slot))
		carp_pick_leased(face);
}

/*
 * The face with which a neighbour is asked for. Where every node gets every
 * frame each must find its neighbours, so any that is leased may ask: a gateway
 * stands in front of the clients of all of them.
 */
static __always_inline void carp_pick_asker(struct carp_face *face, const __u8 *src,
					    const __u8 *dst, __u32 len)
{
	if (carp_shares_frames(face->balancing))
		carp_pick_leased(face);
	else
		carp_pick_sender(face, src, dst, len);
}

/* Whose is a frame to the MAC of all nodes? */
enum carp_whose {
	CARP_NOBODYS, /* neither IP nor ARP, or cut off */
	CARP_ONES,    /* that of the node which the fold says */
	CARP_ALLS,    /* an answer about a neighbour, for whom all may have asked */
};

/* What is shared out of a frame. */
struct carp_part {
	enum carp_whose whose;
	__u8 type; /* for whom the stack is to take it */
	__u32 fold;
};

#define CARP_ICMPV6_SOLICITATION  135
#define CARP_ICMPV6_ADVERTISEMENT 136

/* Is the frame a message of this kind about neighbours in IPv6? */
static __always_inline bool carp_is_about_neighbour(const struct carp_frame *f, __u8 kind)
{
	__u8 type = 0;

	return f->eth_type == CARP_ETH_IPV6 && f->ip_proto == CARP_IP_ICMPV6 &&
	       carp_load(f, f->net + sizeof(struct carp_ipv6), &type, sizeof(type)) && type == kind;
}

/* The type of a packet by its IPv4 destination. */
static __always_inline __u8 carp_type_of_ipv4(const __u8 *dst)
{
	if (dst[0] >> 4 == 14)
		return CARP_PACKET_MULTICAST;
	return (dst[0] & dst[1] & dst[2] & dst[3]) == 255 ? CARP_PACKET_BROADCAST
							  : CARP_PACKET_HOST;
}

static __always_inline struct carp_part carp_part_of(const struct carp_frame *f)
{
	const struct carp_ipv4 *ip4 = f->network;
	const struct carp_ipv6 *ip6 = f->network;
	struct carp_part part = {};

	if (!f->network)
		return part;
	if (f->eth_type == CARP_ETH_IPV4 && (void *)(ip4 + 1) <= f->data_end) {
		part.fold = carp_fold_pair(ip4->src, ip4->dst, sizeof(ip4->src));
		part.type = carp_type_of_ipv4(ip4->dst);
		part.whose = CARP_ONES;
	} else if (f->eth_type == CARP_ETH_IPV6 && (void *)(ip6 + 1) <= f->data_end) {
		part.fold = carp_fold_pair(ip6->src, ip6->dst, sizeof(ip6->src));
		part.type = ip6->dst[0] == 255 ? CARP_PACKET_MULTICAST : CARP_PACKET_HOST;
		part.whose = carp_is_about_neighbour(f, CARP_ICMPV6_ADVERTISEMENT) ? CARP_ALLS
										   : CARP_ONES;
	} else if (f->eth_type == CARP_ETH_ARP) {
		part.whose = CARP_ALLS;
	}
	return part;
}

/* Does any node of the share take frames in here? */
static __always_inline bool carp_any_accepts(__u32 id)
{
	const struct carp_share *share = carp_share_of(id);

	for (__u32 i = 0; share && i < CARP_NODES && i < share->count; i++)
		if (carp_may_accept(share->slots[i]))
			return true;
	return false;
}

/*
 * A frame to the MAC of all nodes, in TC. The stack must take the share of this
 * node for its own although the MAC is a multicast one, and must not see
 * another's, because a multicast MAC would not keep it from that. What is for
 * everybody, by its IP destination, is never dropped; what is neither IP nor ARP
 * has no share and is none of our business. Answers of neighbours are for all.
 *
 * With a bridge or macvlan on top the share of another node is passed to it, as
 * a frame of another host's.
 */
static __always_inline enum carp_verdict carp_take_share(const struct carp_frame *f,
							 const struct carp_owner *owner)
{
	struct carp_part part = carp_part_of(f);
	const struct carp_link *link;
	__u32 slot;

	if (part.whose == CARP_ONES && part.type != CARP_PACKET_HOST)
		bpf_skb_change_type(f->ctx, part.type);
	if (part.whose == CARP_ALLS && carp_any_accepts(owner->share))
		bpf_skb_change_type(f->ctx, CARP_PACKET_HOST);
	if (part.whose != CARP_ONES || part.type != CARP_PACKET_HOST)
		return CARP_PASS;
	slot = carp_slot_of_fold(owner->share, part.fold);
	if (carp_may_accept(slot)) {
		bpf_skb_change_type(f->ctx, CARP_PACKET_HOST);
		carp_count(slot, CARP_ACCEPTED);
		return CARP_PASS;
	}
	carp_count(slot, CARP_OTHER_SHARE);
	link = carp_link_of(f);
	if (!link || !link->upper)
		return CARP_DROP;
	bpf_skb_change_type(f->ctx, CARP_PACKET_OTHERHOST);
	return CARP_PASS;
}

/*
 * Is the frame, in XDP, another node's share? Then it is dropped before it costs
 * a buffer. What stays is looked at again in TC.
 */
static __always_inline bool carp_is_other_share(const struct carp_frame *f)
{
	const struct carp_link *link;
	struct carp_owner *owner;
	struct carp_part part;
	__u32 slot;

	if (!f->network || f->data + sizeof(struct carp_eth) > f->data_end ||
	    !carp_to_virtual(carp_eth_of(f)->dst))
		return false;
	owner = carp_owner_of_mac(f, carp_eth_of(f)->dst);
	if (!owner || !carp_shares_frames(owner->balancing))
		return false;
	part = carp_part_of(f);
	if (part.whose != CARP_ONES || part.type != CARP_PACKET_HOST)
		return false;
	slot = carp_slot_of_fold(owner->share, part.fold);
	if (carp_may_accept(slot))
		return false;
	link = carp_link_of(f);
	if (!link || link->upper)
		return false;
	carp_count(slot, CARP_OTHER_SHARE);
	return true;
}

#endif
