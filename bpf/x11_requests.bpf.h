/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * X11: which of a client's requests capture the screen. "X Window System Protocol", X Version 11,
 * appendix B; the extensions' own protocols (xorgproto). Extensions have numbers that each server
 * gives anew: they are learned from its answers to QueryExtension, whoever asked.
 *
 * What a client has drawn itself it may read: its resources are known by their numbers, whose base
 * its server told it. Of others', and of the root window, a picture is a capture however it is made.
 *
 * Pure, as stream_step.bpf.h: the tests compile it too.
 */
#ifndef HOLDFAST_BPF_X11_REQUESTS_H
#define HOLDFAST_BPF_X11_REQUESTS_H

#include "events.h"
#include "stream_step.bpf.h"

#define X_CREATE_WINDOW	  1
#define X_CREATE_PIXMAP	  53
#define X_CREATE_GC	  55
#define X_COPY_AREA	  62
#define X_COPY_PLANE	  63
#define X_GET_IMAGE	  73
#define X_QUERY_EXTENSION 98
#define X_EXTENSION_FIRST 128
#define X_SETUP_SIZE	  12
#define X_REQUEST_HEAD	  32 /* of a request so much is looked at, and waited for */
#define X_ANSWER_SIZE	  32
#define X_ANSWER_REPLY	  1
#define X_EVENT_GENERIC	  35
#define X_SETUP_ANSWER	  20	    /* of it, up to the bits of resources' numbers */
#define X_IDS_DEFAULT	  0x1fffffu /* RESOURCE_ID_MASK of 256 clients (include/resource.h) */

enum x_extension {
	X_BIG_REQUESTS,
	X_SHM,
	X_COMPOSITE,
	X_DRI3,
	X_RECORD,
	X_TEST,
	X_RENDER,
	X_DGA,
};

#define X_SHM_GET_IMAGE		4
#define X_COMPOSITE_NAME_PIXMAP 6
#define X_DRI3_BUFFER		3
#define X_DRI3_BUFFERS		8
#define X_RECORD_ENABLE		5
#define X_TEST_FAKE		2
#define X_RENDER_PICTURE	4
#define X_RENDER_FREE		7
#define X_RENDER_COMPOSITE	8
#define X_RENDER_TRAPEZOIDS	10
#define X_RENDER_TRIANGLES	11
#define X_RENDER_TRIANGLE_STRIP 12
#define X_RENDER_TRIANGLE_FAN	13
#define X_RENDER_GLYPHS_8	23
#define X_RENDER_GLYPHS_16	24
#define X_RENDER_GLYPHS_32	25

static __always_inline __u32 pad4(__u32 size)
{
	return (size + 3) & ~3u;
}

/* Of a request, or of the connection's first words: all bytes. 0: not known before there are more. */
static __always_inline __u64 x_request_size(
	const struct hf_display_end *end, const __u8 *head, __u32 have)
{
	bool is_swapped = end->flags & HF_END_SWAPPED;
	__u32 words;

	if (end->flags & HF_END_SETUP) {
		if (have < X_SETUP_SIZE)
			return 0;
		is_swapped = head[0] != 'l';
		return X_SETUP_SIZE + (__u64)pad4(stream_u16(head, 6, is_swapped)) +
		       pad4(stream_u16(head, 8, is_swapped));
	}
	if (have < 4)
		return 0;
	words = stream_u16(head, 2, is_swapped);
	if (words)
		return (__u64)words * 4;
	if (!(end->flags & HF_END_BIG))
		return 4;
	if (have < 8)
		return 0;
	words = stream_u32(head, 4, is_swapped);
	return words ? (__u64)words * 4 : 4; /* there is no such request: it is lost either way */
}

static __always_inline __u32 x_request_wanted(
	const struct hf_display_end *end, const __u8 *head, __u32 have)
{
	__u64 size = x_request_size(end, head, have);

	if (!size)
		return have + 1;
	if (end->flags & HF_END_SETUP)
		return X_SETUP_SIZE;
	return size < X_REQUEST_HEAD ? size : X_REQUEST_HEAD;
}

