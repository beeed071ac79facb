/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Counters per CPU, by group and reason. */
#ifndef CARP_COUNT_H
#define CARP_COUNT_H

#include "maps.h"

/* The slot of what belongs to no group. */
#define CARP_NO_GROUP 0

/* The verifier must see that a reason which a global function returned is one. */
/*
 * The bound is looked at in the register that is used, for the verifier forgets
 * what it knew of a reason that the compiler has kept in memory in between.
 */
static __always_inline void carp_count(__u32 slot, enum carp_reason reason)
{
	struct carp_counters *counters = bpf_map_lookup_elem(&carp_counters, &slot);
	__u32 index = reason;

	asm volatile("" : "+r"(index));
	if (counters && index < CARP_NUM_REASONS)
		counters->packets[index]++;
}

#endif
