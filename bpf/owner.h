/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Which group an address or a virtual MAC in a frame belongs to, on this interface and VLAN. */
#ifndef CARP_OWNER_H
#define CARP_OWNER_H

#include "lease.h"
#include "maps.h"
#include "parse.h"

static __always_inline struct carp_owner *carp_owner_of_vhid(const struct carp_frame *f,
							     enum carp_family family, __u8 vhid)
{
	struct carp_vhid_key key = {
		.ifindex = f->ifindex,
		.vlan = f->vlan,
		.inner = f->inner,
		.family = family,
		.vhid = vhid,
	};

	return bpf_map_lookup_elem(&carp_vhids, &key);
}

static __always_inline struct carp_owner *carp_owner_of_ipv4(const struct carp_frame *f,
							     const __u8 *addr)
{
	struct carp_vip4_key key = {
		.ifindex = f->ifindex,
		.vlan = f->vlan,
		.inner = f->inner,
	};

	__builtin_memcpy(key.addr, addr, sizeof(key.addr));
	return bpf_map_lookup_elem(&carp_vip4, &key);
}

static __always_inline struct carp_owner *carp_owner_of_ipv6(const struct carp_frame *f,
							     const __u8 *addr)
{
	struct carp_vip6_key key = {
		.ifindex = f->ifindex,
		.vlan = f->vlan,
		.inner = f->inner,
	};

	__builtin_memcpy(key.addr, addr, sizeof(key.addr));
	return bpf_map_lookup_elem(&carp_vip6, &key);
}

static __always_inline struct carp_owner *carp_owner_of_mac(const struct carp_frame *f,
							    const __u8 *mac)
{
	struct carp_vmac_key key = {
		.ifindex = f->ifindex,
		.vlan = f->vlan,
		.inner = f->inner,
	};

	__builtin_memcpy(key.mac, mac, sizeof(key.mac));
	return bpf_map_lookup_elem(&carp_vmac, &key);
}

/* Starts the MAC like a virtual one, 00:00:5e:00:01? */
static __always_inline bool carp_is_virtual(const __u8 *mac)
{
	return *(const __u32 *)mac == bpf_htonl(0x00005e00) && mac[4] == 1;
}

/*
 * Is a frame to this MAC perhaps for a group? With CARP_BALANCE_IP it is the
 * multicast MAC 01:00:5e:00:01 that is sent to. All traffic pays for this test.
 */
static __always_inline bool carp_to_virtual(const __u8 *mac)
{
	return (*(const __u32 *)mac & bpf_htonl(0xfeffffff)) == bpf_htonl(0x00005e00) &&
	       mac[4] == 1;
}

static __always_inline const struct carp_link *carp_link_of(const struct carp_frame *f)
{
	__u32 ifindex = f->ifindex; /* a copy, so that the frame itself can stay in registers */
	__u32 row = ifindex % CARP_NEAR_LINKS;
	const struct carp_near_link *near = bpf_map_lookup_elem(&carp_near, &row);

	if (near && near->ifindex == ifindex)
		return &near->link;
	return bpf_map_lookup_elem(&carp_links, &ifindex);
}

static __always_inline bool carp_has_mac(const struct carp_link *link, const __u8 *mac)
{
	return link && carp_same(link->mac, mac, sizeof(link->mac));
}

static __always_inline bool carp_is_own_mac(const struct carp_frame *f, const __u8 *mac)
{
	return carp_has_mac(carp_link_of(f), mac);
}

/* How a group is seen on this interface: whose lease counts, and its MACs. */
struct carp_face {
	__u32 slot;
	__u8 mac[6];	/* answers name it; all zero = not known yet, so nothing is answered */
	__u8 source[6]; /* frames come from it */
	enum carp_balancing balancing;
	__u32 share;
};

/* May no switch learn the MAC that is answered, so that it goes on to flood it? */
static __always_inline bool carp_hides_mac(enum carp_balancing balancing)
{
	return balancing == CARP_BALANCE_IP || balancing == CARP_BALANCE_IP_STEALTH;
}

/*
 * The face of a group: its virtual MAC, or the interface's own where that stands
 * for it. The latter is read here each time, so that a new MAC needs no new rows.
 * With a share this is the face of its first node; see balance.h for the others.
 */
static __always_inline void carp_face_of(const struct carp_link *link,
					 const struct carp_owner *owner, struct carp_face *face)
{
	*face = (struct carp_face){
		.slot = owner->slot,
		.balancing = owner->balancing,
		.share = owner->share,
	};
	if (!owner->physical)
		__builtin_memcpy(face->mac, owner->mac, sizeof(face->mac));
	else if (link)
		__builtin_memcpy(face->mac, link->mac, sizeof(face->mac));
	if (!carp_hides_mac(owner->balancing))
		__builtin_memcpy(face->source, face->mac, sizeof(face->source));
	else if (link)
		__builtin_memcpy(face->source, link->mac, sizeof(face->source));
}

/* May the group answer now, and is it known with which MAC? */
static __always_inline bool carp_face_answers(const struct carp_face *face)
{
	const __u16 *mac = (const __u16 *)face->mac;

	return (mac[0] | mac[1] | mac[2]) && carp_may_answer(face->slot);
}

/* Is the MAC the group's, or that of another that shares its addresses by ARP? */
static __always_inline bool carp_is_group_mac(const struct carp_frame *f,
					      const struct carp_face *face, const __u8 *mac)
{
	const struct carp_owner *other;

	if (carp_same(mac, face->mac, sizeof(face->mac)))
		return true;
	if (face->balancing != CARP_BALANCE_ARP || !carp_is_virtual(mac))
		return false;
	other = carp_owner_of_mac(f, mac);
	return other && other->share == face->share;
}

/*
 * Was the frame sent to us: by broadcast or multicast, to the group's MAC or to
 * the interface's own? Others a switch has flooded or a bridge is to carry on.
 */
static __always_inline bool carp_sent_here(const struct carp_frame *f, const struct carp_link *link,
					   const struct carp_face *face)
{
	const __u8 *dst = carp_eth_of(f)->dst;

	return dst[0] & 1 || carp_is_group_mac(f, face, dst) || carp_has_mac(link, dst);
}

#endif
