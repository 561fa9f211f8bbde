/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel part sees in what a Wayland client sends, in whichever pieces, the reference sees too. */
#include <assert.h>
#include <stdbool.h>
#include <string.h>
#include <sys/cdefs.h>

#include "bpf/wayland_message.h"
#include "tests/screen/wayland_reference.h"
#include "tests/screen/wayland_stream.h"

/* As bpf/wayland.bpf.h, with its stream byte by byte: what of a request is there, and what is owed. */
struct reader {
	struct hf_wayland objects;
	uint8_t head[HF_WAYLAND_HEAD];
	uint32_t have;
	size_t owed;
	bool is_lost;
	bool has_captured;
};

static void reader_head(struct reader *reader)
{
	struct hf_wayland *objects = &reader->objects;
	uint32_t size, have = reader->have;

	reader->have = 0;
	if (objects->bound) {
		wayland_keep(objects, wayland_number_at(reader->head, 0), objects->bound);
		objects->bound = WAYLAND_NONE;
		reader->owed = objects->bound_rest;
		return;
	}
	size = wayland_size(reader->head);
	reader->is_lost = size < WAYLAND_HEADER;
	if (reader->is_lost)
		return;
	reader->has_captured = wayland_request_found(objects, reader->head) &
			       ~wayland_bit(WAYLAND_DATA_CONTROL); /* which is let be */
	reader->owed = objects->bound ? objects->bound_in : size - have;
}

static void reader_byte(struct reader *reader, uint8_t byte)
{
	uint32_t wanted;

	if (reader->owed) {
		reader->owed--;
		return;
	}
	reader->head[reader->have++] = byte;
	wanted = reader->objects.bound
			 ? 4
			 : wayland_head_wanted(reader->objects.count, reader->head, reader->have);
	if (reader->have >= wanted)
		reader_head(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wayland_stream stream;
	struct wayland_choice choice = {.bytes = data, .left = size};
	struct wayland_opinion opinion;
	struct reader reader = {0};
	size_t at = 0;

	if (size && data[0] == 0xfe) { /* the bytes as they are, too */
		stream.size = size - 1 < WAYLAND_STREAM_MAX ? size - 1 : WAYLAND_STREAM_MAX;
		memcpy(stream.bytes, data + 1, stream.size);
	} else {
		wayland_stream_make(&choice, &stream);
	}
	wayland_reference(stream.bytes, stream.size, &opinion);
	while (at < stream.size && !reader.is_lost && !reader.has_captured)
		reader_byte(&reader, stream.bytes[at++]);
	if (!reader.is_lost && !reader.has_captured)
		at = WAYLAND_NEVER;
	if (opinion.objects > HF_WAYLAND_OBJECTS) { /* then more may count, never less */
		assert(at <= opinion.captured);
		return 0;
	}
	assert(at == opinion.captured);
	assert(reader.is_lost == opinion.is_lost);
	return 0;
}