/* The extension that matters of this name; HF_X11_EXTENSIONS: none. Names by their first eight bytes. */
static __always_inline __u32 x_extension_named(const __u8 *head, bool is_swapped)
{
	__u32 size = stream_u16(head, 4, is_swapped);
	__u64 begin;

	__builtin_memcpy(&begin, head + 8, sizeof(begin));
	if (size < 8)
		begin &= (1ull << (size * 8)) - 1;
	if (begin == 0x555145522d474942ull && size == 12)
		return X_BIG_REQUESTS;
	if (begin == 0x4d48532d54494dull && size == 7)
		return X_SHM;
	if (begin == 0x7469736f706d6f43ull && size == 9)
		return X_COMPOSITE;
	if (begin == 0x33495244ull && size == 4)
		return X_DRI3;
	if (begin == 0x44524f434552ull && size == 6)
		return X_RECORD;
	if (begin == 0x5453455458ull && size == 5)
		return X_TEST;
	if (begin == 0x5245444e4552ull && size == 6)
		return X_RENDER;
	if (begin == 0x2d36386565724658ull && size == 11)
		return X_DGA;
	return HF_X11_EXTENSIONS;
}

static __always_inline void x_asks(struct hf_display_end *end, const __u8 *head, bool is_swapped)
{
	__u32 at = end->asked_last % HF_X11_ASKED;

	if (end->asked_last - end->asked_first >= HF_X11_ASKED)
		return; /* it is not learned from this one */
	end->asked_at[at] = end->sequence;
	end->asked_what[at] = x_extension_named(head, is_swapped);
	end->asked_last++;
}

/* Not drawn by this client itself. Of a connection older than us the base shows when it makes something. */
static __always_inline bool x_is_foreign(const struct hf_display_end *end, __u32 id)
{
	return !end->id_mask || (id & ~end->id_mask) != end->id_base;
}

static __always_inline void x_learn_base(struct stream_walk *walk, __u32 id)
{
	struct hf_display_end *end = walk->end;
	__u32 mask;

	if (end->id_mask || !(end->flags & HF_END_ADOPTED))
		return;
	mask = walk->x_server && walk->x_server->id_mask ? walk->x_server->id_mask : X_IDS_DEFAULT;
	if (!(id & ~mask)) /* the server's own */
		return;
	end->id_base = id & ~mask;
	end->id_mask = mask;
}

static __always_inline __u64 method_bit(__u32 method)
{
	return 1ull << method;
}

/* Of pictures of others' drawables (RENDER): they capture when they are drawn from. */
static __always_inline bool x_is_picture_of_others(const struct hf_display_end *end, __u32 picture)
{
	bool is_one = false;

	for (int i = 0; i < HF_X11_PICTURES; i++)
		is_one |= end->pictures[i] == picture;
	return is_one && picture;
}

static __always_inline void x_picture_free(struct hf_display_end *end, __u32 picture)
{
	for (int i = 0; i < HF_X11_PICTURES; i++)
		if (end->pictures[i] == picture)
			end->pictures[i] = 0;
}

static __always_inline __u64 x_picture_create(
	struct hf_display_end *end, __u32 picture, __u32 drawable)
{
	x_picture_free(end, picture);
	if (!x_is_foreign(end, drawable))
		return 0;
	for (int i = 0; i < HF_X11_PICTURES; i++) {
		if (end->pictures[i])
			continue;
		end->pictures[i] = picture;
		return 0;
	}
	return method_bit(HF_SCREEN_X11_COPY); /* more than are remembered */
}

static __always_inline __u64 x_render(
	struct hf_display_end *end, __u8 minor, __u32 first, __u32 second, __u32 third)
{
	bool is_source = false;

	switch (minor) {
	case X_RENDER_PICTURE:
		return x_picture_create(end, first, second);
	case X_RENDER_FREE:
		x_picture_free(end, first);
		return 0;
	case X_RENDER_COMPOSITE:
		is_source = x_is_picture_of_others(end, second) ||
			    x_is_picture_of_others(end, third);
		break;
	case X_RENDER_TRAPEZOIDS:
	case X_RENDER_TRIANGLES:
	case X_RENDER_TRIANGLE_STRIP:
	case X_RENDER_TRIANGLE_FAN:
	case X_RENDER_GLYPHS_8:
	case X_RENDER_GLYPHS_16:
	case X_RENDER_GLYPHS_32:
		is_source = x_is_picture_of_others(end, second);
		break;
	default:
		break;
	}
	return is_source ? method_bit(HF_SCREEN_X11_COPY) : 0;
}

