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

/* The layout of the maps. Raised with every change of a struct or a map. */
#define CARP_LAYOUT 2

/* 8192 groups of one instance, and slot 0 for what belongs to none. */
#define CARP_SLOTS (8192 + 1)
/* Addresses of all groups, per family. */
#define CARP_VIPS 65536
/* Groups that share one address. */
#define CARP_NODES 32
/* Keys that are accepted for one group, in each of the two versions of them. */
#define CARP_KEYS 16
/* Our own last adverts, and the peers' last ones, that a group remembers. */
#define CARP_ECHOES 32
#define CARP_RECENT 4
/*
 * Genuine adverts of a group that go to carpd: so many at once, and then one
 * each time, of those with the highest counter yet and of the others apart. The
 * fastest peer there is, an OpenBSD with advbase 0, sends 256 a second.
 */
#define CARP_BURST    64
#define CARP_TOKEN_NS (1000000000ULL / 512)
#define CARP_TICK_NS  (1ULL << 25) /* a thirtieth of a second */
/* Interfaces with groups. */
#define CARP_LINKS 1024
/* Of those, so many are found without a search; a power of two. */
#define CARP_NEAR_LINKS 256
/* Addresses that those interfaces have of their own. */
#define CARP_OWN_ADDRS 16384
/* Bytes of the ring buffer: room for about 37000 events. */
#define CARP_RING_BYTES (4096 * 1024)
/* Bits of the filters in front of the lookups of addresses; a power of two. */
#define CARP_FILTER_SHIFT 16
#define CARP_FILTER_WORDS ((1 << CARP_FILTER_SHIFT) / 64)
/* The bytes of an advert that are checked and handed to carpd. */
#define CARP_ADVERT_LEN 36
/* A claim or a collision is reported at most once in this time per group. */
#define CARP_REPORT_GAP_NS 1000000000ULL
/* A virtual MAC that was seen elsewhere is reported at most once in this time. */
#define CARP_MOVED_GAP_NS 100000000ULL

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
	CARP_ND_ANSWERED,
	CARP_ND_SILENT,
	CARP_ACCEPTED,
	CARP_NOT_ACCEPTED,
	CARP_REWRITTEN,
	CARP_HELD,
	CARP_CLAIMED,
	CARP_DUPLICATE,
	CARP_LIMITED,
	CARP_ND_BAD,
	CARP_MOVED,
	CARP_SILENCED,
	CARP_OTHER_SHARE,
	CARP_NUM_REASONS,
};

