/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * SHA-1 (FIPS 180-4), one block at a time. The rounds are unrolled, which is
 * four times as fast as a loop of the verifier's kind, and the function is a
 * global one, which the verifier checks once and not once per call.
 */
#ifndef CARP_SHA1_H
#define CARP_SHA1_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define CARP_SHA1_WORDS 16

/* A state, and the block that is hashed into it next; both in host order. */
struct carp_sha1 {
	__u32 state[5];
	__u32 words[CARP_SHA1_WORDS];
};

static __always_inline __u32 carp_rotate(__u32 x, __u32 bits)
{
	return x << bits | x >> (32 - bits);
}

/* The word of a round: the first 16 are the block, the others are made in its place. */
static __always_inline __u32 carp_sha1_word(volatile __u32 *w, __u32 round)
{
	if (round >= CARP_SHA1_WORDS)
		w[round % 16] = carp_rotate(w[(round + 13) % 16] ^ w[(round + 8) % 16] ^
						    w[(round + 2) % 16] ^ w[round % 16],
					    1);
	return w[round % 16];
}

/* The function and the constant of a round. */
static __always_inline __u32 carp_sha1_mix(__u32 round, __u32 b, __u32 c, __u32 d)
{
	if (round < 20)
		return (d ^ (b & (c ^ d))) + 0x5a827999;
	if (round < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (round < 60)
		return ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

/*
 * Hashes the block into the state; the block is used up. The words are volatile
 * and each round ends with a barrier, because the compiler would otherwise keep
 * so many of them at once that the stack of a BPF program cannot hold them.
 */
__attribute__((noinline)) int carp_sha1_block(struct carp_sha1 *sha)
{
	__u32 a, b, c, d, e;

	if (!sha)
		return 0;
	a = sha->state[0];
	b = sha->state[1];
	c = sha->state[2];
	d = sha->state[3];
	e = sha->state[4];
#pragma unroll
	for (__u32 round = 0; round < 80; round++) {
		__u32 next = carp_rotate(a, 5) + carp_sha1_mix(round, b, c, d) + e +
			     carp_sha1_word(sha->words, round);

		e = d;
		d = c;
		c = carp_rotate(b, 30);
		b = a;
		a = next;
		asm volatile("" : "+r"(e));
	}
	sha->state[0] += a;
	sha->state[1] += b;
	sha->state[2] += c;
	sha->state[3] += d;
	sha->state[4] += e;
	return 0;
}

#endif
