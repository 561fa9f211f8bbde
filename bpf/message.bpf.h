/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Where what is sent lies in the sender's memory, as the kernels from 5.10 to 6.12 keep it. Whoever
 * sends may change it after we look.
 */
#ifndef HOLDFAST_BPF_MESSAGE_H
#define HOLDFAST_BPF_MESSAGE_H

#include "state.bpf.h"

/* The piece at hand, and those behind it. */
struct pieces {
	__u64 at; /* user address; 0: not in the sender's memory */
	__u64 left;
	__u64 next; /* kernel address of a struct iovec */
	__u64 more;
};

#ifndef HF_BASELINE
/* Whether this kernel lets us: the sensor sets it before it loads (lockdown forbids it). */
const volatile bool can_change_requests SEC(".rodata.features");

/* Of a request that is to be refused without an end of its connection: before the kernel copies it. */
static __always_inline bool request_change(__u64 at, const void *bytes, __u32 size)
{
	return can_change_requests && !bpf_probe_write_user((void *)at, bytes, size);
}
#endif

static __always_inline void pieces_next(struct pieces *pieces)
{
	const struct iovec *piece = (const struct iovec *)pieces->next;

	pieces->at = (__u64)BPF_CORE_READ(piece, iov_base);
	pieces->left = BPF_CORE_READ(piece, iov_len);
	pieces->next += sizeof(struct iovec);
	pieces->more--;
}

static __always_inline void pieces_of(struct msghdr *msg, struct pieces *ret_pieces)
{
	__u32 kind, in_pieces = bpf_core_enum_value(enum iter_type, ITER_IOVEC);

	if (bpf_core_field_exists(struct iov_iter, iter_type))
		kind = BPF_CORE_READ(msg, msg_iter.iter_type);
	else
		kind = BPF_CORE_READ(msg, msg_iter.type) &
		       ~1u; /* the lowest bit is the direction */
	*ret_pieces = (struct pieces){};
	if (bpf_core_enum_value_exists(enum iter_type, ITER_UBUF) &&
		kind == bpf_core_enum_value(enum iter_type, ITER_UBUF)) {
		ret_pieces->at = (__u64)BPF_CORE_READ(msg, msg_iter.ubuf);
		ret_pieces->left = BPF_CORE_READ(msg, msg_iter.count);
	} else if (kind == in_pieces) {
		if (bpf_core_field_exists(struct iov_iter, __iov))
			ret_pieces->next = (__u64)BPF_CORE_READ(msg, msg_iter.__iov);
		else
			ret_pieces->next = (__u64)BPF_CORE_READ(msg, msg_iter.iov);
		ret_pieces->more = BPF_CORE_READ(msg, msg_iter.nr_segs);
		if (ret_pieces->more)
			pieces_next(ret_pieces);
	}
}

#endif
