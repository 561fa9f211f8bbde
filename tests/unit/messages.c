/* SPDX-License-Identifier: Apache-2.0 */
/* Each message of engine and sensor: what is put is what is got, and nothing less is taken. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/message_codecs.h"
#include "tests/unit/codec.h"

static const struct message_program program = {.app = 511, .pattern = "/usr/bin/vim.*"};
static const struct message_label label = {.bit = 63, .uuid = {1, 2, [15] = 255}, .name = "hr"};
static const struct message_exempt exempt = {
	.app = 3, .kind = HF_EXEMPT_STATE, .labels = UINT64_MAX, .pattern = "/home/*/.config/x"};
static const struct message_place place = {.labels = UINT64_MAX, .pattern = "/srv/*"};
static const struct message_matcher matcher = {
	.vendor = "0781", .product = "55ab", .serial = "XY", .allow = 5, .allow_raw = UINT64_MAX};
static const struct message_tell tell = {
	.tty = 136 << 20 | 3, .uid = 1000, .loginuid = UINT32_MAX, .text = "refused"};
static const struct message_request request = {.id = 7,
	.kind = REQUEST_GRANT,
	.channel = HF_CHANNEL_MOUNT,
	.uid = 1000,
	.pid = 42,
	.labels = 3,
	.until_ktime_ns = UINT64_MAX,
	.name = "a",
	.path = "/srv/a"};
static const struct message_answer answer = {.id = 7,
	.error = -2,
	.app = 3,
	.labels = 9,
	.own = 1,
	.key = {.ino = 12, .subvolume = 5, .dev = 8 << 20, .generation = 3},
	.unsent = 4,
	.counters = {1, 2, [HF_COUNTER_MAX - 1] = UINT64_MAX}};
static const struct message_hello hello = {.has_bpf_lsm = true,
	.is_enforcing = true,
	.counts_id = 77,
	.open_channels = 1U << HF_CHANNEL_CLIPBOARD | HF_OPEN_BUS,
	.missing_count = 2,
	.missing = {"bpf_cookie", "inode storage"}};
static const struct message_marked marked = {
	.key = {.ino = UINT64_MAX, .subvolume = 256, .dev = 8 << 20 | 1, .generation = 77},
	.mark = {.labels = 2, .flags = HF_MARK_DIRECTORY, .app = 1},
	.volume = "uuid:1",
	.path = "/srv"};
static const struct message_volume volume = {.dev = 8 << 20,
	.channel = HF_CHANNEL_REMOVABLE,
	.is_gone = true,
	.is_device = true,
	.identity = "uuid:2",
	.name = "/dev/sdb1",
	.reason = "usb"};
static const struct message_state state = {
	.app = 2, .error = -40, .path = "/usr/bin/x", .reason = "link"};
static const struct message_failure failure = {.reason = UINT16_MAX, .what = "disk full"};
static const struct message_readers readers = {.id = 7,
	.count = 2,
	.readers = {{.labels = 1, .tgid = 42, .comm = "vim", .source.hop = HF_HOP_PIPE},
		{.tgid = 43, .origins = {.count = HF_ORIGIN_MAX, .keys[3].ino = UINT64_MAX}}}};

