/* SPDX-License-Identifier: Apache-2.0 */
/* What a frame says to who has the key, and to who has not. */
#include <criterion/criterion.h>
#include <errno.h>

#include "watermark/carrier.h"
#include "watermark/payload.h"

#define SUBJECT 0xabcdef1
#define MINUTE	0x9f1234

static void derive(uint8_t secret, uint32_t epoch, struct watermark_key *ret_key)
{
	uint8_t tenant[WATERMARK_KEY_SIZE] = {secret};

	cr_assert_eq(watermark_key_derive(tenant, epoch, ret_key), 0);
}

static void write_as(const struct watermark_key *key, uint32_t subject, uint32_t minute,
	uint8_t ret_frame[WATERMARK_FRAME_BITS])
{
	struct watermark_pen pen;

	cr_assert_eq(watermark_pen_derive(key, subject, &pen), 0);
	watermark_frame(&pen, minute, WATERMARK_EXPORT, ret_frame);
}

Test(watermark_payload, there_and_back)
{
	struct watermark_payload got;
	struct watermark_key key;
	uint8_t frame[WATERMARK_FRAME_BITS];

	derive(1, 21, &key);
	write_as(&key, SUBJECT, MINUTE, frame);
	cr_assert_eq(watermark_payload_read(frame, &key, &got), 0);
	cr_expect_eq(got.subject, SUBJECT);
	cr_expect_eq(got.minute, MINUTE);
	cr_expect_eq(got.flags, WATERMARK_EXPORT);
}

Test(watermark_payload, the_next_minute_shares_nothing)
{
	uint8_t frame[WATERMARK_FRAME_BITS], other[WATERMARK_FRAME_BITS];
	struct watermark_key key;
	unsigned int alike = 0;

	derive(1, 21, &key);
	write_as(&key, SUBJECT, MINUTE, frame);
	write_as(&key, SUBJECT, MINUTE + 1, other);
	for (unsigned int i = 0; i < WATERMARK_FRAME_BITS; i++)
		alike += frame[i] == other[i];
	cr_expect(alike > 20 && alike < 60, "%u of 80 bits alike", alike);
}

/* Each bit of a frame that is turned, and other keys: refused. The frame itself is the control. */
Test(watermark_payload, what_was_changed_is_refused)
{
	struct watermark_payload got = {0};
	struct watermark_key key, other;
	uint8_t frame[WATERMARK_FRAME_BITS];

	derive(1, 21, &key);
	write_as(&key, SUBJECT, MINUTE, frame);
	for (unsigned int i = 0; i < WATERMARK_FRAME_BITS; i++) {
		frame[i] ^= 1;
		cr_expect_eq(watermark_payload_read(frame, &key, &got), -EBADMSG, "bit %u", i);
		frame[i] ^= 1;
	}
	derive(2, 21, &other);
	cr_expect_eq(watermark_payload_read(frame, &other, &got), -EBADMSG);
	derive(1, 22, &other);
	cr_expect_eq(watermark_payload_read(frame, &other, &got), -EBADMSG);
	cr_expect_eq(got.subject, 0, "nothing is written");
	cr_expect_eq(watermark_payload_read(frame, &key, &got), 0);
}

/* Whose pen was stolen can be named; who has it can name nobody else. */
Test(watermark_payload, a_pen_writes_as_nobody_else)
{
	struct watermark_payload got;
	struct watermark_key key;
	struct watermark_pen pen;
	uint8_t frame[WATERMARK_FRAME_BITS];

	derive(1, 21, &key);
	cr_assert_eq(watermark_pen_derive(&key, SUBJECT, &pen), 0);
	watermark_frame(&pen, MINUTE, 0, frame);
	cr_expect_eq(watermark_payload_read(frame, &key, &got), 0);
	pen.subject = SUBJECT - 1;
	watermark_frame(&pen, MINUTE, 0, frame);
	cr_expect_eq(watermark_payload_read(frame, &key, &got), -EBADMSG);
	cr_expect_eq(watermark_pen_derive(&key, WATERMARK_SUBJECT_MAX + 1, &pen), -ERANGE);
}

/* Lines, phases and places of bits are the key's. */
Test(watermark_payload, carriers_of_two_keys)
{
	static struct carrier one, same, other;
	struct watermark_key key;
	unsigned int alike = 0;

	derive(1, 21, &key);
	cr_assert_eq(carrier_init(&one, key.lattice), 0);
	cr_assert_eq(carrier_init(&same, key.lattice), 0);
	cr_expect_eq(memcmp(&one, &same, sizeof(one)), 0);
	derive(1, 22, &key);
	cr_assert_eq(carrier_init(&other, key.lattice), 0);
	cr_assert_eq(one.count, other.count);
	for (unsigned int i = 0; i < one.count; i++)
		alike += one.lines[i].kx == other.lines[i].kx &&
			 one.lines[i].ky == other.lines[i].ky;
	cr_expect_lt(alike, 10);
}

Test(watermark_payload, every_coded_bit_has_a_place)
{
	static struct carrier carrier;
	struct watermark_key key;
	unsigned int places[CARRIER_CODED] = {0};

	derive(1, 21, &key);
	cr_assert_eq(carrier_init(&carrier, key.lattice), 0);
	for (unsigned int i = 0; i < 2 * carrier_data(&carrier); i++)
		places[carrier.chips[i].coded]++;
	for (unsigned int i = 0; i < CARRIER_CODED; i++)
		cr_expect(places[i] == 1 || places[i] == 2, "bit %u", i);
}
