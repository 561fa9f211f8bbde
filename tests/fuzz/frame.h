/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing frames of common/wire.h: most changes would spoil the header, and no more than the header
 * would be tried. It is mended behind them most of the time.
 */
#ifndef HOLDFAST_TESTS_FUZZ_FRAME_H
#define HOLDFAST_TESTS_FUZZ_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);

/* A message of one type. */
struct codec {
	void (*put)(struct bytes_writer *frame, const void *message);
	void (*get)(struct bytes_reader *payload, void *ret_message);
	uint16_t type;
	bool has_flags; /* truth values: only the size is the same when it is put again */
};

static inline const struct codec *codec_find(
	const struct codec *codecs, size_t count, uint16_t type)
{
	for (size_t i = 0; i < count; i++)
		if (codecs[i].type == type)
			return &codecs[i];
	return NULL;
}

/* The new size. *ret_is_mended: the frame says it, too. */
static inline size_t frame_mutate(
	uint8_t *data, size_t size, size_t size_max, unsigned int seed, bool *ret_is_mended)
{
	size = LLVMFuzzerMutate(data, size, size_max);
	*ret_is_mended = seed % 8 != 0 && size >= WIRE_HEADER_SIZE;
	for (unsigned int i = 0; i < 4 && *ret_is_mended; i++)
		data[4 + i] = (uint8_t)((size - WIRE_HEADER_SIZE) >> (8 * i));
	return size;
}

/* Version and type are those of a message, too. */
static inline void frame_mend_type(uint8_t *data, const struct codec *codecs, size_t count)
{
	uint16_t type = (uint16_t)(data[2] | data[3] << 8);

	if (!codec_find(codecs, count, type))
		type = codecs[type % count].type;
	data[0] = WIRE_VERSION;
	data[1] = 0;
	data[2] = (uint8_t)type;
	data[3] = (uint8_t)(type >> 8);
}

#endif