/* Which of the extensions that matter has this number; HF_X11_EXTENSIONS: none. */
static __always_inline __u32 x_extension_of(const struct hf_x_server *server, __u8 opcode)
{
	__u32 found = HF_X11_EXTENSIONS;

	for (__u32 i = 0; i < HF_X11_EXTENSIONS; i++)
		if (server->opcodes[i] == opcode)
			found = i;
	return found;
}

static __always_inline __u64 x_unknown_extension(
	const struct hf_display_end *end, const struct hf_x_server *server, __u8 opcode)
{
	if (end->flags & HF_END_ADOPTED || (server && server->is_adopted))
		return 0;
	if (server && server->told[(opcode >> 6) & 1] & 1ull << (opcode & 63))
		return 0;
	return method_bit(HF_SCREEN_X11_UNKNOWN);
}

/* A request of an extension; its words behind the first. */
static __always_inline __u64 x_extension_request(
	struct stream_walk *walk, __u32 first, __u32 second, __u32 third)
{
	const struct hf_x_server *server = walk->x_server;
	struct hf_display_end *end = walk->end;
	__u8 opcode = end->stream.head[0], minor = end->stream.head[1];
	__u32 extension = server ? x_extension_of(server, opcode) : HF_X11_EXTENSIONS;

	switch (extension) {
	case X_BIG_REQUESTS:
		end->flags |= HF_END_BIG;
		return 0;
	case X_SHM:
		return minor == X_SHM_GET_IMAGE && x_is_foreign(end, first)
			       ? method_bit(HF_SCREEN_X11_SHM)
			       : 0;
	case X_COMPOSITE:
		return minor == X_COMPOSITE_NAME_PIXMAP && x_is_foreign(end, first)
			       ? method_bit(HF_SCREEN_X11_COMPOSITE)
			       : 0;
	case X_DRI3:
		return (minor == X_DRI3_BUFFER || minor == X_DRI3_BUFFERS) &&
				       x_is_foreign(end, first)
			       ? method_bit(HF_SCREEN_X11_DRI3)
			       : 0;
	case X_RECORD:
		return minor == X_RECORD_ENABLE ? method_bit(HF_SCREEN_X11_RECORD) : 0;
	case X_TEST:
		return minor == X_TEST_FAKE ? method_bit(HF_SCREEN_X11_XTEST) : 0;
	case X_RENDER:
		return x_render(end, minor, first, second, third);
	case X_DGA:
		return minor ? method_bit(HF_SCREEN_X11_DGA) : 0; /* 0 asks for its version */
	default:
		return x_unknown_extension(end, server, opcode);
	}
}

/* Of the request at hand; past its end are others. */
static __always_inline __u32 x_word(const struct hf_display_end *end, __u32 at)
{
	return at + 4 <= end->stream.head_size
		       ? stream_u32(end->stream.head, at, end->flags & HF_END_SWAPPED)
		       : 0;
}

static __always_inline __u64 x_request_found(struct stream_walk *walk, bool is_swapped)
{
	struct hf_display_end *end = walk->end;
	const __u8 *head = end->stream.head;
	__u32 at = stream_u16(head, 2, is_swapped) ? 0 : 4, first, second, third;
	__u8 opcode = head[0];

	first = at ? x_word(end, 8) : x_word(end, 4);
	second = at ? x_word(end, 12) : x_word(end, 8);
	third = at ? x_word(end, 16) : x_word(end, 12);
	if (opcode >= X_EXTENSION_FIRST)
		return x_extension_request(walk, first, second, third);
	switch (opcode) {
	case X_CREATE_WINDOW:
	case X_CREATE_PIXMAP:
	case X_CREATE_GC:
		x_learn_base(walk, first);
		return 0;
	case X_GET_IMAGE:
		return x_is_foreign(end, first) ? method_bit(HF_SCREEN_X11_GETIMAGE) : 0;
	case X_COPY_AREA:
	case X_COPY_PLANE:
		return x_is_foreign(end, first) ? method_bit(HF_SCREEN_X11_COPY) : 0;
	case X_QUERY_EXTENSION:
		if (!at)
			x_asks(end, head, is_swapped);
		return 0;
	default:
		return 0;
	}
}

