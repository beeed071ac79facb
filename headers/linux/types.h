/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * The fixed-width types and the bool which linux/bpf.h, bpf_helpers.h and bpf/
 * expect, instead of the chain of headers behind the real <linux/types.h>.
 */
#ifndef CARP_LINUX_TYPES_H
#define CARP_LINUX_TYPES_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;

/* Network byte order. */
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;

typedef _Bool bool;
#define true  1
#define false 0

#ifndef NULL
#define NULL ((void *)0)
#endif

#define __aligned_u64 __u64 __attribute__((aligned(8)))

#endif
