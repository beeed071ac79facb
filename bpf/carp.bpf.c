// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The kernel side of carpd: what is done, in which order. Three programs sit on
 * each interface that carries groups:
 *
 *	carp_rx   XDP          adverts, ARP requests and Neighbour Solicitations;
 *	                       the shares of other nodes are dropped there
 *	                       (carp_rx_generic in generic mode)
 *	carp_in   TCX ingress  the same where XDP cannot be had; frames to virtual MACs
 *	carp_out  TCX egress   frames whose sender is a group address
 *
 * All else passes untouched.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "types.h"
#include "maps.h"
#include "parse.h"
#include "advert.h"
#include "balance.h"
#include "arp.h"
#include "nd.h"
#include "accept.h"
#include "egress.h"
#include "moved.h"

/* Verdicts of TCX: on to the next program of the chain, away, or to another place. */
#define CARP_TCX_NEXT (-1)
#define CARP_TCX_DROP 2

/* Is the frame one that is served here? Transit traffic ends here. */
static __always_inline bool carp_concerns_us(const struct carp_frame *f)
{
	return f->eth_type == CARP_ETH_ARP || f->ip_proto == CARP_IP_CARP ||
	       (f->eth_type == CARP_ETH_IPV6 &&
		(f->ip_proto == CARP_IP_ICMPV6 || f->ip_proto == CARP_IP_FRAGMENT));
}

/* ARP and Neighbour Solicitations, wherever they are seen first. */
static __always_inline enum carp_verdict carp_answer(struct carp_frame *f)
{
	return f->eth_type == CARP_ETH_ARP ? carp_arp(f) : carp_nd(f);
}

static __always_inline bool carp_is_question_for_us(const struct carp_frame *f)
{
	return f->eth_type == CARP_ETH_ARP || f->ip_proto == CARP_IP_ICMPV6;
}

/*
 * Adverts and questions are served by functions of their own: the stack of a
 * function and all that it calls is scarce, and the verifier looks at each once.
 */
__noinline int carp_answer_xdp(struct xdp_md *ctx)
{
	struct carp_frame f;

	carp_open_xdp(&f, ctx);
	return carp_parse(&f) ? carp_answer(&f) : CARP_PASS;
}

__noinline int carp_answer_skb(struct __sk_buff *skb)
{
	struct carp_frame f;

	carp_open_skb_for(&f, skb, CARP_ASKED_BYTES);
	return carp_parse(&f) ? carp_answer(&f) : CARP_PASS;
}

__noinline int carp_advert_xdp(struct xdp_md *ctx)
{
	struct carp_frame f;

	carp_open_xdp(&f, ctx);
	return carp_parse(&f) ? carp_advert(&f) : CARP_PASS;
}

__noinline int carp_advert_skb(struct __sk_buff *skb)
{
	struct carp_frame f;

	carp_open_skb(&f, skb);
	return carp_parse(&f) ? carp_advert(&f) : CARP_PASS;
}

/* Has carp_rx seen the frame? Then nothing is done or counted twice. */
static __always_inline bool carp_served_in_xdp(const struct carp_frame *f)
{
	const struct carp_link *link = carp_link_of(f);

	return link && link->xdp;
}

static __always_inline int carp_receive(struct xdp_md *ctx)
{
	enum carp_verdict verdict = CARP_PASS;
	bool concerns_us, question;
	__u32 moved = 0;
	struct carp_frame f;

	carp_open_xdp(&f, ctx);
	concerns_us = carp_parse(&f) && carp_concerns_us(&f);
	if (!concerns_us && carp_is_other_share(&f))
		return XDP_DROP;
	question = carp_is_question_for_us(&f);
	if (carp_may_have_moved(&f))
		moved = carp_moved_xdp(ctx);
	if (concerns_us)
		verdict = question ? carp_answer_xdp(ctx) : carp_advert_xdp(ctx);
	if (moved)
		carp_tell_moved(ctx->ingress_ifindex, moved);
	switch (verdict) {
	case CARP_DROP:
		return XDP_DROP;
	case CARP_REPLY:
		return XDP_TX;
	default:
		return XDP_PASS;
	}
}

/* On a driver with native XDP: "frags" lets it attach at any MTU. */
SEC("xdp.frags")
int carp_rx(struct xdp_md *ctx)
{
	return carp_receive(ctx);
}

