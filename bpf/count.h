/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Counters per CPU, by group and reason. */
#ifndef CARP_COUNT_H
#define CARP_COUNT_H

#include "maps.h"

/* The slot of what belongs to no group. */
#define CARP_NO_GROUP 0

/* The verifier must see that a reason which a global function returned is one. */
static __always_inline void carp_count(__u32 slot, enum carp_reason reason)
{
	struct carp_counters *counters = bpf_map_lookup_elem(&carp_counters, &slot);

	if (counters && reason < CARP_NUM_REASONS)
		counters->packets[reason]++;
}

#endif
