/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Over a stream from one request to the next, however it was cut into copies and pieces. Pure: the
 * tests compile it too, with pieces of their own (copied_next()).
 */
#ifndef HOLDFAST_BPF_STREAM_STEP_H
#define HOLDFAST_BPF_STREAM_STEP_H

#include "display_state.h"

/*
 * What a step of a protocol works on. All that changes is in the end's stream: what lies on the stack is
 * followed value by value by verifiers from 6.6 on, and a loop over it would never come to an end.
 */
struct stream_walk {
	struct hf_display_end *end;
	struct hf_display_end *client; /* of a display's answers: the other end */
	struct hf_x_server *x_server;  /* of X11; may be NULL */
};

/*
 * Bytes on: over what is owed, or into the stream's head until it has as much as wanted(end, head, have)
 * asks for, which is more than have until it is enough. Returns 1 to stop.
 */
static __always_inline long stream_step(struct stream_walk *walk,
	__u32 (*wanted)(const struct hf_display_end *end, const __u8 *head, __u32 have))
{
	struct hf_display_end *end = walk->end;
	struct hf_stream *stream = &end->stream;
	struct hf_copied *copied = &stream->copied;
	__u64 size = copied->left;
	__u32 have;

	stream->is_head = 0;
	if (!size)
		return !copied_next(copied);
	if (stream->owed) {
		if (size > stream->owed)
			size = stream->owed;
		stream->owed -= size;
		copied->at += size;
		copied->left -= size;
		return 0;
	}
	have = stream->have;
	if (have) { /* it was cut: byte by byte, as few are */
		if (have >= HF_STREAM_HEAD)
			return stream->is_lost = 1; /* wanted() asks for more than there is room */
		if (bpf_probe_read_kernel(&stream->head[have], 1, (const void *)copied->at))
			return 1;
		copied->at++;
		copied->left--;
		stream->have = ++have;
		if (wanted(end, stream->head, have) > have)
			return 0;
	} else {
		barrier_var(size); /* the bound must be on the very register that is used */
		if (size > HF_STREAM_HEAD)
			size = HF_STREAM_HEAD;
		__builtin_memset(stream->head, 0, sizeof(stream->head));
		if (bpf_probe_read_kernel(stream->head, size, (const void *)copied->at))
			return 1;
		have = wanted(end, stream->head, size);
		if (have > HF_STREAM_HEAD)
			return stream->is_lost = 1;
		if (have > size) {
			stream->have = size;
			copied->left = 0;
			return 0;
		}
		copied->at += have;
		copied->left -= have;
	}
	stream->have = 0;
	stream->head_size = have;
	stream->is_head = 1;
	return 0;
}

static __always_inline __u16 stream_u16(const __u8 *head, __u32 at, bool is_swapped)
{
	__u16 value;

	__builtin_memcpy(&value, head + at, sizeof(value));
	return is_swapped ? __builtin_bswap16(value) : value;
}

static __always_inline __u32 stream_u32(const __u8 *head, __u32 at, bool is_swapped)
{
	__u32 value;

	__builtin_memcpy(&value, head + at, sizeof(value));
	return is_swapped ? __builtin_bswap32(value) : value;
}

#endif
