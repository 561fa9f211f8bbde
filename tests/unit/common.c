/* SPDX-License-Identifier: Apache-2.0 */
/* Byte cursors and frames: what was put comes out, what does not fit is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "common/wire.h"

Test(bytes, round_trip)
{
	uint8_t buffer[64];
	struct bytes_writer writer;
	struct bytes_reader reader;
	char text[8];

	bytes_writer_init(&writer, buffer, sizeof(buffer));
	bytes_put_u8(&writer, 0xab);
	bytes_put_u16(&writer, 0x1234);
	bytes_put_u32(&writer, 0xdeadbeef);
	bytes_put_u64(&writer, UINT64_MAX - 1);
	bytes_put_string(&writer, "label");
	bytes_put_string(&writer, NULL);
	cr_assert(!writer.is_full);
	cr_expect_eq(buffer[1], 0x34, "little-endian");
	bytes_reader_init(&reader, buffer, writer.used);
	cr_expect_eq(bytes_get_u8(&reader), 0xab);
	cr_expect_eq(bytes_get_u16(&reader), 0x1234);
	cr_expect_eq(bytes_get_u32(&reader), 0xdeadbeef);
	cr_expect_eq(bytes_get_u64(&reader), UINT64_MAX - 1);
	bytes_get_string(&reader, text, sizeof(text));
	cr_expect_str_eq(text, "label");
	bytes_get_string(&reader, text, sizeof(text));
	cr_expect_str_eq(text, "");
	cr_expect(bytes_is_done(&reader));
}

Test(bytes, a_full_writer_stays_full)
{
	uint8_t buffer[4];
	struct bytes_writer writer;

	bytes_writer_init(&writer, buffer, sizeof(buffer));
	bytes_put_u64(&writer, 1);
	bytes_put_u8(&writer, 1);
	cr_expect(writer.is_full);
	cr_expect_eq(writer.used, 0);
}

Test(bytes, missing_bytes_are_zero_and_bad)
{
	const uint8_t bytes[] = {1, 2};
	struct bytes_reader reader;

	bytes_reader_init(&reader, bytes, sizeof(bytes));
	cr_expect_eq(bytes_get_u32(&reader), 0);
	cr_expect(reader.is_bad);
	cr_expect_eq(bytes_get_u8(&reader), 0, "an error sticks");
}

Test(bytes, strings_that_lie)
{
	const uint8_t too_long[] = {5, 0, 'a', 'b', 'c', 'd', 'e'};
	const uint8_t with_nul[] = {3, 0, 'a', 0, 'c'};
	struct bytes_reader reader;
	char text[5];

	bytes_reader_init(&reader, too_long, sizeof(too_long));
	bytes_get_string(&reader, text, sizeof(text));
	cr_expect(reader.is_bad);
	bytes_reader_init(&reader, with_nul, sizeof(with_nul));
	bytes_get_string(&reader, text, sizeof(text));
	cr_expect(reader.is_bad);
	cr_expect_str_eq(text, "");
}

Test(wire, frames)
{
	uint8_t buffer[64];
	struct bytes_writer writer;
	struct bytes_reader payload;
	uint16_t type;
	int size;

	wire_begin(&writer, buffer, sizeof(buffer), 7);
	bytes_put_u32(&writer, 42);
	size = wire_end(&writer);
	cr_assert_eq(size, WIRE_HEADER_SIZE + 4);
	cr_expect_eq(wire_open(buffer, (size_t)size, &type, &payload), 0);
	cr_expect_eq(type, 7);
	cr_expect_eq(bytes_get_u32(&payload), 42);
	cr_expect_eq(wire_open(buffer, (size_t)size - 1, &type, &payload), -EBADMSG);
	cr_expect_eq(wire_open(buffer, (size_t)size + 1, &type, &payload), -EBADMSG);
	cr_expect_eq(wire_open(buffer, 3, &type, &payload), -EBADMSG);
	buffer[0] = 9;
	cr_expect_eq(wire_open(buffer, (size_t)size, &type, &payload), -EPROTONOSUPPORT);
}
