/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the kernel side and carpd share: the layout of every map, the reasons
 * and the states. bpf2go makes the Go types of this file.
 *
 * Fields have fixed widths and padding is written out, because map keys are
 * compared byte by byte. Addresses are arrays of bytes in network order, so
 * that bpftool prints them legibly. Enums are used as field types, so that
 * bpftool prints their names.
 */
#ifndef CARP_TYPES_H
#define CARP_TYPES_H

#include <linux/types.h>

/* Groups of one instance, and slot 0 for what belongs to none. */
#define CARP_SLOTS 1024
/* Addresses of all groups, per family. */
#define CARP_VIPS 16384
/* Interfaces with groups. */
#define CARP_LINKS 1024
/* Addresses that those interfaces have of their own. */
#define CARP_OWN_ADDRS 16384
/* Bytes of the ring buffer: room for about 2300 events. */
#define CARP_RING_BYTES (256 * 1024)
/* Bits of the filter in front of the egress lookup; a power of two. */
#define CARP_SOURCE_SHIFT 10
#define CARP_SOURCE_WORDS ((1 << CARP_SOURCE_SHIFT) / 64)
/* The bytes of an advert that are checked and handed to carpd. */
#define CARP_ADVERT_LEN 36
/* A claim or a collision is reported at most once in this time per group. */
#define CARP_REPORT_GAP_NS 1000000000ULL

/* The state of a group, for people: packets obey the lease alone. */
enum carp_state {
	CARP_INIT,
	CARP_BACKUP,
	CARP_MASTER,
};

/* Why a packet was counted: the same list as carp.Reason in Go. */
enum carp_reason {
	CARP_OK,
	CARP_NOT_OURS,
	CARP_IS_VRRP,
	CARP_FRAGMENT,
	CARP_BAD_TTL,
	CARP_BAD_DST,
	CARP_BAD_CHECKSUM,
	CARP_RING_FULL,
	CARP_BAD_LENGTH,
	CARP_BAD_VERSION,
	CARP_BAD_TYPE,
	CARP_BAD_AUTHLEN,
	CARP_BAD_VHID,
	CARP_BAD_DIGEST,
	CARP_OWN_ECHO,
	CARP_ARP_ANSWERED,
	CARP_ARP_SILENT,
	CARP_ND_PASSED,
	CARP_ND_SILENT,
	CARP_ACCEPTED,
	CARP_NOT_ACCEPTED,
	CARP_REWRITTEN,
	CARP_HELD,
	CARP_CLAIMED,
	CARP_NUM_REASONS,
};

/* The IP version of an advert or an address: carp.Family in Go. */
enum carp_family {
	CARP_IPV4,
	CARP_IPV6,
};

/* A group: interface, VLAN tags (0 = none; inner only with two) and VHID. */
struct carp_group_key {
	__u32 ifindex;
	__u16 vlan;
	__u16 inner;
	__u8 vhid;
	__u8 pad[3];
};

/* What people see of a group. The deadlines are copies of those in carp_lease. */
struct carp_group {
	enum carp_state state;
	__u32 slot;
	__u64 since_ns;
	__u64 answer_until_ns;
	__u64 accept_until_ns;
	__u8 mac[6];
	__u16 addresses;
};

/*
 * Until when the kernel may act for a group, in nanoseconds of CLOCK_BOOTTIME;
 * 0 = never. carpd stores each with one aligned 64-bit write.
 */
struct carp_lease {
	__u64 answer_until;
	__u64 accept_until;
};

/* Whom an address, a virtual MAC or a VHID belongs to. */
struct carp_owner {
	__u32 slot;
	__u8 mac[6];
	__u8 vhid;
	__u8 pad;
};

struct carp_vhid_key {
	__u32 ifindex;
	__u16 vlan;
	__u16 inner;
	enum carp_family family;
	__u8 vhid;
	__u8 pad[3];
};

struct carp_vip4_key {
	__u32 ifindex;
	__u16 vlan;
	__u16 inner;
	__u8 addr[4];
};

struct carp_vip6_key {
	__u32 ifindex;
	__u16 vlan;
	__u16 inner;
	__u8 addr[16];
};

struct carp_vmac_key {
	__u32 ifindex;
	__u16 vlan;
	__u16 inner;
	__u8 mac[6];
	__u8 pad[2];
};

/* An interface with groups: its own MAC, and 1 or 0 for the rest. */
struct carp_link {
	__u8 mac[6];
	__u8 xdp;   /* carp_rx is attached, so carp_in leaves its work to it */
	__u8 upper; /* a bridge or macvlan sits on top: pass what we do not accept */
};

/* An address of the interface itself; IPv4 in the first 4 bytes. */
struct carp_own_key {
	__u32 ifindex;
	enum carp_family family;
	__u8 addr[16];
};

/* A bit for each group address, so that other senders cost no lookup. */
struct carp_sources {
	__u64 bits[CARP_SOURCE_WORDS];
};

/* Packets by enum carp_reason. */
struct carp_counters {
	__u64 packets[CARP_NUM_REASONS];
};

/* When the last event of these kinds was sent for a group. */
struct carp_reports {
	__u64 claim_ns;
	__u64 collision_ns;
};

/*
 * One event in the ring buffer. The reason tells what it is: CARP_OK an advert,
 * CARP_CLAIMED an ARP claim, CARP_IS_VRRP a VRRP packet with our VHID.
 */
struct carp_event {
	__u64 at_ns;
	__u32 ifindex;
	__u32 slot;
	enum carp_reason reason;
	enum carp_family family;
	__u16 vlan;
	__u16 inner;
	__u8 vhid;
	__u8 ttl;
	__u8 mac[6];
	__u8 src[16];
	__u8 dst[16];
	__u8 payload[CARP_ADVERT_LEN];
};

_Static_assert(sizeof(struct carp_group_key) == 12, "ABI");
_Static_assert(sizeof(struct carp_group) == 40, "ABI");
_Static_assert(sizeof(struct carp_lease) == 16, "ABI");
_Static_assert(sizeof(struct carp_owner) == 12, "ABI");
_Static_assert(sizeof(struct carp_vhid_key) == 16, "ABI");
_Static_assert(sizeof(struct carp_vip4_key) == 12, "ABI");
_Static_assert(sizeof(struct carp_vip6_key) == 24, "ABI");
_Static_assert(sizeof(struct carp_vmac_key) == 16, "ABI");
_Static_assert(sizeof(struct carp_link) == 8, "ABI");
_Static_assert(sizeof(struct carp_own_key) == 24, "ABI");
_Static_assert(sizeof(struct carp_sources) == 128, "ABI");
_Static_assert(sizeof(struct carp_counters) == 192, "ABI");
_Static_assert(sizeof(struct carp_reports) == 16, "ABI");
_Static_assert(sizeof(struct carp_event) == 104, "ABI");

#endif
