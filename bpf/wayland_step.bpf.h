/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From one of a Wayland client's requests to the next (wayland_message.h says what they are). Pure, as
 * stream_step.bpf.h: the tests compile it too.
 */
#ifndef HOLDFAST_BPF_WAYLAND_STEP_H
#define HOLDFAST_BPF_WAYLAND_STEP_H

#include "stream_step.bpf.h"
#include "wayland_message.h"

static __always_inline __u32 wayland_wanted(
	const struct hf_display_end *end, const __u8 *head, __u32 have)
{
	return end->wayland.bound ? sizeof(__u32) : wayland_head_wanted(&end->wayland, head, have);
}

/* found has wayland_bit() of what captures. */
static long wayland_step(__u32 index, struct stream_walk *walk)
{
	struct hf_wayland *objects = &walk->end->wayland;
	struct hf_stream *stream = &walk->end->stream;
	__u32 size;
	long r;

	r = stream_step(walk, wayland_wanted);
	if (r || !stream->is_head)
		return r;
	if (objects->bound) {
		wayland_keep(objects, wayland_number_at(stream->head, 0), objects->bound);
		objects->bound = WAYLAND_NONE;
		stream->owed = objects->bound_rest;
		return 0;
	}
	size = wayland_size(stream->head);
	if (size < WAYLAND_HEADER)
		return stream->is_lost = 1;
	stream->found |= wayland_request_found(objects, stream->head);
	stream->owed = objects->bound ? objects->bound_in : size - stream->head_size;
	return 0;
}

#endif
