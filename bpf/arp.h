/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * ARP on ingress: requests for a group address are answered with the virtual
 * MAC while the group is leased, and kept from the stack otherwise, because it
 * may hold the address and would answer. Foreign claims to it are reported.
 */
#ifndef CARP_ARP_H
#define CARP_ARP_H

#include "balance.h"
#include "filter.h"
#include "lease.h"
#include "owner.h"
#include "report.h"

#define CARP_ARP_REQUEST 1
#define CARP_ARP_REPLY	 2

static __always_inline bool carp_load_arp(const struct carp_frame *f, struct carp_arp *arp)
{
	return carp_read(f, f->net, arp, sizeof(*arp)) && arp->hardware == bpf_htons(1) &&
	       arp->protocol == bpf_htons(CARP_ETH_IPV4) && arp->hardware_len == 6 &&
	       arp->protocol_len == 4;
}

/* Tells carpd, at most once a second, which MAC says it has an address of the group. */
static __always_inline void carp_report_claim(const struct carp_frame *f,
					      const struct carp_owner *owner,
					      const struct carp_arp *arp)
{
	struct carp_reports *reports = bpf_map_lookup_elem(&carp_reports, &owner->slot);
	struct carp_event *event;

	if (!reports || !carp_report_due(&reports->claim_ns, CARP_REPORT_GAP_NS))
		return;
	event = carp_event_begin(f, owner, CARP_CLAIMED);
	if (!event)
		return;
	__builtin_memcpy(event->mac, arp->sender_mac, sizeof(event->mac));
	__builtin_memcpy(event->src, arp->sender, sizeof(arp->sender));
	__builtin_memcpy(event->dst, arp->target, sizeof(arp->target));
	bpf_ringbuf_submit(event, 0);
}

/* Turns the request into its answer, in place. */
static __always_inline enum carp_verdict
carp_answer_arp(const struct carp_frame *f, struct carp_face *face, const struct carp_arp *ask)
{
	struct carp_eth eth;
	struct carp_arp answer = *ask;

	__builtin_memcpy(eth.dst, ask->sender_mac, sizeof(eth.dst));
	__builtin_memcpy(eth.src, face->source, sizeof(eth.src));
	answer.operation = bpf_htons(CARP_ARP_REPLY);
	__builtin_memcpy(answer.sender_mac, face->mac, sizeof(answer.sender_mac));
	__builtin_memcpy(answer.sender, ask->target, sizeof(answer.sender));
	__builtin_memcpy(answer.target_mac, ask->sender_mac, sizeof(answer.target_mac));
	__builtin_memcpy(answer.target, ask->sender, sizeof(answer.target));
	if (!carp_write(f, f->net, &answer, sizeof(answer)) ||
	    !carp_write(f, 0, &eth, sizeof(eth.dst) + sizeof(eth.src)))
		return CARP_DROP;
	carp_count(face->slot, CARP_ARP_ANSWERED);
	return CARP_REPLY;
}

/*
 * A request for an address of the group. One with the group's MAC as its sender
 * is the announcement of a peer or our echo, one with the interface's MAC our
 * own question: neither is answered.
 */
static __always_inline enum carp_verdict carp_asked(const struct carp_frame *f,
						    const struct carp_link *link,
						    struct carp_face *face,
						    const struct carp_arp *ask)
{
	if (!carp_sent_here(f, link, face) || carp_has_mac(link, ask->sender_mac) ||
	    carp_is_group_mac(f, face, ask->sender_mac))
		return CARP_PASS;
	/* No answer to a group of hosts: nobody's own MAC is a multicast address. */
	if (!(ask->sender_mac[0] & 1) && carp_face_answers(face))
		return carp_answer_arp(f, face, ask);
	/* An announcement asks nothing and is good for the neighbour table. */
	if (carp_same(ask->sender, ask->target, sizeof(ask->target)))
		return CARP_PASS;
	carp_count(face->slot, carp_silence(face, CARP_ARP_SILENT));
	return CARP_DROP;
}

/* Does a MAC that is neither the group's nor ours say that it has an address of the group? */
static __always_inline void carp_notice_claim(const struct carp_frame *f,
					      const struct carp_link *link,
					      const struct carp_arp *arp)
{
	struct carp_owner *owner;
	struct carp_face face;

	if (!carp_may_be_ipv4(CARP_SOURCES, arp->sender))
		return;
	owner = carp_owner_of_ipv4(f, arp->sender);
	if (!owner)
		return;
	carp_face_of(link, owner, &face);
	if (carp_is_group_mac(f, &face, arp->sender_mac) || carp_has_mac(link, arp->sender_mac))
		return;
	carp_count(owner->slot, CARP_CLAIMED);
	carp_report_claim(f, owner, arp);
}

static __always_inline enum carp_verdict carp_arp(const struct carp_frame *f)
{
	const struct carp_link *link = carp_link_of(f);
	struct carp_owner *owner;
	struct carp_face face;
	struct carp_arp arp;

	if (!carp_load_arp(f, &arp))
		return CARP_PASS;
	carp_notice_claim(f, link, &arp);
	if (arp.operation != bpf_htons(CARP_ARP_REQUEST))
		return CARP_PASS;
	owner = carp_owner_of_ipv4(f, arp.target);
	if (!owner)
		return CARP_PASS;
	carp_face_of(link, owner, &face);
	carp_pick(&face, arp.sender, sizeof(arp.sender));
	return carp_asked(f, link, &face, &arp);
}

#endif
