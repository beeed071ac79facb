/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Every map, and the lookups in them. All are pinned by these names under
 * /sys/fs/bpf/carpd/<instance>/, for example:
 *
 *	bpftool map dump pinned /sys/fs/bpf/carpd/default/carp_groups
 *
 * Hashes that only carpd writes are not preallocated: they take memory by the
 * entry.
 */
#ifndef CARP_MAPS_H
#define CARP_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "types.h"

/* For people: one row per group. No packet looks here. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CARP_SLOTS);
	__type(key, struct carp_group_key);
	__type(value, struct carp_group);
} carp_groups SEC(".maps");

/* The two deadlines of each group, by slot; carpd writes them through mmap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CARP_SLOTS);
	__type(key, __u32);
	__type(value, struct carp_lease);
} carp_lease SEC(".maps");

/* Whose advert: interface, VLAN, family and VHID to group. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * CARP_SLOTS);
	__type(key, struct carp_vhid_key);
	__type(value, struct carp_owner);
} carp_vhids SEC(".maps");

/* Whose IPv4 address. On ifindex 0: an address that a group on any interface has. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * CARP_VIPS);
	__type(key, struct carp_vip4_key);
	__type(value, struct carp_owner);
} carp_vip4 SEC(".maps");

/* Whose IPv6 address; with ifindex 0 as above, but no link-local ones. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * CARP_VIPS);
	__type(key, struct carp_vip6_key);
	__type(value, struct carp_owner);
} carp_vip6 SEC(".maps");

/* Whose virtual MAC. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CARP_SLOTS);
	__type(key, struct carp_vmac_key);
	__type(value, struct carp_owner);
} carp_vmac SEC(".maps");

/* The groups that share addresses, by the number of the share. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CARP_SLOTS);
	__type(key, __u32);
	__type(value, struct carp_share);
} carp_shares SEC(".maps");

/* The interfaces with groups, by ifindex. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CARP_LINKS);
	__type(key, __u32);
	__type(value, struct carp_link);
} carp_links SEC(".maps");

/* The same where a question for the MAC of an interface must not cost a search. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CARP_NEAR_LINKS);
	__type(key, __u32);
	__type(value, struct carp_near_link);
} carp_near SEC(".maps");

/* The clock of each CPU as it read it last. Only the kernel writes it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct carp_clock);
} carp_clock SEC(".maps");

/* The addresses those interfaces have of their own, which unicast adverts may go to. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CARP_OWN_ADDRS);
	__type(key, struct carp_own_key);
	__type(value, __u32);
} carp_own SEC(".maps");

/* The filters in front of the lookups of addresses; carpd writes them through mmap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct carp_filters);
} carp_filters SEC(".maps");

/* Packets by slot and reason; slot 0 is what belongs to no group. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CARP_SLOTS);
	__type(key, __u32);
	__type(value, struct carp_counters);
} carp_counters SEC(".maps");

/* When events that are sent once a second were sent last, by slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CARP_SLOTS);
	__type(key, __u32);
	__type(value, struct carp_reports);
} carp_reports SEC(".maps");

/* Which keys of each group are in force, by slot; carpd writes it through mmap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CARP_SLOTS);
	__type(key, __u32);
	__type(value, struct carp_keys);
} carp_keys SEC(".maps");

/* The keys themselves. A secret: never shown, pinned in a directory of its own. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * CARP_KEYS * CARP_SLOTS);
	__type(key, struct carp_key_id);
	__type(value, struct carp_key);
} carp_secret SEC(".maps");

/* The counters of our own last adverts, by slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CARP_SLOTS);
	__type(key, __u32);
	__type(value, struct carp_echoes);
} carp_echoes SEC(".maps");

/* What the advert filter remembers, by slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CARP_SLOTS);
	__type(key, __u32);
	__type(value, struct carp_guard);
} carp_guard SEC(".maps");

/* What carpd keeps for the carpd after it, by slot. No packet looks here. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CARP_SLOTS);
	__type(key, __u32);
	__type(value, struct carp_memory);
} carp_memory SEC(".maps");

/* The layout of all these maps. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct carp_meta);
} carp_meta SEC(".maps");

/* Adverts and other events on their way to carpd. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CARP_RING_BYTES);
	__type(value, struct carp_event);
} carp_events SEC(".maps");

#endif
