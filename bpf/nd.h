/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * IPv6 Neighbour Solicitations on ingress: those for a group address are
 * answered with the group's MAC while it is leased. None that was sent here
 * reaches the stack, because it may hold the address and would answer: what
 * breaks a rule of RFC 4861 and what cannot be answered is dropped.
 *
 * A solicitation behind extension headers or in fragments is not recognised.
 * The stack ignores the fragments (RFC 6980); its answer to another one does not
 * leave (silence.h).
 */
#ifndef CARP_ND_H
#define CARP_ND_H

#include "balance.h"
#include "lease.h"
#include "owner.h"
#include "count.h"
#include "sum.h"

#define CARP_NEIGHBOUR_SOLICITATION  135
#define CARP_NEIGHBOUR_ADVERTISEMENT 136

#define CARP_SOURCE_LINK 1
#define CARP_TARGET_LINK 2

#define CARP_ND_ROUTER	  0x80
#define CARP_ND_SOLICITED 0x40
#define CARP_ND_OVERRIDE  0x20

/* Options of this many units of 8 bytes are read; more are never needed to ask. */
#define CARP_ASK_UNITS 15

/* All of a question: it is read in place. */
#define CARP_ASKED_BYTES (CARP_PARSED_BYTES + 24 + 8 * CARP_ASK_UNITS)

/* A solicitation, and what its options say; it becomes the answer, in place. */
struct carp_ask {
	struct carp_ipv6 ip;
	struct carp_neighbour message;
	struct carp_link_option option; /* of the answer */
	__u64 sum;			/* of the solicitation's options */
	__u8 mac[6];			/* the asker's */
	bool named;			/* it is in an option */
} __attribute__((aligned(8)));

#define CARP_TOLD_LEN __builtin_offsetof(struct carp_ask, sum)

/*
 * Reads the options. Each has a length of its own, not 0; they end where the
 * packet ends. A MAC has 6 bytes, so its option has one unit.
 */
static __always_inline enum carp_reason carp_read_options(const struct carp_frame *f,
							  struct carp_ask *ask, __u32 units)
{
	__u32 start = f->net + sizeof(ask->ip) + sizeof(ask->message), next = 0;
	struct carp_link_option *option = &ask->option; /* room that the answer needs later */

	for (__u32 i = 0; i < CARP_ASK_UNITS; i++) {
		if (i >= units)
			break;
		if (!carp_read(f, start + i * sizeof(*option), option, sizeof(*option)))
			return CARP_ND_BAD;
		ask->sum += carp_sum_words(option, sizeof(*option) / 4);
		if (i < next)
			continue;
		if (!option->length || (option->type == CARP_SOURCE_LINK && option->length != 1))
			return CARP_ND_BAD;
		next = i + option->length;
		if (option->type == CARP_SOURCE_LINK) {
			ask->named = true;
			__builtin_memcpy(ask->mac, option->mac, sizeof(ask->mac));
		}
	}
	return next > units ? CARP_ND_BAD : CARP_OK;
}

/* Addresses, length, protocol and the message, with a pseudo-header. */
static __always_inline __u64 carp_sum_nd(const struct carp_ipv6 *ip,
					 const struct carp_neighbour *message)
{
	return carp_sum_words(ip->src, 8) + ip->payload_len + bpf_htons(CARP_IP_ICMPV6) +
	       carp_sum_words(message, sizeof(*message) / 4);
}

static __always_inline bool carp_is_unspecified(const __u8 *addr)
{
	const carp_word *words = (const carp_word *)addr;

	return !(words[0] | words[1] | words[2] | words[3]);
}

/* ff02::1:ff00:0/104 */
static __always_inline bool carp_is_solicited_node(const __u8 *addr)
{
	const carp_word *words = (const carp_word *)addr;

	return words[0] == bpf_htonl(0xff020000) && !words[1] && words[2] == bpf_htonl(1) &&
	       addr[12] == 0xff;
}

/* Does a host ask whether the address is free? It has none yet, so it asks all and names no MAC. */
static __always_inline bool carp_is_probe(const struct carp_ask *ask)
{
	return carp_is_unspecified(ask->ip.src);
}

/*
 * The rules of RFC 4861 section 7.1.1, and those without which the stack would
 * not have taken the packet. CARP_ND_SILENT is for options too many to read.
 */
static __always_inline enum carp_reason carp_judge_ask(const struct carp_frame *f,
						       struct carp_ask *ask)
{
	__u32 length = bpf_ntohs(ask->ip.payload_len);
	enum carp_reason reason;
	__u32 units;

	if (ask->ip.version_class_flow[0] >> 4 != 6 || ask->ip.hop_limit != 255 ||
	    ask->ip.src[0] == 0xff || ask->message.code || length < sizeof(ask->message) ||
	    length % 8 || f->net + sizeof(ask->ip) + length > f->data_end - f->data)
		return CARP_ND_BAD;
	units = (length - sizeof(ask->message)) / 8;
	if (units > CARP_ASK_UNITS)
		return CARP_ND_SILENT;
	reason = carp_read_options(f, ask, units);
	if (reason != CARP_OK)
		return reason;
	if (carp_is_probe(ask) && (ask->named || !carp_is_solicited_node(ask->ip.dst)))
		return CARP_ND_BAD;
	if (carp_fold(carp_sum_nd(&ask->ip, &ask->message) + ask->sum) != 0xffff)
		return CARP_ND_BAD;
	return CARP_OK;
}

