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

/* Verdicts of TCX: on to the next program of the chain, away, or to another place. */
#define CARP_TCX_NEXT (-1)
#define CARP_TCX_DROP 2

/* Is the frame one that carp_serve looks at? Transit traffic ends here. */
static __always_inline bool carp_concerns_us(struct carp_frame *f)
{
	if (!carp_parse(f))
		return false;
	return f->eth_type == CARP_ETH_ARP || f->ip_proto == CARP_IP_CARP ||
	       (f->eth_type == CARP_ETH_IPV6 &&
		(f->ip_proto == CARP_IP_ICMPV6 || f->ip_proto == CARP_IP_FRAGMENT));
}

/*
 * ARP and Neighbour Solicitations, and apart from them adverts, wherever they are
 * seen first. Each hook calls these as functions of their own: transit traffic
 * does not pay for their stack, the verifier looks at them once, and the digest
 * of an advert, which calls on, does not stand on the stack of an answer.
 */
static __always_inline enum carp_verdict carp_serve(const struct carp_frame *f)
{
	return f->eth_type == CARP_ETH_ARP ? carp_arp(f) : carp_nd(f);
}

static __always_inline bool carp_is_asking(const struct carp_frame *f)
{
	return f->eth_type == CARP_ETH_ARP || f->ip_proto == CARP_IP_ICMPV6;
}

/* Has carp_rx seen the frame? Then nothing is done or counted twice. */
static __always_inline bool carp_served_in_xdp(const struct carp_frame *f)
{
	const struct carp_link *link = carp_link_of(f);

	return link && link->xdp;
}

__noinline int carp_serve_xdp(struct xdp_md *ctx)
{
	struct carp_frame f;

	carp_open_xdp(&f, ctx);
	return carp_parse(&f) ? carp_serve(&f) : CARP_PASS;
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

__noinline int carp_serve_skb(struct __sk_buff *skb)
{
	struct carp_frame f;

	carp_open_skb(&f, skb);
	return carp_parse(&f) ? carp_serve(&f) : CARP_PASS;
}

static __always_inline int carp_receive(struct xdp_md *ctx)
{
	struct carp_frame f;

	carp_open_xdp(&f, ctx);
	if (!carp_concerns_us(&f))
		return carp_is_other_share(&f) ? XDP_DROP : XDP_PASS;
	switch (carp_is_asking(&f) ? carp_serve_xdp(ctx) : carp_advert_xdp(ctx)) {
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
 * once and not behind every way through carp_serve.
 */
__noinline int carp_receive_skb(struct __sk_buff *skb)
{
	struct carp_frame f;

	carp_open_skb(&f, skb);
	carp_parse(&f);
	if (f.data + sizeof(struct carp_eth) > f.data_end)
		return CARP_PASS;
	return carp_accept(&f);
}

/* Is the frame an advert that carpd has by now? Its own function for its own stack. */
__noinline int carp_spent_skb(struct __sk_buff *skb)
{
	struct carp_frame f;

	carp_open_skb(&f, skb);
	return carp_parse(&f) && carp_is_spent(&f) ? CARP_DROP : CARP_PASS;
}

/* Is the frame perhaps for a virtual MAC? */
static __always_inline bool carp_is_to_virtual(const struct carp_frame *f)
{
	return f->data + sizeof(struct carp_eth) <= f->data_end &&
	       carp_to_virtual(carp_eth_of(f)->dst);
}

SEC("tc")
int carp_in(struct __sk_buff *skb)
{
	enum carp_verdict verdict = CARP_PASS;
	bool to_virtual, concerns_us;
	struct carp_frame f;

	carp_open_skb(&f, skb);
	concerns_us = carp_concerns_us(&f);
	to_virtual = carp_is_to_virtual(&f);
	/* Behind this pointers into the frame may be gone. */
	if (concerns_us && !carp_served_in_xdp(&f))
		verdict = carp_is_asking(&f) ? carp_serve_skb(skb) : carp_advert_skb(skb);
	if (verdict == CARP_REPLY)
		return bpf_redirect(skb->ifindex, 0);
	if (concerns_us && verdict == CARP_PASS)
		verdict = carp_spent_skb(skb);
	if (to_virtual && verdict == CARP_PASS)
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
