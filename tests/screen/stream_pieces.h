/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel part's parsers of streams (bpf/stream_step.bpf.h) need, in user space: copies are lists of
 * struct iovec. For one source that includes such a parser behind it; owns no state.
 */
#ifndef HOLDFAST_TESTS_STREAM_PIECES_H
#define HOLDFAST_TESTS_STREAM_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

#include "bpf/display_state.h"

#define barrier_var(var)		      ((void)(var))
#define bpf_probe_read_kernel(to, size, from) (memcpy(to, from, size), 0)

static inline void pieces_begin(struct hf_stream *stream, const struct iovec *pieces, size_t count)
{
	stream->found = 0;
	stream->is_lost = 0;
	stream->copied = (struct hf_copied){.shared = (uintptr_t)pieces, .count = (uint32_t)count};
}

static inline bool copied_next(struct hf_copied *copied)
{
	const struct iovec *pieces = (const struct iovec *)(uintptr_t)copied->shared;

	if (copied->next >= copied->count)
		return false;
	copied->at = (uintptr_t)pieces[copied->next].iov_base;
	copied->left = pieces[copied->next].iov_len;
	copied->next++;
	return true;
}

#endif
