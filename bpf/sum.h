/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The Internet checksum (RFC 1071). It is the same in any byte order, as long as
 * the sum is stored in the order in which the words were read.
 */
#ifndef CARP_SUM_H
#define CARP_SUM_H

#include "types.h"

/* Any four bytes, whatever they were written as. */
typedef __u32 __attribute__((may_alias)) carp_word;

/* The sum of 32-bit words, not folded: room for four thousand million of them. */
static __always_inline __u64 carp_sum_words(const void *bytes, __u32 words)
{
	const carp_word *word = bytes;
	__u64 sum = 0;

#pragma unroll
	for (__u32 i = 0; i < words; i++)
		sum += word[i];
	return sum;
}

/* The sum in 16 bits; over a message with a right checksum all of them are ones. */
static __always_inline __u16 carp_fold(__u64 sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return sum;
}

#endif
