/* SPDX-License-Identifier: Apache-2.0 */
/* Each message of the console's processes: what is put is what is got, and nothing less is taken. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/console_codecs.h"
#include "tests/unit/codec.h"

static const struct console_enrol sample_enrol = {.id = 7,
	.certificate = {1, [31] = 2},
	.key = {3, [31] = 4},
	.token = "t",
	.host = "ws-1",
	.address = "::1"};
static const struct console_certified sample_certified = {
	.id = 7, .device = {1, [15] = 255}, .size = 3, .certificate = {0x30, 1, 2}};
static const struct console_who sample_who = {
	.id = UINT64_MAX, .certificate = {9}, .address = "192.0.2.1"};
static const struct console_device sample_device = {.id = 7,
	.refusal = REFUSAL_BATCH_GAP,
	.state = DEVICE_REVOKED,
	.device = {1},
	.tenant = "acme",
	.ack = UINT64_MAX - 1,
	.link = {5},
	.seal_key = {6}};
static const struct console_sign sample_sign = {
	.id = 8, .device = {2}, .tenant = "acme", .size = 2, .csr = {0x30, 0}};
static const struct console_signed sample_signed = {.id = 8, .size = 1, .certificate = {0x30}};
static const struct console_done sample_done = {.id = 9, .refusal = REFUSAL_SYNTAX};
static const struct console_poll sample_poll = {
	.id = 10, .certificate = {7}, .address = "::1", .have = INT64_MAX, .word = 5};
static const struct console_policy sample_policy = {
	.id = 10, .version = 3, .size = 4096, .word = 6};
static const struct console_wish sample_wish = {.id = 11,
	.device = {1},
	.key = {2},
	.boot = {3},
	.asked_ms = 4,
	.nonce = {5},
	.state = DEVICE_TRUSTED,
	.seconds = 60,
	.serial = 7};
static const struct console_check sample_check = {
	.id = 12, .token = "hfc_x", .address = "192.0.2.1", .nonce = "n"};
static const struct console_checked sample_checked = {.id = 13,
	.verdict = TICKET_REPLAYED,
	.state = DEVICE_TRUSTED,
	.expires_s = 9,
	.account = "alice",
	.tenant = "acme",
	.app = "vim",
	.trust = "trusted"};
static const struct console_word sample_word = {.id = 11, .size = 2, .text = "hi"};
#define SAMPLE_KEY                                                                     \
	{                                                                              \
		.label = {1}, .generation = 2, .is_newest = 1, .home = {3}, .slot = 4, \
		.wrapped = {                                                           \
			5                                                              \
		}                                                                      \
	}
static const struct console_make sample_make = {.id = 12, .key = SAMPLE_KEY};
static const struct console_mark sample_mark = {
	.id = 14, .key = SAMPLE_KEY, .has_frame = 1, .frame = "123456789"};
static const struct console_made sample_made = {
	.id = 12, .refusal = REFUSAL_KEYS_SEALED, .key = SAMPLE_KEY};
static const struct console_release sample_release = {.id = 13,
	.device = {6},
	.seconds = 60,
	.certificate_size = 2,
	.certificate = "ce",
	.question_size = 3,
	.question = "que",
	.count = 2,
	.keys = {SAMPLE_KEY, SAMPLE_KEY}};
static const struct console_destroy sample_destroy = {
	.id = 14, .key = SAMPLE_KEY, .name = "acme/finance", .who = "root", .made_ms = 7};
static const struct console_chain sample_chain = {
	.count = 2, .certificates = {{1, {0x30}}, {2, {0x30, 0x31}}}};

#define ROW(kind, type) \
	{#kind, put_##kind, get_##kind, &sample_##kind, sizeof(sample_##kind), 0, 0},

static const struct codec codecs[] = {CONSOLE_EACH(ROW)};

#define CODEC_COUNT (sizeof(codecs) / sizeof(codecs[0]))

Test(console_messages, round_trip)
{
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		const struct codec *codec = &codecs[i];
		void *back = calloc(1, codec->size);
		size_t size = codec_encode(codec, codec->sample);

		cr_assert(back);
		cr_assert(codec_takes(codec, codec_buffer, size, back), "%s", codec->name);
		cr_expect_arr_eq(back, codec->sample, codec->size, "%s", codec->name);
		free(back);
	}
}

Test(console_messages, neither_less_nor_more_is_taken)
{
	for (size_t i = 0; i < CODEC_COUNT; i++) {
		void *back = calloc(1, codecs[i].size);
		size_t size = codec_encode(&codecs[i], codecs[i].sample);

		cr_assert(back);
		for (size_t cut = 0; cut < size; cut++)
			cr_expect_not(codec_takes(&codecs[i], codec_buffer, cut, back),
				"%s cut to %zu", codecs[i].name, cut);
		codec_buffer[size] = 0;
		cr_expect_not(codec_takes(&codecs[i], codec_buffer, size + 1, back), "%s and one",
			codecs[i].name);
		free(back);
	}
}

/* What is on the wire, byte by byte: the other end may be of another build. */
Test(console_messages, fixed_bytes)
{
	static const uint8_t done[] = {9, 0, 0, 0, 0, 0, 0, 0, 45, 0};
	static const uint8_t answer[] = {8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0x30};
	static const uint8_t chain[] = {2, 0, 1, 0, 0x30, 2, 0, 0x30, 0x31};
	static const uint8_t certified[] = {7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 255, 3, 0, 0x30, 1, 2};
	struct bytes_writer frame;

#define EXPECT(kind, bytes)                                            \
	bytes_writer_init(&frame, codec_buffer, sizeof(codec_buffer)); \
	put_##kind(&frame, &sample_##kind);                            \
	cr_assert_eq(frame.used, sizeof(bytes), "%s", #kind);          \
	cr_expect_arr_eq(codec_buffer, bytes, sizeof(bytes), "%s", #kind)

	EXPECT(done, done);
	EXPECT(signed, answer);
	EXPECT(chain, chain);
	EXPECT(certified, certified);
	bytes_writer_init(&frame, codec_buffer, sizeof(codec_buffer));
	put_device(&frame, &sample_device);
	cr_expect_eq(frame.used, 8 + 2 + 1 + 16 + 2 + 4 + 8 + 32 + 32 + 16);
	cr_expect_eq(codec_buffer[8], REFUSAL_BATCH_GAP);
	cr_expect_eq(codec_buffer[10], DEVICE_REVOKED);
	cr_expect_eq(codec_buffer[11], 1, "the device");
	cr_expect_arr_eq(codec_buffer + 27, "\4\0acme", 6);
	cr_expect_eq(codec_buffer[33], 0xfe, "ack");
	bytes_writer_init(&frame, codec_buffer, sizeof(codec_buffer));
	put_enrol(&frame, &sample_enrol);
	cr_expect_arr_eq(codec_buffer + 72, "\1\0t\4\0ws-1\3\0::1", 14);
}

Test(console_messages, numbers_that_are_none)
{
	struct console_device device = sample_device;
	struct console_signed answer = sample_signed;
	struct console_done done = sample_done;
	struct console_poll poll = sample_poll;
	struct console_policy policy = sample_policy;
	struct console_wish wish = sample_wish;
	struct console_word word = sample_word;
	struct console_make make = sample_make;
	struct console_release release = sample_release;
	struct console_chain *chain = calloc(1, sizeof(*chain));
	struct bytes_reader payload;
	size_t size;

#define IS_TAKEN(kind, message)                                                                 \
	(size = codec_encode(&(const struct codec){.name = #kind, .put = put_##kind}, message), \
		bytes_reader_init(&payload, codec_buffer, size), get_##kind(&payload, message), \
		bytes_is_done(&payload))

	cr_assert(chain);
	cr_expect(IS_TAKEN(device, &device), "control");
	device.state = DEVICE_REVOKED + 1;
	cr_expect_not(IS_TAKEN(device, &device));
	device = sample_device;
	device.refusal = REFUSAL_MAX;
	cr_expect_not(IS_TAKEN(device, &device));
	done.refusal = UINT16_MAX;
	cr_expect_not(IS_TAKEN(done, &done));
	answer.refusal = REFUSAL_CSR;
	cr_expect_not(IS_TAKEN(signed, &answer), "refused, and a certificate");
	answer = (struct console_signed){.id = 1};
	cr_expect_not(IS_TAKEN(signed, &answer), "not refused, and none");
	answer.refusal = REFUSAL_CSR;
	cr_expect(IS_TAKEN(signed, &answer));
	cr_expect(IS_TAKEN(poll, &poll), "control");
	poll.have = (uint64_t)INT64_MAX + 1;
	cr_expect_not(IS_TAKEN(poll, &poll));
	cr_expect(IS_TAKEN(policy, &policy), "control");
	policy.refusal = REFUSAL_DEVICE_SUSPENDED;
	cr_expect_not(IS_TAKEN(policy, &policy), "refused, and a bundle");
	policy = (struct console_policy){.id = 1, .version = 3};
	cr_expect_not(IS_TAKEN(policy, &policy), "a version, and no bytes");
	policy.size = CONSOLE_POLICY_MAX + 1;
	cr_expect_not(IS_TAKEN(policy, &policy));
	poll = sample_poll;
	poll.word = UINT64_MAX;
	cr_expect_not(IS_TAKEN(poll, &poll));
	make.key.generation = 0;
	cr_expect_not(IS_TAKEN(make, &make));
	make = sample_make;
	make.key.is_newest = 2;
	cr_expect_not(IS_TAKEN(make, &make));
	cr_expect(IS_TAKEN(release, &release), "control");
	release.count = 0;
	cr_expect_not(IS_TAKEN(release, &release), "no key");
	release = sample_release;
	release.seconds = 0;
	cr_expect_not(IS_TAKEN(release, &release));
	release = sample_release;
	release.question_size = 0;
	cr_expect_not(IS_TAKEN(release, &release));
	cr_expect(IS_TAKEN(wish, &wish), "control");
	wish.state = DEVICE_SUSPENDED;
	cr_expect_not(IS_TAKEN(wish, &wish), "suspended for a minute");
	wish.seconds = 0;
	cr_expect(IS_TAKEN(wish, &wish));
	wish.order_number = 3;
	cr_expect_not(IS_TAKEN(wish, &wish), "an order of nothing");
	wish.order = 2;
	cr_expect(IS_TAKEN(wish, &wish));
	wish.order_number = 0;
	cr_expect_not(IS_TAKEN(wish, &wish), "without a number");
	wish.order = 0;
	wish.state = DEVICE_TRUSTED;
	cr_expect_not(IS_TAKEN(wish, &wish), "trusted for no time");
	wish = sample_wish;
	wish.state = DEVICE_NONE;
	cr_expect_not(IS_TAKEN(wish, &wish));
	wish = sample_wish;
	wish.serial = 0;
	cr_expect_not(IS_TAKEN(wish, &wish));
	cr_expect(IS_TAKEN(word, &word), "control");
	word.refusal = REFUSAL_BUSY;
	cr_expect_not(IS_TAKEN(word, &word), "refused, and a word");
	word = (struct console_word){.id = 1};
	cr_expect_not(IS_TAKEN(word, &word), "not refused, and none");
	cr_expect_not(IS_TAKEN(chain, chain), "an empty chain");
	memset(codec_buffer, 0xff, sizeof(codec_buffer));
	bytes_reader_init(&payload, codec_buffer, sizeof(codec_buffer));
	get_chain(&payload, chain);
	cr_expect(payload.is_bad);
	cr_expect_eq(chain->count, 0);
	free(chain);
}

Test(console_messages, the_largest_fit_a_frame)
{
	struct console_chain *chain = calloc(1, sizeof(*chain));
	void *back = calloc(1, sizeof(*chain));
	size_t size;

	cr_assert(chain && back);
	chain->count = CONSOLE_CHAIN_MAX;
	for (unsigned int i = 0; i < CONSOLE_CHAIN_MAX; i++)
		chain->certificates[i].size = CONSOLE_CERTIFICATE_MAX;
	size = codec_encode(&codecs[CODEC_COUNT - 1], chain);
	cr_expect_leq(size, WIRE_PAYLOAD_MAX);
	cr_expect(codec_takes(&codecs[CODEC_COUNT - 1], codec_buffer, size, back));
	codec_buffer[2]++; /* one more than a certificate may have */
	cr_expect_not(codec_takes(&codecs[CODEC_COUNT - 1], codec_buffer, size, back));
	cr_expect_leq(codec_encode(&codecs[2], &sample_who) + CONSOLE_BATCH_MAX, WIRE_PAYLOAD_MAX);
	free(chain);
	free(back);
}

Test(console_messages, every_refusal_has_a_row)
{
	unsigned int count = 0;

	for (uint16_t i = 0; i < REFUSAL_MAX; i++) {
		const struct refusal_row *row = refusal_row(i);

		cr_assert(row->code && row->text && row->status >= 200 && row->status < 600);
		count += i != REFUSAL_INTERNAL && row == refusal_row(REFUSAL_INTERNAL);
		for (uint16_t j = 0; j < i; j++)
			cr_expect(row == refusal_row(j) || strcmp(row->code, refusal_row(j)->code));
	}
	/* numbers between the groups */
	cr_expect_eq(count, (10 - 4) + (30 - 29) + (40 - 38) + (50 - 46) + (60 - 59));
	cr_expect_eq(refusal_row(UINT16_MAX), refusal_row(REFUSAL_INTERNAL));
	cr_expect_eq(refusal_row(REFUSAL_BATCH_GAP)->status, 409);
}
