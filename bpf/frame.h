/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A frame as the programs see it, whether it came through XDP or TC: the place
 * where those two differ. Everything behind this file is written once.
 *
 * The first headers are read through pointers, which costs transit traffic
 * next to nothing. The rest of the few frames that concern us is copied by
 * helpers, which also reach what is not in the linear part of the frame.
 */
#ifndef CARP_FRAME_H
#define CARP_FRAME_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "types.h"

/* What is to be done with a frame. */
enum carp_verdict {
	CARP_PASS,  /* to whoever comes next, in the end the stack */
	CARP_DROP,  /* away with it; the reason has been counted */
	CARP_REPLY, /* it was turned into its answer: back to where it came from */
};

enum carp_hook {
	CARP_XDP,
	CARP_TC,
};

struct carp_frame {
	enum carp_hook hook;
	void *ctx; /* struct xdp_md or struct __sk_buff */
	void *data;
	void *data_end;
	const void *network; /* the ARP or IP header; gone after carp_store */
	__u32 net;	     /* its offset in the frame */
	__u32 ifindex;
	__u16 vlan;
	__u16 inner;
	__u16 tags;
	__u16 eth_type; /* what is behind the tags, host order */
	__u8 ip_proto;
};

/* Ethernet, two tags and an IPv6 header: what carp_parse may look at. */
#define CARP_PARSED_BYTES (14 + 2 * 4 + 40)

static __always_inline void carp_open_xdp(struct carp_frame *f, struct xdp_md *ctx)
{
	*f = (struct carp_frame){
		.hook = CARP_XDP,
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
		.ifindex = ctx->ingress_ifindex,
	};
}

/* A VLAN id of 0 is a priority tag: the frame counts as untagged. */
static __always_inline void carp_add_tag(struct carp_frame *f, __u16 tci)
{
	__u16 vid = tci & 0x0fff;

	f->tags++;
	if (!f->vlan)
		f->vlan = vid;
	else
		f->inner = vid;
}

/*
 * TC sees the outer tag beside the frame, not in it, and may see a frame whose
 * first headers are not linear. That many bytes of it are made so.
 */
static __always_inline void carp_open_skb_for(struct carp_frame *f, struct __sk_buff *skb,
					      __u32 bytes)
{
	__u32 want = skb->len < bytes ? skb->len : bytes;

	if ((void *)(long)skb->data + want > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, want);
	*f = (struct carp_frame){
		.hook = CARP_TC,
		.ctx = skb,
		.data = (void *)(long)skb->data,
		.data_end = (void *)(long)skb->data_end,
		.ifindex = skb->ifindex,
	};
	if (skb->vlan_present)
		carp_add_tag(f, skb->vlan_tci);
}

static __always_inline void carp_open_skb(struct carp_frame *f, struct __sk_buff *skb)
{
	carp_open_skb_for(f, skb, CARP_PARSED_BYTES);
}

/* The bytes of the whole frame, linear or not. */
static __always_inline __u64 carp_length(const struct carp_frame *f)
{
	if (f->hook == CARP_XDP)
		return bpf_xdp_get_buff_len(f->ctx);
	return ((struct __sk_buff *)f->ctx)->len;
}

/* Copies bytes out of the frame; false if it is not that long. */
static __always_inline bool carp_load(const struct carp_frame *f, __u32 offset, void *to, __u32 len)
{
	if (f->hook == CARP_XDP)
		return bpf_xdp_load_bytes(f->ctx, offset, to, len) == 0;
	return bpf_skb_load_bytes(f->ctx, offset, to, len) == 0;
}

/*
 * Writes into the frame. In TC this must be the helper: a program that writes
 * through pointers makes the kernel copy every cloned frame in front of it,
 * and on egress nearly all are clones.
 */
static __always_inline bool carp_store(const struct carp_frame *f, __u32 offset, void *from,
				       __u32 len)
{
	if (f->hook == CARP_XDP)
		return bpf_xdp_store_bytes(f->ctx, offset, from, len) == 0;
	return bpf_skb_store_bytes(f->ctx, offset, from, len, 0) == 0;
}

/* Offsets of what is read and written through pointers are below this. */
#define CARP_NEAR_BYTES 512

/*
 * Copies bytes out of the linear part of the frame, which is much cheaper than
 * carp_load; false if they are not there. Pointers into the frame must be good.
 */
static __always_inline bool carp_read(const struct carp_frame *f, __u32 offset, void *to, __u32 len)
{
	const void *from;

	/* The verifier must see the very value that is compared. */
	asm volatile("" : "+r"(offset));
	if (offset >= CARP_NEAR_BYTES)
		return false;
	from = f->data + offset;
	if (from + len > f->data_end)
		return false;
	__builtin_memcpy(to, from, len);
	return true;
}

/* The same way back in XDP; in TC it is carp_store, for its reason. */
static __always_inline bool carp_write(const struct carp_frame *f, __u32 offset, void *from,
				       __u32 len)
{
	void *to;

	if (f->hook == CARP_TC)
		return carp_store(f, offset, from, len);
	asm volatile("" : "+r"(offset));
	if (offset >= CARP_NEAR_BYTES)
		return false;
	to = f->data + offset;
	if (to + len > f->data_end)
		return false;
	__builtin_memcpy(to, from, len);
	return true;
}

/*
 * Makes the frame that long. Pointers into it are gone then, except that in XDP
 * its data is found again.
 */
static __always_inline bool carp_resize(struct carp_frame *f, __u64 length)
{
	struct xdp_md *xdp = f->ctx;
	__u64 now = carp_length(f);

	if (f->hook == CARP_TC)
		return now == length || bpf_skb_change_tail(f->ctx, length, 0) == 0;
	if (now != length && bpf_xdp_adjust_tail(xdp, (int)length - (int)now))
		return false;
	f->data = (void *)(long)xdp->data;
	f->data_end = (void *)(long)xdp->data_end;
	return true;
}

#endif
