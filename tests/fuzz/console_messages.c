/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any packet between the console's processes. What must hold: a message that is taken whole is put
 * to the same bytes again.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "tests/console_codecs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);

struct codec {
	void (*put)(struct bytes_writer *frame, const void *message);
	void (*get)(struct bytes_reader *payload, void *ret_message);
	uint16_t type;
};

#define ROW(kind, type) {put_##kind, get_##kind, type},

static const struct codec codecs[] = {CONSOLE_EACH(ROW)};

#define CODEC_COUNT (sizeof(codecs) / sizeof(codecs[0]))

#define MEMBER(kind, type) struct console_##kind kind##_message;

union any_message {
	CONSOLE_EACH(MEMBER)
};

static const struct codec *codec_find(uint16_t type)
{
	for (size_t i = 0; i < CODEC_COUNT; i++)
		if (codecs[i].type == type)
			return &codecs[i];
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static union any_message message;
	static uint8_t bytes[WIRE_FRAME_MAX];
	const struct codec *codec;
	struct bytes_reader payload;
	struct bytes_writer frame;
	uint16_t type;
	int r;

	r = wire_open(data, size, &type, &payload);
	assert(r == 0 || r == -EBADMSG || r == -EPROTONOSUPPORT);
	codec = r == 0 ? codec_find(type) : NULL;
	if (!codec)
		return 0;
	memset(&message, 0x5a, sizeof(message));
	codec->get(&payload, &message);
	assert(type != CONSOLE_CHAIN || message.chain_message.count <= CONSOLE_CHAIN_MAX);
	if (!bytes_is_done(&payload))
		return 0;
	assert(type != CONSOLE_DONE || message.done_message.refusal < REFUSAL_MAX);
	wire_begin(&frame, bytes, sizeof(bytes), type);
	codec->put(&frame, &message);
	assert(wire_end(&frame) == (int)size);
	assert(!memcmp(bytes, data, size));
	return 0;
}

/* Most changes spoil the frame: it is mended behind them most of the time. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned int seed)
{
	uint16_t type;

	size = LLVMFuzzerMutate(data, size, size_max);
	if (seed % 8 == 0 || size < WIRE_HEADER_SIZE)
		return size;
	type = (uint16_t)(data[2] | data[3] << 8);
	if (!codec_find(type))
		type = codecs[type % CODEC_COUNT].type;
	data[0] = WIRE_VERSION;
	data[1] = 0;
	data[2] = (uint8_t)type;
	data[3] = (uint8_t)(type >> 8);
	for (unsigned int i = 0; i < 4; i++)
		data[4 + i] = (uint8_t)((size - WIRE_HEADER_SIZE) >> (8 * i));
	return size;
}
