/* SPDX-License-Identifier: Apache-2.0 */
/* A message's put and get with a sample, so that all messages have the same tests. */
#ifndef HOLDFAST_TESTS_UNIT_CODEC_H
#define HOLDFAST_TESTS_UNIT_CODEC_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire.h"

struct codec {
	const char *name;
	void (*put)(struct bytes_writer *frame, const void *message);
	void (*get)(struct bytes_reader *payload, void *ret_message);
	const void *sample;
	size_t size;		       /* of the sample */
	size_t text_offset, text_size; /* of the longest text of its kind, for who asks */
};

static uint8_t codec_buffer[WIRE_FRAME_MAX]; /* what was put last */

/* Bytes in codec_buffer. */
static inline size_t codec_encode(const struct codec *codec, const void *message)
{
	struct bytes_writer frame;

	bytes_writer_init(&frame, codec_buffer, sizeof(codec_buffer));
	codec->put(&frame, message);
	cr_assert_not(frame.is_full, "%s", codec->name);
	return frame.used;
}

/* Whether all was taken. Exactly size bytes exist. */
static inline bool codec_takes(
	const struct codec *codec, const uint8_t *bytes, size_t size, void *ret_message)
{
	struct bytes_reader payload;
	uint8_t *copy = malloc(size ? size : 1);

	cr_assert(copy);
	memcpy(copy, bytes, size);
	bytes_reader_init(&payload, copy, size);
	codec->get(&payload, ret_message);
	free(copy);
	return bytes_is_done(&payload);
}

#endif
