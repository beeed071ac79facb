/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Questions of this host in IPv6 from a group address: solicitations and router
 * advertisements. The stack names the interface's own MAC in them, and who hears
 * it keeps that for the group address; so the group's is put in its place.
 */
#ifndef CARP_MEND_H
#define CARP_MEND_H

#include "nd.h"
#include "owner.h"

#define CARP_ROUTER_SOLICITATION  133
#define CARP_ROUTER_ADVERTISEMENT 134

/* The options of a message that are looked at. */
#define CARP_ND_OPTIONS 8

/* Where the options of a message begin that names its sender's MAC; 0 for others. */
static __always_inline __u32 carp_options_of(const struct carp_frame *f)
{
	__u32 message = f->net + sizeof(struct carp_ipv6);
	__u8 type = 0;

	if (f->eth_type != CARP_ETH_IPV6 || f->ip_proto != CARP_IP_ICMPV6 ||
	    !carp_load(f, message, &type, sizeof(type)))
		return 0;
	switch (type) {
	case CARP_ROUTER_SOLICITATION:
		return message + 8;
	case CARP_ROUTER_ADVERTISEMENT:
		return message + 16;
	case CARP_NEIGHBOUR_SOLICITATION:
		return message + sizeof(struct carp_neighbour);
	default:
		return 0;
	}
}

/* Writes the group's MAC into an option and mends the checksum by the difference. */
static __always_inline bool carp_mend_option(const struct carp_frame *f, struct carp_face *face,
					     __u32 offset, struct carp_link_option *option)
{
	__u32 checksum = f->net + sizeof(struct carp_ipv6) +
			 __builtin_offsetof(struct carp_neighbour, checksum);
	struct carp_link_option mended = {.type = option->type, .length = option->length};
	__s64 difference;

	__builtin_memcpy(mended.mac, face->mac, sizeof(mended.mac));
	difference = bpf_csum_diff((__be32 *)option, sizeof(*option), (__be32 *)&mended,
				   sizeof(mended), 0);
	return difference >= 0 && carp_store(f, offset, &mended, sizeof(mended)) &&
	       bpf_l4_csum_replace(f->ctx, checksum, 0, difference, 0) == 0;
}

/* False when a MAC could not be mended, or options stand behind those looked at. */
static __always_inline bool carp_mend_options(const struct carp_frame *f, struct carp_face *face,
					      __u32 offset)
{
	struct carp_link_option option;
	__u64 end = carp_length(f);

	for (__u32 i = 0; i < CARP_ND_OPTIONS; i++) {
		if (offset + sizeof(option) > end)
			return true;
		if (!carp_load(f, offset, &option, sizeof(option)) || !option.length)
			return false;
		if (option.type == CARP_SOURCE_LINK && option.length == 1 &&
		    !carp_mend_option(f, face, offset, &option))
			return false;
		offset += 8 * (__u32)option.length;
	}
	return offset >= end;
}

#endif