/*
 * Has the asker a MAC that an answer can go to? A group of hosts has none; the
 * group's MAC and the interface's own say that it was a question of ours.
 */
static __always_inline bool carp_may_ask(const struct carp_frame *f, const struct carp_link *link,
					 const struct carp_face *face, const struct carp_ask *ask)
{
	return !(ask->mac[0] & 1) && !carp_has_mac(link, ask->mac) &&
	       !carp_is_group_mac(f, face, ask->mac);
}

/* An answer to a probe goes to all nodes, and was solicited by none. */
static __always_inline void carp_address_answer(struct carp_ask *ask)
{
	carp_word *dst = (carp_word *)ask->ip.dst;

	if (!carp_is_probe(ask)) {
		__builtin_memcpy(dst, ask->ip.src, sizeof(ask->ip.dst));
		ask->message.flags[0] |= CARP_ND_SOLICITED;
		return;
	}
	dst[0] = bpf_htonl(0xff020000);
	dst[1] = dst[2] = 0;
	dst[3] = bpf_htonl(1);
	ask->mac[0] = ask->mac[1] = 0x33;
	ask->mac[2] = ask->mac[3] = ask->mac[4] = 0;
	ask->mac[5] = 1;
}

/* Makes the solicitation the Neighbour Advertisement that answers it. */
static __always_inline void carp_tell(const struct carp_link *link, const struct carp_face *face,
				      struct carp_ask *ask)
{
	bool router = link && link->router;

	*(carp_word *)ask->message.flags = 0;
	ask->message.flags[0] = CARP_ND_OVERRIDE | (router ? CARP_ND_ROUTER : 0);
	carp_address_answer(ask);
	*(carp_word *)ask->ip.version_class_flow = bpf_htonl(0x60000000);
	ask->ip.payload_len = bpf_htons(sizeof(ask->message) + sizeof(ask->option));
	__builtin_memcpy(ask->ip.src, ask->message.target, sizeof(ask->ip.src));
	ask->option.type = CARP_TARGET_LINK;
	ask->option.length = 1;
	__builtin_memcpy(ask->option.mac, face->mac, sizeof(ask->option.mac));
	ask->message.type = CARP_NEIGHBOUR_ADVERTISEMENT;
	ask->message.checksum = 0;
	ask->message.checksum = ~carp_fold(carp_sum_nd(&ask->ip, &ask->message) +
					   carp_sum_words(&ask->option, sizeof(ask->option) / 4));
}

/* Turns the solicitation into its answer, in place, however long it was. */
static __always_inline enum carp_verdict carp_answer_nd(struct carp_frame *f,
							const struct carp_link *link,
							struct carp_face *face,
							struct carp_ask *ask)
{
	carp_tell(link, face, ask);
	if (!carp_resize(f, f->net + CARP_TOLD_LEN) || !carp_write(f, f->net, ask, CARP_TOLD_LEN) ||
	    !carp_write(f, 0, ask->mac, sizeof(ask->mac)) ||
	    !carp_write(f, sizeof(ask->mac), face->source, sizeof(face->source))) {
		carp_count(face->slot, CARP_ND_SILENT);
		return CARP_DROP;
	}
	carp_count(face->slot, CARP_ND_ANSWERED);
	return CARP_REPLY;
}

/*
 * Nothing is asked of the IPv6 destination: to whatever address a solicitation
 * goes, the stack might answer it, so its target alone decides.
 */
static __always_inline enum carp_verdict carp_nd(struct carp_frame *f)
{
	const struct carp_link *link;
	struct carp_owner *owner;
	struct carp_face face;
	enum carp_reason reason;
	struct carp_ask ask = {};

	if (!carp_read(f, f->net, &ask, sizeof(ask.ip) + sizeof(ask.message)) ||
	    ask.message.type != CARP_NEIGHBOUR_SOLICITATION)
		return CARP_PASS;
	owner = carp_owner_of_ipv6(f, ask.message.target);
	if (!owner)
		return CARP_PASS;
	link = carp_link_of(f);
	carp_face_of(link, owner, &face);
	carp_pick(&face, ask.ip.src, sizeof(ask.ip.src));
	if (!carp_sent_here(f, link, &face))
		return CARP_PASS;
	__builtin_memcpy(ask.mac, carp_eth_of(f)->src, sizeof(ask.mac));
	reason = carp_judge_ask(f, &ask);
	if (reason == CARP_OK && carp_may_ask(f, link, &face, &ask) && carp_face_answers(&face))
		return carp_answer_nd(f, link, &face, &ask);
	carp_count(face.slot,
		   reason == CARP_ND_BAD ? CARP_ND_BAD : carp_silence(&face, CARP_ND_SILENT));
	return CARP_DROP;
}

#endif
