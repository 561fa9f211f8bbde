/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors: nothing past the end, errors that stick, and the bytes as they must be on the wire. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"

#define CANARY 0xa5

Test(bytes, numbers_are_little_endian)
{
	static const uint8_t wanted[15] = {1, 3, 2, 7, 6, 5, 4, 15, 14, 13, 12, 11, 10, 9, 8};
	struct bytes_writer writer;
	struct bytes_reader reader;
	uint8_t buffer[15];

	bytes_writer_init(&writer, buffer, sizeof(buffer));
	bytes_put_u8(&writer, 1);
	bytes_put_u16(&writer, 0x0203);
	bytes_put_u32(&writer, 0x04050607);
	bytes_put_u64(&writer, UINT64_C(0x08090a0b0c0d0e0f));
	cr_assert_not(writer.is_full);
	cr_expect_eq(writer.used, sizeof(buffer));
	cr_expect_arr_eq(buffer, wanted, sizeof(wanted));
	bytes_reader_init(&reader, buffer, sizeof(buffer));
	cr_expect_eq(bytes_get_u8(&reader), 1);
	cr_expect_eq(bytes_get_u16(&reader), 0x0203);
	cr_expect_eq(bytes_get_u32(&reader), 0x04050607);
	cr_expect_eq(bytes_get_u64(&reader), UINT64_C(0x08090a0b0c0d0e0f));
	cr_expect(bytes_is_done(&reader));
}

Test(bytes, highest_numbers)
{
	struct bytes_writer writer;
	struct bytes_reader reader;
	uint8_t buffer[15];

	bytes_writer_init(&writer, buffer, sizeof(buffer));
	bytes_put_u8(&writer, UINT8_MAX);
	bytes_put_u16(&writer, UINT16_MAX);
	bytes_put_u32(&writer, UINT32_MAX);
	bytes_put_u64(&writer, UINT64_MAX);
	bytes_reader_init(&reader, buffer, writer.used);
	cr_expect_eq(bytes_get_u8(&reader), UINT8_MAX);
	cr_expect_eq(bytes_get_u16(&reader), UINT16_MAX);
	cr_expect_eq(bytes_get_u32(&reader), UINT32_MAX);
	cr_expect_eq(bytes_get_u64(&reader), UINT64_MAX);
	cr_expect(bytes_is_done(&reader));
}

/* Whatever room there is, nothing is written behind it and not half a number inside. */
Test(bytes, writer_stops_at_its_end)
{
	for (size_t size = 0; size < 15; size++) {
		struct bytes_writer writer;
		uint8_t buffer[32];

		memset(buffer, CANARY, sizeof(buffer));
		bytes_writer_init(&writer, buffer, size);
		bytes_put_u64(&writer, 0);
		bytes_put_u32(&writer, 0);
		bytes_put_u16(&writer, 0);
		bytes_put_u8(&writer, 0);
		cr_expect(writer.is_full, "%zu bytes", size);
		cr_expect_leq(writer.used, size);
		for (size_t i = writer.used; i < sizeof(buffer); i++)
			cr_assert_eq(buffer[i], CANARY, "byte %zu of %zu", i, size);
	}
}

Test(bytes, a_full_writer_stays_full)
{
	struct bytes_writer writer;
	uint8_t buffer[4];

	bytes_writer_init(&writer, buffer, sizeof(buffer));
	bytes_put_u64(&writer, 1);
	cr_expect(writer.is_full);
	bytes_put_u8(&writer, 1);
	bytes_put_blob(&writer, "", 0);
	cr_expect(writer.is_full);
	cr_expect_eq(writer.used, 0);
}

Test(bytes, a_blob_size_that_would_wrap_around)
{
	struct bytes_writer writer;
	struct bytes_reader reader;
	uint8_t buffer[4] = {0};

	bytes_writer_init(&writer, buffer, sizeof(buffer));
	bytes_put_u8(&writer, 1);
	bytes_put_blob(&writer, buffer, SIZE_MAX);
	cr_expect(writer.is_full);
	cr_expect_eq(writer.used, 1);
	bytes_reader_init(&reader, buffer, sizeof(buffer));
	(void)bytes_get_u64(&reader);
	cr_expect(reader.is_bad);
	cr_expect_eq(reader.left, sizeof(buffer));
}

Test(bytes, a_bad_reader_gives_zeros)
{
	static const uint8_t bytes[3] = {0xff, 0xff, 0xff};
	struct bytes_reader reader;
	uint8_t blob[2] = {CANARY, CANARY};
	char string[8] = "before";

	bytes_reader_init(&reader, bytes, sizeof(bytes));
	cr_expect_eq(bytes_get_u32(&reader), 0);
	cr_expect(reader.is_bad);
	cr_expect_eq(bytes_get_u8(&reader), 0, "bytes are left, but the reader is bad");
	cr_expect_eq(bytes_get_u16(&reader), 0);
	cr_expect_eq(bytes_get_u64(&reader), 0);
	bytes_get_blob(&reader, blob, sizeof(blob));
	cr_expect(!blob[0] && !blob[1]);
	bytes_get_string(&reader, string, sizeof(string));
	cr_expect_str_empty(string);
	cr_expect_not(bytes_is_done(&reader));
}