/* How an address is shared by several groups, if it is. */
enum carp_balancing {
	CARP_BALANCE_NONE,
	CARP_BALANCE_ARP,	 /* the asker picks the virtual MAC that is answered */
	CARP_BALANCE_IP,	 /* all nodes get all frames, at a multicast MAC */
	CARP_BALANCE_IP_STEALTH, /* at a unicast MAC that is never a source */
	CARP_BALANCE_IP_UNICAST, /* at a unicast MAC */
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

/* What people see of a group. Its deadlines are in carp_lease, at its slot. */
struct carp_group {
	enum carp_state state;
	enum carp_balancing balancing;
	__u32 slot;
	__u32 addresses;
	__u64 since_ns;
	__u8 mac[6];
	__u8 physical; /* mac is the interface's own */
	__u8 pad;
};

/*
 * Until when the kernel may act for a group, in nanoseconds of CLOCK_BOOTTIME;
 * 0 = never. carpd stores each with one aligned 64-bit write.
 */
struct carp_lease {
	__u64 answer_until;
	__u64 accept_until;
};

/*
 * Whom an address, a virtual MAC or a VHID belongs to. With a share several
 * groups have the address, and this names the first of them.
 */
struct carp_owner {
	__u32 slot;
	__u8 mac[6]; /* what is answered, unless physical; with CARP_BALANCE_ARP the pick's */
	__u8 vhid;
	__u8 physical; /* the interface's own MAC stands for the group */
	enum carp_balancing balancing;
	__u32 share; /* in carp_shares; 0 = none */
};

/* The groups that share addresses, in ascending order of VHID. */
struct carp_share {
	__u32 count;
	enum carp_balancing balancing;
	__u32 slots[CARP_NODES]; /* 0 = not on this interface now */
	__u8 vhids[CARP_NODES];
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
	__u8 xdp;    /* carp_rx is attached, so carp_in leaves its work to it */
	__u8 upper;  /* a bridge or macvlan sits on top: pass what we do not accept */
	__u8 router; /* the host forwards IPv6 from here */
	__u8 pad[3];
};

/* A carp_link where it is found at once: row ifindex % CARP_NEAR_LINKS. */
struct carp_near_link {
	__u32 ifindex; /* 0 = none, or being written */
	struct carp_link link;
};

/* The clock of one CPU, read once in a tick. */
struct carp_clock {
	__u64 tick; /* in jiffies */
	__u64 boot_ns;
};

/* An address of the interface itself; IPv4 in the first 4 bytes. */
struct carp_own_key {
	__u32 ifindex;
	enum carp_family family;
	__u8 addr[16];
};

/*
 * Filters in front of lookups: a bit for each group address, so that other
 * senders cost no lookup, and one for each that is reached at the interface's
 * own MAC, so that other destinations cost none.
 */
struct carp_filters {
	__u64 sources[CARP_FILTER_WORDS];
	__u64 physical[CARP_FILTER_WORDS];
};

/* Packets by enum carp_reason. */
struct carp_counters {
	__u64 packets[CARP_NUM_REASONS];
};

/* When the last event of these kinds was sent for a group. */
struct carp_reports {
	__u64 claim_ns;
	__u64 collision_ns;
	__u64 moved_ns;
	__u64 forged_ns;
};

/*
 * The keys of a group that are in force: version and count are one aligned
 * 64-bit word, stored last when they change, and no version comes twice. The
 * interval is that of our own adverts, which says what a duplicate is.
 */
struct carp_keys {
	__u32 version;
	__u32 count; /* 0 = carpd alone checks the digest */
	__u64 interval_ns;
};

/* One accepted key: a secret. */
struct carp_key_id {
	__u32 slot;
	__u32 version;
	__u32 index;
};

/*
 * HMAC-SHA1 with the key and the fixed part of the message hashed in advance, in
 * words of host order: the inner state after the last whole block before the
 * counter, the one or two blocks that remain of the inner message with a counter
 * of zeros, and the outer state after the key.
 */
struct carp_key {
	__u32 inner[5];
	__u32 outer[5];
	__u32 end[32];
	__u32 blocks;	  /* of end that are in use: 1 or 2 */
	__u32 counter_at; /* the first byte of the counter in end, 0 to 63 */
};

/* The counters of our own last adverts: a ring that carpd writes through mmap. */
struct carp_echoes {
	__u64 counters[CARP_ECHOES];
};

/* An advert that was delivered. */
struct carp_recent {
	__u64 at_ns;
	enum carp_family family;
	__u8 bytes[CARP_ADVERT_LEN];
};

/* What the advert filter remembers of a group. Only the kernel writes it. */
struct carp_guard {
	struct carp_recent recent[CARP_RECENT];
	__u64 next;	     /* place in recent */
	__u64 newest;	     /* the highest genuine counter */
	__u64 full_ns;	     /* when the bucket of adverts that are not above it is full again */
	__u64 newer_full_ns; /* and that of those that are */
};

/*
 * What carpd keeps of a group for the carpd after it, through mmap. seq is odd
 * while it is written.
 */
struct carp_memory {
	__u64 seq;
	__u64 since_ns;
	__u64 lease_until_ns;
	__u64 next_ns;	  /* the next advert of a MASTER */
	__u64 down_ns[2]; /* by family: when a BACKUP takes over */
	__u64 counter;	  /* of the last advert sent */
	__u64 transitions;
	enum carp_state state;
	__u32 cause;
	__u32 interval_ms;
	__u32 pad;
	__u64 spare[6];
};

/* Row 0: the layout of all maps of this instance. */
struct carp_meta {
	__u32 layout;
	__u32 pad;
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
_Static_assert(sizeof(struct carp_group) == 32, "ABI");
_Static_assert(sizeof(struct carp_lease) == 16, "ABI");
_Static_assert(sizeof(struct carp_owner) == 20, "ABI");
_Static_assert(sizeof(struct carp_share) == 168, "ABI");
_Static_assert(sizeof(struct carp_vhid_key) == 16, "ABI");
_Static_assert(sizeof(struct carp_vip4_key) == 12, "ABI");
_Static_assert(sizeof(struct carp_vip6_key) == 24, "ABI");
_Static_assert(sizeof(struct carp_vmac_key) == 16, "ABI");
_Static_assert(sizeof(struct carp_link) == 12, "ABI");
_Static_assert(sizeof(struct carp_near_link) == 16, "ABI");
_Static_assert(sizeof(struct carp_own_key) == 24, "ABI");
_Static_assert(sizeof(struct carp_filters) == 16384, "ABI");
_Static_assert(sizeof(struct carp_counters) == 240, "ABI");
_Static_assert(sizeof(struct carp_reports) == 32, "ABI");
_Static_assert(sizeof(struct carp_keys) == 16, "ABI");
_Static_assert(sizeof(struct carp_key) == 176, "ABI");
_Static_assert(sizeof(struct carp_echoes) == 256, "ABI");
_Static_assert(sizeof(struct carp_guard) == 224, "ABI");
_Static_assert(sizeof(struct carp_memory) == 128, "ABI");
_Static_assert(sizeof(struct carp_event) == 104, "ABI");

#endif
