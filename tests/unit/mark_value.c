/* SPDX-License-Identifier: Apache-2.0 */
/* The extended attribute's value: one set has one form, and only that form is read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/sensor/mark_value.h"

#define HEAD 8
#define TAIL (MARK_VALUE_HOME + MARK_VALUE_MAC)

/* count uuids, descending: encode has to sort. */
static struct mark_value value_of(uint16_t count)
{
	struct mark_value value = {.flags = HF_MARK_DIRECTORY, .count = count};

	for (uint16_t i = 0; i < count && i < HF_LABEL_MAX; i++) {
		memset(value.uuids[i], 0x11, MARK_VALUE_UUID);
		value.uuids[i][0] = (uint8_t)(200 - i);
	}
	return value;
}

/* The output is written only on success. Exactly size bytes exist. */
static int decode(const uint8_t *bytes, size_t size, struct mark_value *ret_value)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct mark_value before;
	int r;

	cr_assert(copy);
	memcpy(copy, bytes, size);
	memset(ret_value, 0x5a, sizeof(*ret_value));
	before = *ret_value;
	r = mark_value_decode(copy, size, ret_value);
	if (r < 0)
		cr_expect_arr_eq(ret_value, &before, sizeof(before));
	free(copy);
	return r;
}

Test(mark_value, bytes_as_documented)
{
	struct mark_value value = {.flags = HF_MARK_DIRECTORY | HF_MARK_POLICY, .count = 1};
	static const uint8_t wanted[HEAD + MARK_VALUE_UUID + TAIL] = {'H', 'F', 'M', 2, 3, 0, 1,
		0, [HEAD] = 0xab, [HEAD + 15] = 0xcd, [HEAD + 16] = 0x12, [HEAD + 32] = 0x34,
		[HEAD + 63] = 0x56};
	uint8_t bytes[MARK_VALUE_MAX];

	value.uuids[0][0] = 0xab;
	value.uuids[0][15] = 0xcd;
	value.home[0] = 0x12;
	value.mac[0] = 0x34;
	value.mac[MARK_VALUE_MAC - 1] = 0x56;
	cr_assert_eq(mark_value_encode(&value, bytes), (int)sizeof(wanted));
	cr_expect_arr_eq(bytes, wanted, sizeof(wanted));
}

Test(mark_value, round_trip_of_every_count)
{
	for (uint16_t count = 0; count <= HF_LABEL_MAX; count++) {
		struct mark_value value = value_of(count), back;
		uint8_t bytes[MARK_VALUE_MAX], again[MARK_VALUE_MAX];
		int size = mark_value_encode(&value, bytes);

		cr_assert_eq(size, HEAD + count * MARK_VALUE_UUID + TAIL);
		cr_assert_eq(decode(bytes, (size_t)size, &back), 0);
		cr_expect_eq(back.count, count);
		cr_expect_eq(back.flags, value.flags);
		for (uint16_t i = 0; i < count; i++)
			cr_expect_arr_eq(
				back.uuids[i], value.uuids[count - 1 - i], MARK_VALUE_UUID);
		cr_assert_eq(mark_value_encode(&back, again), size);
		cr_expect_arr_eq(again, bytes, (size_t)size);
	}
}

Test(mark_value, doubles_are_dropped)
{
	struct mark_value value = value_of(6), back;
	uint8_t bytes[MARK_VALUE_MAX];
	int size;

	memcpy(value.uuids[0], value.uuids[5], MARK_VALUE_UUID);
	memcpy(value.uuids[3], value.uuids[5], MARK_VALUE_UUID);
	memcpy(value.uuids[2], value.uuids[1], MARK_VALUE_UUID);
	size = mark_value_encode(&value, bytes);
	cr_assert_eq(size, HEAD + 3 * MARK_VALUE_UUID + TAIL);
	cr_assert_eq(decode(bytes, (size_t)size, &back), 0);
	cr_expect_eq(back.count, 3);
	cr_expect_eq(back.uuids[0][0], 195);
	cr_expect_eq(back.uuids[1][0], 196);
	cr_expect_eq(back.uuids[2][0], 199);
}

Test(mark_value, all_doubles)
{
	struct mark_value value = {.count = HF_LABEL_MAX};
	uint8_t bytes[MARK_VALUE_MAX];

	cr_expect_eq(mark_value_encode(&value, bytes), HEAD + MARK_VALUE_UUID + TAIL);
}