Test(bytes, done_means_nothing_left)
{
	static const uint8_t bytes[3] = {1, 2, 3};
	struct bytes_reader reader;

	bytes_reader_init(&reader, bytes, sizeof(bytes));
	(void)bytes_get_u16(&reader);
	cr_expect_not(bytes_is_done(&reader));
	(void)bytes_get_u8(&reader);
	cr_expect(bytes_is_done(&reader));
	(void)bytes_get_u8(&reader);
	cr_expect_not(bytes_is_done(&reader));
	bytes_reader_init(&reader, NULL, 0);
	cr_expect(bytes_is_done(&reader));
}

/* Reads a string of length bytes, announced as announced, into a field of size bytes. */
static bool string_is_good(size_t length, uint16_t announced, size_t size)
{
	struct bytes_writer writer;
	struct bytes_reader reader;
	uint8_t buffer[64];
	char string[64];

	memset(string, CANARY, sizeof(string));
	bytes_writer_init(&writer, buffer, sizeof(buffer));
	bytes_put_u16(&writer, announced);
	for (size_t i = 0; i < length; i++)
		bytes_put_u8(&writer, 'x');
	bytes_reader_init(&reader, buffer, writer.used);
	bytes_get_string(&reader, string, size);
	cr_expect_lt(strnlen(string, size), size, "ends with NUL in any case");
	for (size_t i = size; i < sizeof(string); i++)
		cr_assert_eq((uint8_t)string[i], CANARY, "byte %zu", i);
	return bytes_is_done(&reader);
}

Test(bytes, strings_fit_their_field)
{
	cr_expect(string_is_good(0, 0, 1));
	cr_expect(string_is_good(7, 7, 8));
	cr_expect_not(string_is_good(8, 8, 8), "no room for the NUL");
	cr_expect_not(string_is_good(1, 1, 1));
	cr_expect_not(string_is_good(7, 8, 16), "fewer bytes than announced");
	cr_expect_not(string_is_good(8, 7, 16), "more bytes than announced");
	cr_expect_not(string_is_good(8, UINT16_MAX, 16));
}

Test(bytes, strings_hold_no_nul)
{
	static const uint8_t inside[] = {3, 0, 'a', 0, 'b'}, last[] = {2, 0, 'a', 0},
			     only[] = {1, 0, 0};
	static const struct {
		const uint8_t *bytes;
		size_t size;
	} inputs[] = {
		{inside, sizeof(inside)},
		{last, sizeof(last)},
		{only, sizeof(only)},
	};

	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		struct bytes_reader reader;
		char string[16];

		bytes_reader_init(&reader, inputs[i].bytes, inputs[i].size);
		bytes_get_string(&reader, string, sizeof(string));
		cr_expect(reader.is_bad, "%zu", i);
		cr_expect_str_empty(string);
	}
}

Test(bytes, strings_round_trip)
{
	struct bytes_writer writer;
	struct bytes_reader reader;
	uint8_t buffer[32];
	char string[16];

	bytes_writer_init(&writer, buffer, sizeof(buffer));
	bytes_put_string(&writer, "caf\xc3\xa9");
	bytes_put_string(&writer, NULL);
	bytes_put_string(&writer, "");
	bytes_reader_init(&reader, buffer, writer.used);
	bytes_get_string(&reader, string, sizeof(string));
	cr_expect_str_eq(string, "caf\xc3\xa9");
	bytes_get_string(&reader, string, sizeof(string));
	cr_expect_str_empty(string);
	bytes_get_string(&reader, string, sizeof(string));
	cr_expect_str_empty(string);
	cr_expect(bytes_is_done(&reader));
}

/* A length of 16 bits is never cut to what is left of a longer one. */
Test(bytes, the_longest_string)
{
	static uint8_t buffer[UINT16_MAX + 16];
	static char string[UINT16_MAX + 2];
	struct bytes_writer writer;

	memset(string, 'x', UINT16_MAX);
	bytes_writer_init(&writer, buffer, sizeof(buffer));
	bytes_put_string(&writer, string);
	cr_expect_not(writer.is_full);
	cr_expect_eq(writer.used, 2 + UINT16_MAX);
	string[UINT16_MAX] = 'x';
	bytes_writer_init(&writer, buffer, sizeof(buffer));
	bytes_put_string(&writer, string);
	cr_expect(writer.is_full);
}
