/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Protocol 112: CARP shares it with VRRP, so first it must be clear that a
 * packet is an advert of one of our groups. What is not is passed untouched,
 * for another daemon may own it. Only what is ours by its first bytes is held
 * to the rules and dropped when it breaks one.
 */
#ifndef CARP_ADVERT_H
#define CARP_ADVERT_H

#include "guard.h"
#include "owner.h"
#include "report.h"

/* Bytes of a VRRP header, and the first of an advert. */
#define CARP_HEAD_LEN 8
/* The length of a VRRPv2 packet that has 7 addresses, as byte 3 of CARP says. */
#define CARP_VRRP7_LEN 44

/* What IPv4 and IPv6 say about a packet of protocol 112. */
struct carp_packet {
	enum carp_family family;
	__u32 payload; /* offset in the frame */
	__u32 length;  /* of the payload, by the IP header: frames are padded */
	__u8 ttl;
	bool fragment;
	__u8 src[16] __attribute__((aligned(8)));
	__u8 dst[16] __attribute__((aligned(8)));
};

/* False when the IP header makes no sense or promises more than the frame has. */
static __always_inline bool carp_open_ipv4(const struct carp_frame *f, struct carp_packet *p)
{
	struct carp_ipv4 ip;
	__u32 header, total;

	if (!carp_load(f, f->net, &ip, sizeof(ip)))
		return false;
	header = (ip.version_ihl & 0x0f) * 4;
	total = bpf_ntohs(ip.total_len);
	if (ip.version_ihl >> 4 != 4 || header < sizeof(ip) || total < header ||
	    f->net + total > carp_length(f))
		return false;
	p->family = CARP_IPV4;
	p->payload = f->net + header;
	p->length = total - header;
	p->ttl = ip.ttl;
	/* More fragments follow, or this is not the first. */
	p->fragment = bpf_ntohs(ip.fragment) & 0x3fff;
	__builtin_memcpy(p->src, ip.src, sizeof(ip.src));
	__builtin_memcpy(p->dst, ip.dst, sizeof(ip.dst));
	return true;
}

/* Adverts follow the IPv6 header directly, or a fragment header. */
static __always_inline bool carp_open_ipv6(const struct carp_frame *f, struct carp_packet *p)
{
	struct carp_ipv6 ip;

	if (!carp_load(f, f->net, &ip, sizeof(ip)))
		return false;
	p->family = CARP_IPV6;
	p->payload = f->net + sizeof(ip);
	p->length = bpf_ntohs(ip.payload_len);
	if (ip.version_class_flow[0] >> 4 != 6 || p->payload + p->length > carp_length(f))
		return false;
	if (ip.next == CARP_IP_FRAGMENT) {
		if (p->length < sizeof(struct carp_ipv6_fragment))
			return false;
		p->fragment = true;
		p->payload += sizeof(struct carp_ipv6_fragment);
		p->length -= sizeof(struct carp_ipv6_fragment);
	}
	p->ttl = ip.hop_limit;
	__builtin_memcpy(p->src, ip.src, sizeof(ip.src));
	__builtin_memcpy(p->dst, ip.dst, sizeof(ip.dst));
	return true;
}

static __always_inline bool carp_open_packet(const struct carp_frame *f, struct carp_packet *p)
{
	return f->eth_type == CARP_ETH_IPV4 ? carp_open_ipv4(f, p) : carp_open_ipv6(f, p);
}

/* An IPv6 fragment may hold another protocol than 112. */
static __always_inline bool carp_is_protocol_112(const struct carp_frame *f)
{
	struct carp_ipv6_fragment fragment;

	if (f->ip_proto == CARP_IP_CARP)
		return true;
	return carp_load(f, f->net + sizeof(struct carp_ipv6), &fragment, sizeof(fragment)) &&
	       fragment.next == CARP_IP_CARP;
}

/*
 * Advert, VRRP or neither, by the shape of the first bytes. VRRPv2 begins with
 * the same byte as CARP; its byte 3 is the number of addresses, its byte 4 the
 * kind of authentication.
 */
static __always_inline enum carp_reason carp_shape(const __u8 *head, __u32 length)
{
	if (head[0] == 0x31)
		return CARP_IS_VRRP;
	if (head[0] != 0x21)
		return CARP_NOT_OURS;
	if (length >= CARP_ADVERT_LEN && head[3] == 7)
		return CARP_OK;
	if (head[3] >= 1 && length >= 16 + 4 * (__u32)head[3] && head[4] <= 2)
		return CARP_IS_VRRP;
	return CARP_NOT_OURS;
}

/* RFC 1071 without a pseudo-header: the sum over a right checksum is all ones. */
static __always_inline bool carp_sum_is_right(const void *bytes, __u32 len)
{
	const __u32 *words = bytes;
	__u64 sum = 0;

#pragma unroll
	for (__u32 i = 0; i < CARP_VRRP7_LEN / 4; i++)
		if (i < len / 4)
			sum += words[i];
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return sum == 0xffff;
}