#define ROW(kind, text)                                               \
	{                                                             \
#kind, put_##kind, get_##kind, &kind, sizeof(kind),   \
			offsetof(struct message_##kind, text),        \
			sizeof(((struct message_##kind *)NULL)->text) \
	}

static const struct codec codecs[] = {
	ROW(program, pattern),
	ROW(label, name),
	ROW(place, pattern),
	ROW(exempt, pattern),
	ROW(matcher, vendor),
	ROW(matcher, product),
	ROW(matcher, serial),
	ROW(tell, text),
	ROW(request, name),
	ROW(request, path),
	ROW(answer, id),
	ROW(hello, missing[0]),
	ROW(hello, missing[1]),
	ROW(marked, volume),
	ROW(marked, path),
	ROW(volume, identity),
	ROW(volume, name),
	ROW(volume, reason),
	ROW(state, path),
	ROW(state, reason),
	ROW(failure, what),
	ROW(readers, id),
};

#define CODEC_COUNT (sizeof(codecs) / sizeof(codecs[0]))

/* Structs have padding: what is put again from what was got must be the same bytes. */
Test(messages, round_trip)
{
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		const struct codec *codec = &codecs[i];
		void *back = calloc(1, codec->size);
		size_t size = codec_encode(codec, codec->sample);
		uint8_t *first = malloc(size);

		cr_assert(back && first);
		memcpy(first, codec_buffer, size);
		cr_assert(codec_takes(codec, codec_buffer, size, back), "%s", codec->name);
		cr_expect_arr_eq(back, codec->sample, codec->size, "%s", codec->name);
		cr_assert_eq(codec_encode(codec, back), size, "%s", codec->name);
		cr_expect_arr_eq(codec_buffer, first, size, "%s", codec->name);
		free(first);
		free(back);
	}
}

Test(messages, every_truncation_is_refused)
{
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		void *back = calloc(1, codecs[i].size);
		size_t size = codec_encode(&codecs[i], codecs[i].sample);

		cr_assert(back);
		for (size_t j = 0; j < size; j++)
			cr_expect_not(codec_takes(&codecs[i], codec_buffer, j, back),
				"%s: %zu bytes", codecs[i].name, j);
		codec_buffer[size] = 0;
		cr_expect_not(codec_takes(&codecs[i], codec_buffer, size + 1, back),
			"%s: a byte more", codecs[i].name);
		free(back);
	}
}

/* Each text as long as it may be, and then one longer by what only the wire can say. */
Test(messages, longest_texts)
{
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		const struct codec *codec = &codecs[i];
		uint8_t *message = malloc(codec->size), *back = calloc(1, codec->size), *found;
		uint8_t *text = message + codec->text_offset;
		size_t size;

		cr_assert(message && back);
		if (codec->get == get_answer || codec->get == get_readers) { /* have no text */
			free(message);
			free(back);
			continue;
		}
		memcpy(message, codec->sample, codec->size);
		memset(text, '~', codec->text_size - 1);
		text[codec->text_size - 1] = '\0';
		size = codec_encode(codec, message);
		cr_assert(codec_takes(codec, codec_buffer, size, back), "%s", codec->name);
		cr_expect_arr_eq(back, message, codec->size, "%s", codec->name);
		found = memmem(codec_buffer, size, text, codec->text_size - 1);
		cr_assert(found, "%s", codec->name);
		memmove(found + 1, found, size - (size_t)(found - codec_buffer));
		found[-2] = (uint8_t)codec->text_size;
		found[-1] = (uint8_t)(codec->text_size >> 8);
		cr_expect_not(codec_takes(codec, codec_buffer, size + 1, back),
			"%s: text of %zu bytes", codec->name, codec->text_size);
		free(message);
		free(back);
	}
}

/* The largest frame's worth of any message is one frame. */
Test(messages, all_fit_a_frame)
{
	for (size_t i = 0; i < CODEC_COUNT; i++)
		cr_expect_leq(codecs[i].size + 64, WIRE_PAYLOAD_MAX, "%s", codecs[i].name);
	cr_expect_leq(sizeof(struct hf_bank), WIRE_PAYLOAD_MAX);
	cr_expect_leq(4 + MESSAGE_DEST_MAX * (sizeof(struct hf_dest_key) + sizeof(struct hf_dest)),
		WIRE_PAYLOAD_MAX);
	cr_expect_leq(
		4 + MESSAGE_GRANT_MAX * (sizeof(struct hf_grant_key) + sizeof(struct hf_grant)),
		WIRE_PAYLOAD_MAX);
	cr_expect_leq(4 + MESSAGE_MARK_MAX * (sizeof(struct hf_inode_key) + sizeof(struct hf_mark)),
		WIRE_PAYLOAD_MAX);
	cr_expect_leq(2 + MESSAGE_RECORD_MAX * (2 + sizeof(struct hf_record)), WIRE_PAYLOAD_MAX);
}

Test(messages, label_bits)
{
	struct message_label sent = label, got;
	const struct codec *codec = &codecs[1];

	for (unsigned int bit = 0; bit <= UINT8_MAX; bit++) {
		size_t size;

		sent.bit = (uint8_t)bit;
		size = codec_encode(codec, &sent);
		cr_expect_eq(codec_takes(codec, codec_buffer, size, &got), bit < HF_LABEL_MAX,
			"bit %u", bit);
	}
}

/* A count from outside never leads past the array. */
Test(messages, hello_counts)
{
	for (unsigned int count = 0; count <= UINT8_MAX; count++) {
		struct message_hello *got = calloc(1, sizeof(*got));
		struct bytes_writer frame;
		struct bytes_reader payload;

		cr_assert(got);
		bytes_writer_init(&frame, codec_buffer, sizeof(codec_buffer));
		for (unsigned int i = 0; i < 3; i++)
			bytes_put_u8(&frame, 1);
		bytes_put_u32(&frame, 0);
		bytes_put_u32(&frame, 0);
		bytes_put_u8(&frame, (uint8_t)count);
		for (unsigned int i = 0; i < count; i++)
			bytes_put_string(&frame, "x");
		bytes_reader_init(&payload, codec_buffer, frame.used);
		message_get_hello(&payload, got);
		cr_expect_eq(bytes_is_done(&payload), count <= MESSAGE_MISSING_MAX, "%u", count);
		cr_expect_leq(got->missing_count, MESSAGE_MISSING_MAX);
		free(got);
	}
}

Test(messages, reader_counts)
{
	struct message_readers sent = readers;
	struct message_readers got;
	const struct codec *codec = &codecs[CODEC_COUNT - 1];

	sent.count = MESSAGE_READER_MAX;
	cr_expect(codec_takes(codec, codec_buffer, codec_encode(codec, &sent), &got));
	sent.readers[1].origins.count = HF_ORIGIN_MAX + 1;
	cr_expect_not(codec_takes(codec, codec_buffer, codec_encode(codec, &sent), &got),
		"more origins than there are");
	sent.readers[1].origins.count = 0;
	sent.readers[0].source.hop = HF_HOP_MAX;
	cr_expect_not(codec_takes(codec, codec_buffer, codec_encode(codec, &sent), &got),
		"a hop that is none");
	sent.readers[0].source.hop = 0;
	(void)codec_encode(codec, &sent);
	codec_buffer[8] = MESSAGE_READER_MAX + 1;
	cr_expect_not(codec_takes(codec, codec_buffer, sizeof(codec_buffer), &got),
		"a count past the array");
	cr_expect_eq(got.count, 0);
}

Test(messages, any_byte_that_is_not_zero_is_true)
{
	static const uint8_t bytes[] = {2, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	struct message_hello *got = calloc(1, sizeof(*got));
	struct bytes_reader payload;

	cr_assert(got);
	bytes_reader_init(&payload, bytes, sizeof(bytes));
	message_get_hello(&payload, got);
	cr_assert(bytes_is_done(&payload));
	cr_expect(got->has_bpf_lsm && !got->was_adopted && got->is_enforcing);
	free(got);
}
