/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the kernel itself says of a group address. It may hold the address, on
 * this interface or another, and tells everybody that it is at the interface's
 * MAC: when it is asked, and unasked when an interface comes up or changes its
 * MAC. None of that leaves by an interface with groups; what the programs answer
 * and carpd announces names the group's MAC.
 */
#ifndef CARP_SILENCE_H
#define CARP_SILENCE_H

#include "arp.h"
#include "owner.h"
#include "count.h"

#define CARP_TOLD_NEIGHBOUR 136

/* A Neighbour Advertisement, as far as its first option. */
struct carp_told {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__u8 flags[4];
	__u8 target[16];
	__u8 option;
	__u8 option_len;
	__u8 mac[6];
};

/* A group address of another interface has a row with ifindex 0. */
static __always_inline struct carp_owner *
carp_owner_elsewhere(const struct carp_frame *f, const __u8 *addr, enum carp_family family)
{
	struct carp_vip4_key key4 = {};
	struct carp_vip6_key key6 = {};

	if (family == CARP_IPV4) {
		__builtin_memcpy(key4.addr, addr, sizeof(key4.addr));
		return bpf_map_lookup_elem(&carp_vip4, &key4);
	}
	__builtin_memcpy(key6.addr, addr, sizeof(key6.addr));
	return bpf_map_lookup_elem(&carp_vip6, &key6);
}

/* Passes through this host on layer 2, as over a bridge: it has a sender of its own. */
static __always_inline bool carp_is_bridged(const struct carp_frame *f)
{
	return ((struct __sk_buff *)f->ctx)->ingress_ifindex &&
	       !carp_is_own_mac(f, carp_eth_of(f)->src);
}

/* The group itself tells its own MAC, in a frame from one that it sends from. */
static __always_inline bool carp_says_group(const struct carp_frame *f,
					    const struct carp_owner *owner, const __u8 *told)
{
	__u8 mac[8] __attribute__((aligned(8))); /* words are read of it */
	const __u8 *src = carp_eth_of(f)->src;
	struct carp_face face;

	__builtin_memcpy(mac, told, 6);
	carp_face_of(carp_link_of(f), owner, &face);
	return carp_is_group_mac(f, &face, mac) &&
	       (carp_is_group_mac(f, &face, src) ||
		carp_same(src, face.source, sizeof(face.source)));
}

/* Is this said of a group address by anybody but the group? */
static __always_inline bool carp_is_to_be_silent(const struct carp_frame *f, const __u8 *addr,
						 enum carp_family family, const __u8 *told)
{
	const struct carp_owner *owner =
		family == CARP_IPV4 ? carp_owner_of_ipv4(f, addr) : carp_owner_of_ipv6(f, addr);

	if (owner && carp_says_group(f, owner, told))
		return false;
	if (!owner)
		owner = carp_owner_elsewhere(f, addr, family);
	if (!owner || carp_is_bridged(f))
		return false;
	carp_count(owner->slot, CARP_SILENCED);
	return true;
}

/* Does the kernel ask for a neighbour, rather than tell where the sender is? */
static __always_inline bool carp_is_question(const struct carp_arp *arp)
{
	return arp->operation == bpf_htons(CARP_ARP_REQUEST) &&
	       !carp_same(arp->sender, arp->target, sizeof(arp->target));
}

static __always_inline bool carp_is_told_by_arp(const struct carp_frame *f)
{
	struct carp_arp arp;

	return carp_load_arp(f, &arp) && !carp_is_question(&arp) &&
	       carp_is_to_be_silent(f, arp.sender, CARP_IPV4, arp.sender_mac);
}

/* An advertisement without the option says that what the asker knows still holds. */
static __always_inline bool carp_is_told_by_nd(const struct carp_frame *f)
{
	__u32 at = f->net + sizeof(struct carp_ipv6);
	struct carp_told told = {};

	if (!carp_load(f, at, &told, __builtin_offsetof(struct carp_told, option)) ||
	    told.type != CARP_TOLD_NEIGHBOUR)
		return false;
	/* Without an option these bytes become zero, which is nobody's MAC. */
	carp_load(f, at + __builtin_offsetof(struct carp_told, option), &told.option,
		  sizeof(told) - __builtin_offsetof(struct carp_told, option));
	return carp_is_to_be_silent(f, told.target, CARP_IPV6, told.mac);
}

/* Is the frame one that may tell where an address is? */
static __always_inline bool carp_may_tell(const struct carp_frame *f)
{
	return f->eth_type == CARP_ETH_ARP ||
	       (f->eth_type == CARP_ETH_IPV6 && f->ip_proto == CARP_IP_ICMPV6);
}

/*
 * Does the frame say of a group address that it is where the group is not? A
 * function of its own, which the verifier looks at once.
 */
__noinline int carp_is_told_wrong(struct __sk_buff *skb)
{
	struct carp_frame f;

	carp_open_skb(&f, skb);
	if (!carp_parse(&f))
		return false;
	return f.eth_type == CARP_ETH_ARP ? carp_is_told_by_arp(&f) : carp_is_told_by_nd(&f);
}

#endif