static long x_request_step(__u32 index, struct stream_walk *walk)
{
	struct hf_display_end *end = walk->end;
	struct hf_stream *stream = &end->stream;
	__u64 size;
	long r;

	r = stream_step(walk, x_request_wanted);
	if (r || !stream->is_head)
		return r;
	size = x_request_size(end, stream->head, stream->head_size);
	if (end->flags & HF_END_SETUP) {
		end->flags &= ~HF_END_SETUP;
		if (stream->head[0] == 'B')
			end->flags |= HF_END_SWAPPED;
		stream->is_lost = stream->head[0] != 'B' && stream->head[0] != 'l';
	} else {
		bool is_swapped = end->flags & HF_END_SWAPPED;

		if (!stream_u16(stream->head, 2, is_swapped))
			stream->is_lost = size < 8; /* or BIG-REQUESTS is not on */
		end->sequence++;
		stream->found |= x_request_found(walk, is_swapped);
	}
	if (stream->is_lost || size < stream->head_size)
		return stream->is_lost = 1;
	end->stream.owed = size - stream->head_size;
	return 0;
}

/* Likewise of what the server sends. */
static __always_inline __u64 x_answer_size(
	const struct hf_display_end *end, const __u8 *head, __u32 have)
{
	bool is_swapped = end->flags & HF_END_SWAPPED;

	if (have < 8)
		return 0;
	if (end->flags & HF_END_SETUP)
		return 8 + (__u64)stream_u16(head, 6, is_swapped) * 4;
	if (head[0] == X_ANSWER_REPLY || (head[0] & 0x7f) == X_EVENT_GENERIC)
		return X_ANSWER_SIZE + (__u64)stream_u32(head, 4, is_swapped) * 4;
	return X_ANSWER_SIZE;
}

static __always_inline __u32 x_answer_wanted(
	const struct hf_display_end *end, const __u8 *head, __u32 have)
{
	__u64 size = x_answer_size(end, head, have);

	if (!size)
		return have + 1;
	if (end->flags & HF_END_SETUP)
		return size < X_SETUP_ANSWER ? size : X_SETUP_ANSWER;
	return X_ANSWER_SIZE;
}

static __always_inline void x_learn(
	struct hf_display_end *client, struct hf_x_server *server, const __u8 *head)
{
	__u32 at = client->asked_first % HF_X11_ASKED, what;
	__u8 opcode = head[9];
	__s16 late;

	if (client->asked_first == client->asked_last)
		return;
	late = stream_u16(head, 2, client->flags & HF_END_SWAPPED) - client->asked_at[at];
	if (late < 0)
		return;
	client->asked_first++;
	if (late) /* that one was an error */
		return;
	what = client->asked_what[at];
	if (what < HF_X11_EXTENSIONS)
		server->opcodes[what] = head[8] ? opcode : 0;
	if (head[8] && opcode >= X_EXTENSION_FIRST)
		__sync_fetch_and_or(&server->told[(opcode >> 6) & 1], 1ull << (opcode & 63));
}

static long x_answer_step(__u32 index, struct stream_walk *walk)
{
	struct hf_display_end *end = walk->end, *client = walk->client;
	struct hf_stream *stream = &end->stream;
	struct hf_x_server *server = walk->x_server;
	__u64 size;
	long r;

	r = stream_step(walk, x_answer_wanted);
	if (r || !stream->is_head)
		return r;
	size = x_answer_size(end, stream->head, stream->head_size);
	if (size < stream->head_size)
		return stream->is_lost = 1;
	end->stream.owed = size - stream->head_size;
	if (end->flags & HF_END_SETUP) {
		end->flags &= ~HF_END_SETUP;
		if (stream->head[0] != 1) /* refused, or more of authentication */
			return stream->is_lost = 1;
		client->id_base = stream_u32(stream->head, 12, end->flags & HF_END_SWAPPED);
		client->id_mask = stream_u32(stream->head, 16, end->flags & HF_END_SWAPPED);
		server->id_mask = client->id_mask;
	} else if (stream->head[0] == X_ANSWER_REPLY) {
		x_learn(client, server, stream->head);
	}
	return 0;
}

#endif
