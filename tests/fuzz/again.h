/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A payload that is taken is put to the same bytes again. For targets that have struct bytes_reader payload
 * over their bytes and size, and a struct bytes_writer frame.
 */
#ifndef HOLDFAST_TESTS_FUZZ_AGAIN_H
#define HOLDFAST_TESTS_FUZZ_AGAIN_H

#include <assert.h>
#include <string.h>

#include "common/wire.h"

static uint8_t again_buffer[WIRE_FRAME_MAX];

#define AGAIN(type, get, put)                                                           \
	do {                                                                            \
		static struct type value;                                               \
		memset(&value, 0, sizeof(value));                                       \
		get(&payload, &value);                                                  \
		if (!bytes_is_done(&payload))                                           \
			break;                                                          \
		wire_begin(&frame, again_buffer, sizeof(again_buffer), 1);              \
		put(&frame, &value);                                                    \
		assert(wire_end(&frame) == (int)(WIRE_HEADER_SIZE + size));             \
		assert(!size || !memcmp(again_buffer + WIRE_HEADER_SIZE, bytes, size)); \
	} while (0)

#endif
