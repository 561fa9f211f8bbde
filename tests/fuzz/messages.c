/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any packet between engine and sensor: the frame, then the message of its type. What must hold: a
 * message that is taken whole is put to the same bytes again (numbers that only mean true or false
 * aside), so that nothing of it was cut, and its texts end inside their fields.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "tests/fuzz/frame.h"
#include "tests/message_codecs.h"

static const struct codec codecs[] = {
	{put_program, get_program, MESSAGE_PROGRAM, false},
	{put_label, get_label, MESSAGE_LABEL, false},
	{put_place, get_place, MESSAGE_PLACE, false},
	{put_exempt, get_exempt, MESSAGE_EXEMPT, false},
	{put_matcher, get_matcher, MESSAGE_MATCHER, false},
	{put_tell, get_tell, MESSAGE_TELL, false},
	{put_request, get_request, MESSAGE_REQUEST, false},
	{put_answer, get_answer, MESSAGE_ANSWER, false},
	{put_hello, get_hello, MESSAGE_HELLO, true},
	{put_marked, get_marked, MESSAGE_MARKED, false},
	{put_volume, get_volume, MESSAGE_VOLUME, true},
	{put_state, get_state, MESSAGE_PLACE_STATE, false},
	{put_failure, get_failure, MESSAGE_FAILURE, false},
	{put_readers, get_readers, MESSAGE_READERS, false},
};

#define CODEC_COUNT (sizeof(codecs) / sizeof(codecs[0]))

#define MEMBER(kind) struct message_##kind kind;

union any_message {
	MESSAGE_EACH(MEMBER)
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
	assert(type != MESSAGE_HELLO || message.hello.missing_count <= MESSAGE_MISSING_MAX);
	assert(type != MESSAGE_READERS || message.readers.count <= MESSAGE_READER_MAX);
	if (!bytes_is_done(&payload))
		return 0;
	assert(type != MESSAGE_LABEL || message.label.bit < HF_LABEL_MAX);
	wire_begin(&frame, bytes, sizeof(bytes), type);
	codec->put(&frame, &message);
	assert(wire_end(&frame) == (int)size);
	assert(codec->has_flags || !memcmp(bytes, data, size));
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
