/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any packet between the console's processes. What must hold: a message that is taken whole is put
 * to the same bytes again.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "tests/fuzz/frame.h"
#include "tests/console_codecs.h"

#define ROW(kind, type) {put_##kind, get_##kind, type, false},

static const struct codec codecs[] = {CONSOLE_EACH(ROW)};

#define CODEC_COUNT (sizeof(codecs) / sizeof(codecs[0]))

#define MEMBER(kind, type) struct console_##kind kind##_message;

union any_message {
	CONSOLE_EACH(MEMBER)
};

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
	codec = r == 0 ? codec_find(codecs, CODEC_COUNT, type) : NULL;
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

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned int seed)
{
	bool is_mended;

	size = frame_mutate(data, size, size_max, seed, &is_mended);
	if (is_mended)
		frame_mend_type(data, codecs, CODEC_COUNT);
	return size;
}