/*
 * A VRRPv2 packet with 7 addresses has the shape of an advert, and without a
 * password even its first 36 bytes have a right checksum. It is told by its own
 * length and the checksum over all of it.
 */
static __always_inline bool carp_is_vrrp7(const struct carp_frame *f, const struct carp_packet *p)
{
	__u8 bytes[CARP_VRRP7_LEN] __attribute__((aligned(8)));

	return p->length == sizeof(bytes) && carp_load(f, p->payload, bytes, sizeof(bytes)) &&
	       bytes[4] <= 2 && carp_sum_is_right(bytes, sizeof(bytes));
}

/* 224.0.0.18 or ff02::12. */
static __always_inline bool carp_is_group(const struct carp_packet *p)
{
	const __u32 *words = (const __u32 *)p->dst;

	if (p->family == CARP_IPV4)
		return words[0] == bpf_htonl(0xe0000012);
	return words[0] == bpf_htonl(0xff020000) && !words[1] && !words[2] &&
	       words[3] == bpf_htonl(0x12);
}

/* Is it an address of the interface itself, and no group address? */
static __always_inline bool carp_is_own_address(const struct carp_frame *f, enum carp_family family,
						const __u8 *addr)
{
	struct carp_own_key key = {.ifindex = f->ifindex, .family = family};

	__builtin_memcpy(key.addr, addr, sizeof(key.addr));
	return bpf_map_lookup_elem(&carp_own, &key);
}

/* The CARP group, or with unicast an address of the interface itself. */
static __always_inline bool carp_is_for_us(const struct carp_frame *f, const struct carp_packet *p)
{
	return carp_is_group(p) || carp_is_own_address(f, p->family, p->dst);
}

/* Puts source, destination and the first bytes of the payload into an event. */
static __always_inline void carp_event_packet(struct carp_event *event, const struct carp_frame *f,
					      const struct carp_packet *p, const __u8 *payload,
					      __u32 len)
{
	event->family = p->family;
	event->ttl = p->ttl;
	__builtin_memcpy(event->mac, carp_eth_of(f)->src, sizeof(event->mac));
	__builtin_memcpy(event->src, p->src, sizeof(event->src));
	__builtin_memcpy(event->dst, p->dst, sizeof(event->dst));
	__builtin_memcpy(event->payload, payload, len);
}

/* VRRP is passed; when it uses a VHID of ours as its id carpd is told. */
static __always_inline enum carp_verdict carp_vrrp(const struct carp_frame *f,
						   const struct carp_packet *p, const __u8 *head)
{
	struct carp_owner *owner = carp_owner_of_vhid(f, CARP_IPV4, head[1]);
	struct carp_reports *reports;
	struct carp_event *event;

	if (!owner)
		owner = carp_owner_of_vhid(f, CARP_IPV6, head[1]);
	if (!owner) {
		carp_count(CARP_NO_GROUP, CARP_IS_VRRP);
		return CARP_PASS;
	}
	carp_count(owner->slot, CARP_IS_VRRP);
	reports = bpf_map_lookup_elem(&carp_reports, &owner->slot);
	if (!reports || !carp_report_due(&reports->collision_ns, CARP_REPORT_GAP_NS))
		return CARP_PASS;
	event = carp_event_begin(f, owner, CARP_IS_VRRP);
	if (event) {
		carp_event_packet(event, f, p, head, CARP_HEAD_LEN);
		bpf_ringbuf_submit(event, 0);
	}
	return CARP_PASS;
}

/* The rules for an advert of ours, in order of their price. CARP_OK is none broken. */
static __always_inline enum carp_reason carp_judge(const struct carp_frame *f,
						   const struct carp_packet *p, const __u8 *bytes)
{
	if (p->fragment)
		return CARP_FRAGMENT;
	if (p->ttl != 255)
		return CARP_BAD_TTL;
	if (!carp_is_for_us(f, p))
		return CARP_BAD_DST;
	if (!carp_sum_is_right(bytes, CARP_ADVERT_LEN))
		return CARP_BAD_CHECKSUM;
	return CARP_OK;
}

/*
 * The rules for an advert that looks right: no moment's repetition, none of our
 * own, the digest, and last a limit for each group. Where the digest cannot be
 * judged here all goes to carpd. guard is left for what was genuine.
 */
static __always_inline enum carp_reason
carp_admit(const struct carp_frame *f, const struct carp_packet *p, const struct carp_owner *owner,
	   const struct carp_advert_bytes *advert, struct carp_guard **guard)
{
	enum carp_reason reason = carp_judge_repeat(owner->slot, p->family, advert);

	if (reason != CARP_OK)
		return reason;
	if (carp_is_own_address(f, p->family, p->src))
		return CARP_OWN_ECHO;
	switch (carp_judge_digest(owner->slot, advert)) {
	case CARP_FORGED:
		return CARP_BAD_DIGEST;
	case CARP_GENUINE:
		*guard = bpf_map_lookup_elem(&carp_guard, &owner->slot);
		return *guard ? carp_limit(*guard, carp_counter_of(advert)) : CARP_OK;
	default:
		return CARP_OK;
	}
}

