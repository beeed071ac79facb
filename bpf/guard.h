/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What keeps a flood of adverts from carpd. Nothing in front of the digest
 * depends on what a forger may choose: only bytes that carpd has had a moment
 * ago and our own adverts are dropped there. Behind it stand limits for each
 * group, so that no group's replays starve another's adverts.
 */
#ifndef CARP_GUARD_H
#define CARP_GUARD_H

#include "count.h"
#include "hmac.h"

#define CARP_SECOND_NS 1000000000ULL

/* The interval that an advert tells of: advbase seconds + advskew/256 s. */
static __always_inline __u64 carp_interval_of(const struct carp_advert_bytes *advert)
{
	return advert->advbase * CARP_SECOND_NS + advert->advskew * (CARP_SECOND_NS / 256);
}

static __always_inline bool carp_same_advert(const struct carp_recent *recent,
					     enum carp_family family,
					     const struct carp_advert_bytes *advert)
{
	const __u32 *a = (const __u32 *)recent->bytes, *b = (const __u32 *)advert;
	__u32 differ = recent->family ^ family;

#pragma unroll
	for (__u32 i = 0; i < CARP_ADVERT_LEN / 4; i++)
		differ |= a[i] ^ b[i];
	return !differ;
}

/*
 * Has carpd had these bytes less than half an interval ago? OpenBSD repeats its
 * bytes in every interval, and in both families. The shorter of the two
 * intervals counts, the advert's and our own: a bow-out says 255 seconds.
 */
static __always_inline bool carp_is_duplicate(const struct carp_guard *guard,
					      const struct carp_keys *keys, enum carp_family family,
					      const struct carp_advert_bytes *advert)
{
	__u64 interval = carp_interval_of(advert);

	if (keys->interval_ns < interval)
		interval = keys->interval_ns;
#pragma unroll
	for (__u32 i = 0; i < CARP_RECENT; i++) {
		const struct carp_recent *recent = &guard->recent[i];

		if (carp_same_advert(recent, family, advert) &&
		    bpf_ktime_get_boot_ns() - recent->at_ns < interval / 2)
			return true;
	}
	return false;
}

/*
 * Is the counter one of our own last ones? Whatever else of the advert was
 * changed. No peer's advert has it: ours are far apart, so that a BSD that counts
 * on from one does not meet the next.
 */
static __always_inline bool carp_is_own_counter(__u32 slot, __u64 counter)
{
	const volatile struct carp_echoes *echoes = bpf_map_lookup_elem(&carp_echoes, &slot);

	if (!echoes || !counter)
		return false;
#pragma unroll
	for (__u32 i = 0; i < CARP_ECHOES; i++)
		if (echoes->counters[i] == counter)
			return true;
	return false;
}

/*
 * Is the advert one that carpd has had a moment ago, or one of our own? CARP_OK
 * is neither. A function of its own, because the stack of a program is small.
 */
__attribute__((noinline)) int carp_judge_repeat(__u32 slot, enum carp_family family,
						const struct carp_advert_bytes *advert)
{
	const struct carp_guard *guard = bpf_map_lookup_elem(&carp_guard, &slot);
	const struct carp_keys *keys = bpf_map_lookup_elem(&carp_keys, &slot);

	if (!guard || !keys || !advert)
		return CARP_OK;
	if (carp_is_duplicate(guard, keys, family, advert))
		return CARP_DUPLICATE;
	if (carp_is_own_counter(slot, carp_counter_of(advert)))
		return CARP_OWN_ECHO;
	return CARP_OK;
}

/*
 * Takes a token out of a bucket of CARP_BURST that gets one every CARP_TOKEN_NS.
 * The bucket is the instant at which it will be full again, one word, so that no
 * two CPUs take the same token: who loses that race goes free. The clock goes in
 * ticks, so that in a flood carpd is woken for a handful at a time.
 */
static __always_inline bool carp_take_token(__u64 *full_ns)
{
	__u64 before = *(volatile __u64 *)full_ns;
	__u64 now = bpf_ktime_get_boot_ns() & ~(CARP_TICK_NS - 1);
	__u64 after = (before > now ? before : now) + CARP_TOKEN_NS;

	if (after - now > CARP_BURST * CARP_TOKEN_NS)
		return false;
	(void)__sync_val_compare_and_swap(full_ns, before, after);
	return true;
}

/*
 * May a genuine advert go to carpd? Adverts with a counter above all others have
 * a bucket of their own, for no replay has one. Their counter is noted even if
 * the bucket is empty, so that none of many recorded ones is new twice.
 */
static __always_inline enum carp_reason carp_limit(struct carp_guard *guard, __u64 counter)
{
	__u64 *bucket = &guard->full_ns;

	if (counter > *(volatile __u64 *)&guard->newest) {
		*(volatile __u64 *)&guard->newest = counter;
		bucket = &guard->newer_full_ns;
	}
	return carp_take_token(bucket) ? CARP_OK : CARP_LIMITED;
}

/* Remembers an advert that was given to carpd, in place of the oldest. */
static __always_inline void carp_remember(struct carp_guard *guard, enum carp_family family,
					  const __u8 *bytes)
{
	struct carp_recent *recent = &guard->recent[guard->next++ % CARP_RECENT];

	recent->at_ns = 0;
	recent->family = family;
	__builtin_memcpy(recent->bytes, bytes, sizeof(recent->bytes));
	*(volatile __u64 *)&recent->at_ns = bpf_ktime_get_boot_ns();
}

#endif