Test(mark_value, encode_refuses)
{
	struct mark_value value = value_of(1);
	uint8_t bytes[MARK_VALUE_MAX];

	for (unsigned int bit = 0; bit < 16; bit++) {
		bool is_known = (1u << bit) <= HF_MARK_DERIVED;

		value.flags = (uint16_t)(1u << bit);
		cr_expect_eq(
			mark_value_encode(&value, bytes) > 0, is_known, "flag %x", value.flags);
	}
	value = value_of(HF_LABEL_MAX);
	value.count = HF_LABEL_MAX + 1;
	cr_expect_eq(mark_value_encode(&value, bytes), -EINVAL);
	value.count = UINT16_MAX;
	cr_expect_eq(mark_value_encode(&value, bytes), -EINVAL);
}

Test(mark_value, every_truncation_is_refused)
{
	struct mark_value value = value_of(3), back;
	uint8_t bytes[MARK_VALUE_MAX];
	int size = mark_value_encode(&value, bytes);

	cr_assert_gt(size, 0);
	for (size_t i = 0; i < (size_t)size; i++)
		cr_expect_eq(decode(bytes, i, &back), -EBADMSG, "%zu bytes", i);
	cr_expect_eq(decode(bytes, (size_t)size, &back), 0);
}

Test(mark_value, trailing_bytes_are_refused)
{
	struct mark_value value = value_of(1), back;
	uint8_t bytes[MARK_VALUE_MAX] = {0};
	int size = mark_value_encode(&value, bytes);

	cr_assert_gt(size, 0);
	for (size_t i = (size_t)size + 1; i < sizeof(bytes); i++)
		cr_expect_eq(decode(bytes, i, &back), -EBADMSG, "%zu bytes", i);
}

Test(mark_value, head)
{
	struct mark_value value = value_of(1), back;
	uint8_t good[MARK_VALUE_MAX], bytes[MARK_VALUE_MAX];
	size_t size = (size_t)mark_value_encode(&value, good);

	for (size_t i = 0; i < 3; i++) {
		memcpy(bytes, good, sizeof(bytes));
		bytes[i] ^= 0x20;
		cr_expect_eq(decode(bytes, size, &back), -EBADMSG, "magic %zu", i);
	}
	for (unsigned int version = 0; version <= UINT8_MAX; version++) {
		memcpy(bytes, good, sizeof(bytes));
		bytes[3] = (uint8_t)version;
		cr_expect_eq(decode(bytes, size, &back),
			version == MARK_VALUE_VERSION ? 0 : -EPROTO, "version %u", version);
	}
	for (unsigned int bit = 0; bit < 16; bit++) {
		memcpy(bytes, good, sizeof(bytes));
		bytes[4] = (uint8_t)(1u << bit);
		bytes[5] = (uint8_t)((1u << bit) >> 8);
		cr_expect_eq(decode(bytes, size, &back),
			(1u << bit) <= HF_MARK_DERIVED ? 0 : -EBADMSG, "flag %u", bit);
	}
}

Test(mark_value, counts_that_lie)
{
	static const uint16_t counts[] = {0, 1, 3, 64, 65, 0x0102, UINT16_MAX};
	struct mark_value value = value_of(2), back;
	uint8_t bytes[MARK_VALUE_MAX];
	size_t size = (size_t)mark_value_encode(&value, bytes);

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		bytes[6] = (uint8_t)counts[i];
		bytes[7] = (uint8_t)(counts[i] >> 8);
		cr_expect_eq(decode(bytes, size, &back), -EBADMSG, "%u", counts[i]);
		cr_expect_eq(decode(bytes, sizeof(bytes), &back), -EBADMSG, "%u", counts[i]);
	}
}

/* What encode would not have written: unsorted, or one twice. */
Test(mark_value, order)
{
	struct mark_value value = value_of(2), back;
	uint8_t bytes[MARK_VALUE_MAX], first[MARK_VALUE_UUID];
	size_t size = (size_t)mark_value_encode(&value, bytes);

	memcpy(first, bytes + HEAD, sizeof(first));
	memcpy(bytes + HEAD, bytes + HEAD + MARK_VALUE_UUID, MARK_VALUE_UUID);
	cr_expect_eq(decode(bytes, size, &back), -EBADMSG, "twice");
	memcpy(bytes + HEAD + MARK_VALUE_UUID, first, sizeof(first));
	cr_expect_eq(decode(bytes, size, &back), -EBADMSG, "descending");
}