/* Hands an advert to carpd, and on, so that tcpdump on this host sees it. */
static __always_inline enum carp_verdict carp_deliver(const struct carp_frame *f,
						      const struct carp_packet *p,
						      const struct carp_owner *owner,
						      const __u8 *bytes, struct carp_guard *guard)
{
	struct carp_event *event = carp_event_begin(f, owner, CARP_OK);

	if (!event)
		return CARP_PASS;
	carp_event_packet(event, f, p, bytes, CARP_ADVERT_LEN);
	bpf_ringbuf_submit(event, 0);
	carp_count(owner->slot, CARP_OK);
	if (guard)
		carp_remember(guard, p->family, bytes);
	return CARP_PASS;
}

/*
 * Counts an advert that broke a rule. Of a wrong digest carpd is told once a
 * second, for it may be a peer's with another password.
 */
static __always_inline enum carp_verdict carp_refuse(const struct carp_frame *f,
						     const struct carp_packet *p,
						     const struct carp_owner *owner,
						     const __u8 *bytes, enum carp_reason reason)
{
	struct carp_reports *reports;
	struct carp_event *event;

	carp_count(owner->slot, reason);
	if (reason != CARP_BAD_DIGEST)
		return CARP_DROP;
	reports = bpf_map_lookup_elem(&carp_reports, &owner->slot);
	if (!reports || !carp_report_due(&reports->forged_ns, CARP_REPORT_GAP_NS))
		return CARP_DROP;
	event = carp_event_begin(f, owner, reason);
	if (event) {
		carp_event_packet(event, f, p, bytes, CARP_ADVERT_LEN);
		bpf_ringbuf_submit(event, 0);
	}
	return CARP_DROP;
}

static __always_inline enum carp_verdict carp_not_ours(void)
{
	carp_count(CARP_NO_GROUP, CARP_NOT_OURS);
	return CARP_PASS;
}

/*
 * What a packet of protocol 112 is, with what its IP header says and its first
 * bytes: CARP_OK for the shape of an advert, CARP_IS_VRRP or CARP_NOT_OURS.
 */
static __always_inline enum carp_reason carp_recognise(const struct carp_frame *f,
						       struct carp_packet *p, __u8 *bytes)
{
	enum carp_reason reason;
	bool whole;

	if (!carp_open_packet(f, p) || p->length < CARP_HEAD_LEN)
		return CARP_NOT_OURS;
	whole = p->length >= CARP_ADVERT_LEN ? carp_load(f, p->payload, bytes, CARP_ADVERT_LEN)
					     : carp_load(f, p->payload, bytes, CARP_HEAD_LEN);
	if (!whole)
		return CARP_NOT_OURS;
	reason = carp_shape(bytes, p->length);
	if (reason == CARP_OK && carp_is_vrrp7(f, p))
		reason = CARP_IS_VRRP;
	return reason;
}

static __always_inline enum carp_verdict carp_advert(const struct carp_frame *f)
{
	__u8 bytes[CARP_ADVERT_LEN] __attribute__((aligned(8))) = {};
	struct carp_guard *guard = NULL;
	struct carp_packet p = {};
	struct carp_owner *owner;
	enum carp_reason reason;

	if (!carp_is_protocol_112(f))
		return CARP_PASS;
	reason = carp_recognise(f, &p, bytes);
	if (reason == CARP_IS_VRRP)
		return carp_vrrp(f, &p, bytes);
	if (reason != CARP_OK)
		return carp_not_ours();
	owner = carp_owner_of_vhid(f, p.family, bytes[1]);
	if (!owner)
		return carp_not_ours();

	reason = carp_judge(f, &p, bytes);
	if (reason == CARP_OK)
		reason = carp_admit(f, &p, owner, (const void *)bytes, &guard);
	if (reason == CARP_OK)
		return carp_deliver(f, &p, owner, bytes, guard);
	return carp_refuse(f, &p, owner, bytes, reason);
}

/*
 * An advert of a group of ours that carpd has by now? Behind tcpdump's tap it
 * goes no further: a VRRP daemon with the same id that gets it from its socket
 * complains, and keepalived even leaves out an advert of its own. With a bridge
 * or macvlan on top of the interface it goes on: somebody behind it may wait.
 */
static __always_inline bool carp_is_spent(const struct carp_frame *f)
{
	__u8 bytes[CARP_ADVERT_LEN] __attribute__((aligned(8))) = {};
	const struct carp_link *link;
	struct carp_packet p = {};

	if (f->ip_proto != CARP_IP_CARP || carp_recognise(f, &p, bytes) != CARP_OK ||
	    !carp_owner_of_vhid(f, p.family, bytes[1]))
		return false;
	link = carp_link_of(f);
	return !link || !link->upper;
}

#endif
