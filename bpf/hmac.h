/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The digest of an advert: HMAC-SHA1 over version, type, VHID, addresses and
 * counter. All but the counter was hashed by carpd in advance, so two or three
 * blocks remain for each key that is accepted.
 */
#ifndef CARP_HMAC_H
#define CARP_HMAC_H

#include <bpf/bpf_endian.h>
#include "maps.h"
#include "sha1.h"

/* What is known of a digest. */
enum carp_digest {
	CARP_GENUINE,  /* a key that is accepted fits */
	CARP_FORGED,   /* none does */
	CARP_UNJUDGED, /* the keys are not here, or were changed meanwhile: carpd decides */
};

/* The bytes of an advert. */
struct carp_advert_bytes {
	__u8 version_type;
	__u8 vhid;
	__u8 advskew;
	__u8 authlen;
	__u8 demotion;
	__u8 advbase;
	__be16 checksum;
	__be32 counter[2];
	__be32 digest[5];
};

_Static_assert(sizeof(struct carp_advert_bytes) == CARP_ADVERT_LEN, "wire");

static __always_inline __u64 carp_counter_of(const struct carp_advert_bytes *advert)
{
	return (__u64)bpf_ntohl(advert->counter[0]) << 32 | bpf_ntohl(advert->counter[1]);
}

/* Puts bits of the counter into a word, if it is one of this block. */
static __always_inline void carp_put_bits(struct carp_sha1 *sha, __u32 word, __u32 bits)
{
	/* The verifier must see the very value that is compared. */
	asm volatile("" : "+r"(word));
	if (word < CARP_SHA1_WORDS)
		sha->words[word] |= bits;
}

/*
 * Makes a block of the end of the inner message, from that word on. The counter
 * lies anywhere in it and so in up to three words, perhaps of both blocks.
 */
static __always_inline void carp_inner_block(struct carp_sha1 *sha, const struct carp_key *key,
					     __u32 from, __u64 counter)
{
	__u32 word = key->counter_at / 4 - from;
	__u32 shift = key->counter_at % 4 * 8;

#pragma unroll
	for (__u32 i = 0; i < CARP_SHA1_WORDS; i++)
		sha->words[i] = key->end[from + i];
	carp_put_bits(sha, word, counter >> 32 >> shift);
	carp_put_bits(sha, word + 1, counter >> shift);
	carp_put_bits(sha, word + 2, counter << 32 >> shift);
	carp_sha1_block(sha);
}

/* The outer message is the inner digest behind one block of key. */
static __always_inline void carp_outer_block(struct carp_sha1 *sha, const struct carp_key *key)
{
#pragma unroll
	for (__u32 i = 0; i < 5; i++) {
		sha->words[i] = sha->state[i];
		sha->state[i] = key->outer[i];
	}
	sha->words[5] = 0x80000000;
#pragma unroll
	for (__u32 i = 6; i < 15; i++)
		sha->words[i] = 0;
	sha->words[15] = (64 + 20) * 8;
	carp_sha1_block(sha);
}

/* Does the digest fit the key? All of it is compared, however soon it differs. */
static __always_inline bool carp_key_fits(const struct carp_key *key,
					  const struct carp_advert_bytes *advert)
{
	__u64 counter = carp_counter_of(advert);
	__u32 differ = 0;
	struct carp_sha1 sha;

#pragma unroll
	for (__u32 i = 0; i < 5; i++)
		sha.state[i] = key->inner[i];
	carp_inner_block(&sha, key, 0, counter);
	if (key->blocks > 1)
		carp_inner_block(&sha, key, CARP_SHA1_WORDS, counter);
	carp_outer_block(&sha, key);
#pragma unroll
	for (__u32 i = 0; i < 5; i++)
		differ |= sha.state[i] ^ bpf_ntohl(advert->digest[i]);
	return !differ;
}

/*
 * Judges the digest by all keys of a group. They may be changed in the meantime:
 * carpd writes the new ones under a version that was never used before, then
 * stores the word that names it, and only then removes the old ones. So a key
 * that is missing means nothing, and no key fitting means something only if the
 * word is the same behind all reading.
 */
__attribute__((noinline)) int carp_judge_digest(__u32 slot, const struct carp_advert_bytes *advert)
{
	struct carp_keys *keys = bpf_map_lookup_elem(&carp_keys, &slot);
	struct carp_key_id id = {.slot = slot};
	__u64 word;

	if (!keys || !advert)
		return CARP_UNJUDGED;
	word = *(volatile __u64 *)keys;
	id.version = word;
	if (!(word >> 32) || word >> 32 > CARP_KEYS)
		return CARP_UNJUDGED;
	for (id.index = 0; id.index < CARP_KEYS && id.index < word >> 32; id.index++) {
		const struct carp_key *key = bpf_map_lookup_elem(&carp_secret, &id);

		if (!key)
			return CARP_UNJUDGED;
		if (carp_key_fits(key, advert))
			return CARP_GENUINE;
	}
	return __sync_fetch_and_add((__u64 *)keys, 0) == word ? CARP_FORGED : CARP_UNJUDGED;
}

#endif