/*
 * In generic mode: there "frags" is not needed, and with it the kernel gives the
 * stack a copy of the frame that has forgotten the length of its Ethernet
 * header, so that TC programs behind it see the frame begin with the IP header.
 */
SEC("xdp")
int carp_rx_generic(struct xdp_md *ctx)
{
	return carp_receive(ctx);
}

/*
 * Frames to virtual MACs. A function of its own, which the verifier looks at
 * once and not behind every way through the program.
 */
__noinline int carp_receive_skb(struct __sk_buff *skb)
{
	struct carp_frame f;
	bool parsed;

	carp_open_skb(&f, skb);
	parsed = carp_parse(&f);
	if (f.data + sizeof(struct carp_eth) > f.data_end)
		return CARP_PASS;
	if (carp_to_virtual(carp_eth_of(&f)->dst))
		return carp_accept(&f);
	return parsed ? carp_accept_physical(&f) : CARP_PASS;
}

/* Is the frame an advert that carpd has by now? Its own function for its own stack. */
__noinline int carp_spent_skb(struct __sk_buff *skb)
{
	struct carp_frame f;

	carp_open_skb(&f, skb);
	return carp_parse(&f) && carp_is_spent(&f) ? CARP_DROP : CARP_PASS;
}

/* Is the frame perhaps for a virtual MAC, or for an address reached at the interface's own? */
static __always_inline bool carp_is_for_group(const struct carp_frame *f, bool parsed)
{
	const struct carp_ipv4 *ip4 = f->network;
	const struct carp_ipv6 *ip6 = f->network;

	if (f->data + sizeof(struct carp_eth) > f->data_end)
		return false;
	if (carp_to_virtual(carp_eth_of(f)->dst))
		return true;
	if (!parsed)
		return false;
	if (f->eth_type == CARP_ETH_IPV4)
		return (void *)(ip4 + 1) <= f->data_end &&
		       carp_may_be_ipv4(CARP_PHYSICAL, ip4->dst);
	return f->eth_type == CARP_ETH_IPV6 && (void *)(ip6 + 1) <= f->data_end &&
	       carp_may_be_ipv6(CARP_PHYSICAL, ip6->dst);
}

SEC("tc")
int carp_in(struct __sk_buff *skb)
{
	enum carp_verdict verdict = CARP_PASS;
	bool parsed, for_group, concerns_us, may_have_moved, question, served;
	__u32 moved = 0;
	struct carp_frame f;

	carp_open_skb(&f, skb);
	parsed = carp_parse(&f);
	concerns_us = parsed && carp_concerns_us(&f);
	question = carp_is_question_for_us(&f);
	for_group = carp_is_for_group(&f, parsed);
	may_have_moved = carp_may_have_moved(&f);
	served = (concerns_us || may_have_moved) && carp_served_in_xdp(&f);
	/* Behind this pointers into the frame may be gone. */
	if (may_have_moved && !served)
		moved = carp_moved_skb(skb);
	if (concerns_us && !served)
		verdict = question ? carp_answer_skb(skb) : carp_advert_skb(skb);
	if (moved)
		carp_tell_moved(skb->ifindex, moved);
	if (verdict == CARP_REPLY)
		return bpf_redirect(skb->ifindex, 0);
	if (concerns_us && verdict == CARP_PASS)
		verdict = carp_spent_skb(skb);
	if (for_group && verdict == CARP_PASS)
		verdict = carp_receive_skb(skb);
	return verdict == CARP_DROP ? CARP_TCX_DROP : CARP_TCX_NEXT;
}

SEC("tc")
int carp_out(struct __sk_buff *skb)
{
	struct carp_frame f;

	carp_open_skb(&f, skb);
	if (!carp_parse(&f))
		return CARP_TCX_NEXT;
	if (carp_may_tell(&f)) {
		if (carp_is_told_wrong(skb))
			return CARP_TCX_DROP;
		carp_open_skb(&f, skb); /* Pointers into the frame are gone. */
		if (!carp_parse(&f))
			return CARP_TCX_NEXT;
	}
	if (carp_egress(&f) == CARP_DROP)
		return CARP_TCX_DROP;
	return CARP_TCX_NEXT;
}

char carp_license[] SEC("license") = "Dual BSD/GPL";
