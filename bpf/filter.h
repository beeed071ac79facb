/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Can an address be one of a group? A bit in a filter spares the traffic of all
 * other addresses the lookup. A set bit proves nothing, a clear one does.
 */
#ifndef CARP_FILTER_H
#define CARP_FILTER_H

#include "maps.h"
#include "parse.h"

enum carp_filter {
	CARP_SOURCES,  /* all group addresses */
	CARP_PHYSICAL, /* those reached at the interface's own MAC */
};

/* Go computes the same bit in sources.go. */
static __always_inline bool carp_may_be(enum carp_filter which, __u32 word)
{
	__u32 first = 0, bit = (word * 0x9e3779b1U) >> (32 - CARP_FILTER_SHIFT), index = bit / 64;
	const struct carp_filters *filters = bpf_map_lookup_elem(&carp_filters, &first);

	if (!filters)
		return false;
	/* The verifier loses the bound when it spills the number; the compiler may not know it. */
	asm volatile("" : "+r"(index));
	index &= CARP_FILTER_WORDS - 1;
	if (which == CARP_SOURCES)
		return filters->sources[index] >> (bit % 64) & 1;
	return filters->physical[index] >> (bit % 64) & 1;
}

static __always_inline bool carp_may_be_ipv4(enum carp_filter which, const __u8 *addr)
{
	const __u16 *halves = (const __u16 *)addr;
	__u32 word = halves[0] | (__u32)halves[1] << 16;

	return carp_may_be(which, word);
}

static __always_inline bool carp_may_be_ipv6(enum carp_filter which, const __u8 *addr)
{
	const __u32 *words = (const __u32 *)addr;

	return carp_may_be(which, words[0] ^ words[1] ^ words[2] ^ words[3]);
}

#endif
