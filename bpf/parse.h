/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The headers on the wire, and the way from the first byte to the IP protocol. */
#ifndef CARP_PARSE_H
#define CARP_PARSE_H

#include <bpf/bpf_endian.h>
#include "frame.h"

#define CARP_ETH_IPV4 0x0800
#define CARP_ETH_ARP  0x0806
#define CARP_ETH_VLAN 0x8100
#define CARP_ETH_IPV6 0x86dd
#define CARP_ETH_QINQ 0x88a8

#define CARP_IP_FRAGMENT 44
#define CARP_IP_ICMPV6	 58
#define CARP_IP_CARP	 112

struct carp_eth {
	__u8 dst[6];
	__u8 src[6];
	__be16 type;
};

struct carp_tag {
	__be16 tci;
	__be16 type;
};

struct carp_arp {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_len;
	__u8 protocol_len;
	__be16 operation;
	__u8 sender_mac[6];
	__u8 sender[4];
	__u8 target_mac[6];
	__u8 target[4];
};

struct carp_ipv4 {
	__u8 version_ihl;
	__u8 tos;
	__be16 total_len;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__u8 src[4];
	__u8 dst[4];
};

struct carp_ipv6 {
	__u8 version_class_flow[4];
	__be16 payload_len;
	__u8 next;
	__u8 hop_limit;
	__u8 src[16];
	__u8 dst[16];
};

struct carp_ipv6_fragment {
	__u8 next;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

/* A Neighbour Solicitation, or an Advertisement: only that one has flags. */
struct carp_neighbour {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__u8 flags[4];
	__u8 target[16];
};

/* A link-layer address. All options of ND begin with a type and a length in units of 8 bytes. */
struct carp_link_option {
	__u8 type;
	__u8 length;
	__u8 mac[6];
} __attribute__((aligned(8)));

_Static_assert(sizeof(struct carp_eth) == 14, "wire");
_Static_assert(sizeof(struct carp_arp) == 28, "wire");
_Static_assert(sizeof(struct carp_ipv4) == 20, "wire");
_Static_assert(sizeof(struct carp_ipv6) == 40, "wire");
_Static_assert(sizeof(struct carp_ipv6_fragment) == 8, "wire");
_Static_assert(sizeof(struct carp_neighbour) == 24, "wire");
_Static_assert(sizeof(struct carp_link_option) == 8, "wire");

/* Equal? Both lie on even addresses, as all addresses in headers and maps do. */
static __always_inline bool carp_same(const void *a, const void *b, __u32 len)
{
	const __u16 *x = a, *y = b;
	__u16 differ = 0;

#pragma unroll
	for (__u32 i = 0; i < len / 2; i++)
		differ |= x[i] ^ y[i];
	return !differ;
}

static __always_inline bool carp_is_tag(__u16 eth_type)
{
	return eth_type == CARP_ETH_VLAN || eth_type == CARP_ETH_QINQ;
}

/* The Ethernet header. carp_parse has seen that it is there. */
static __always_inline const struct carp_eth *carp_eth_of(const struct carp_frame *f)
{
	return f->data;
}

/*
 * Walks over Ethernet and up to two VLAN tags and reads the IP protocol. False
 * is for what concerns us in no way: cut off, a third tag, no ARP and no IP.
 */
static __always_inline bool carp_parse(struct carp_frame *f)
{
	const struct carp_eth *eth = f->data;
	const void *next = eth + 1;

	if (next > f->data_end)
		return false;
	f->eth_type = bpf_ntohs(eth->type);
#pragma unroll
	for (int i = 0; i < 2; i++) {
		const struct carp_tag *tag = next;

		if (!carp_is_tag(f->eth_type) || f->tags == 2)
			break;
		if ((void *)(tag + 1) > f->data_end)
			return false;
		carp_add_tag(f, bpf_ntohs(tag->tci));
		f->eth_type = bpf_ntohs(tag->type);
		next = tag + 1;
	}
	f->network = next;
	f->net = next - f->data;

	if (f->eth_type == CARP_ETH_IPV4) {
		const struct carp_ipv4 *ip = next;

		if ((void *)(ip + 1) > f->data_end)
			return false;
		f->ip_proto = ip->protocol;
		return true;
	}
	if (f->eth_type == CARP_ETH_IPV6) {
		const struct carp_ipv6 *ip = next;

		if ((void *)(ip + 1) > f->data_end)
			return false;
		f->ip_proto = ip->next;
		return true;
	}
	return f->eth_type == CARP_ETH_ARP;
}

#endif
