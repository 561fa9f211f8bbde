/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: one packet is one frame, whole, of our version and with nothing behind it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "common/wire.h"

#define TYPE 0x1234

/* A frame with one u32 in it: 12 bytes. */
static size_t frame_make(uint8_t *buffer, size_t size)
{
	struct bytes_writer frame;
	int r;

	wire_begin(&frame, buffer, size, TYPE);
	bytes_put_u32(&frame, 4711);
	r = wire_end(&frame);
	cr_assert_eq(r, WIRE_HEADER_SIZE + 4);
	return (size_t)r;
}

/* Outputs are written only on success. */
static int open_result(const uint8_t *packet, size_t size)
{
	struct bytes_reader untouched, payload;
	uint16_t type = 7;
	int r;

	memset(&untouched, 0x5a, sizeof(untouched));
	payload = untouched;
	r = wire_open(packet, size, &type, &payload);
	if (r < 0) {
		cr_expect_eq(type, 7);
		cr_expect(payload.at == untouched.at && payload.left == untouched.left);
	}
	return r;
}

Test(wire, round_trip)
{
	struct bytes_reader payload;
	uint8_t buffer[64];
	uint16_t type;
	size_t size = frame_make(buffer, sizeof(buffer));

	cr_assert_eq(wire_open(buffer, size, &type, &payload), 0);
	cr_expect_eq(type, TYPE);
	cr_expect_eq(payload.left, 4);
	cr_expect_eq(bytes_get_u32(&payload), 4711);
	cr_expect(bytes_is_done(&payload));
}

Test(wire, header_as_documented)
{
	static const uint8_t wanted[8] = {WIRE_VERSION, 0, 0x34, 0x12, 4, 0, 0, 0};
	uint8_t buffer[64];

	(void)frame_make(buffer, sizeof(buffer)); /* its size is checked there */
	cr_expect_arr_eq(buffer, wanted, sizeof(wanted));
}

Test(wire, empty_payload)
{
	struct bytes_writer frame;
	struct bytes_reader payload;
	uint8_t buffer[WIRE_HEADER_SIZE];
	uint16_t type;

	wire_begin(&frame, buffer, sizeof(buffer), TYPE);
	cr_assert_eq(wire_end(&frame), WIRE_HEADER_SIZE);
	cr_assert_eq(wire_open(buffer, sizeof(buffer), &type, &payload), 0);
	cr_expect(bytes_is_done(&payload));
}

Test(wire, every_truncation_is_refused)
{
	uint8_t buffer[64];
	size_t size = frame_make(buffer, sizeof(buffer));

	for (size_t i = 0; i < size; i++)
		cr_expect_eq(open_result(buffer, i), -EBADMSG, "%zu bytes", i);
	cr_expect_eq(open_result(buffer, size), 0);
}

Test(wire, trailing_bytes_are_refused)
{
	uint8_t buffer[64] = {0};
	size_t size = frame_make(buffer, sizeof(buffer));

	for (size_t i = size + 1; i <= sizeof(buffer); i++)
		cr_expect_eq(open_result(buffer, i), -EBADMSG, "%zu bytes", i);
}

Test(wire, other_versions_are_refused)
{
	static const uint16_t versions[] = {0, WIRE_VERSION + 1, WIRE_VERSION << 8, UINT16_MAX};
	uint8_t buffer[64];
	size_t size = frame_make(buffer, sizeof(buffer));

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		buffer[0] = (uint8_t)versions[i];
		buffer[1] = (uint8_t)(versions[i] >> 8);
		cr_expect_eq(open_result(buffer, size), -EPROTONOSUPPORT, "%u", versions[i]);
	}
}

Test(wire, announced_sizes_that_lie)
{
	static const uint32_t sizes[] = {0, 3, 5, 12, 0x10004, 0x80000004, UINT32_MAX};
	uint8_t buffer[64];
	size_t size = frame_make(buffer, sizeof(buffer));

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (unsigned int byte = 0; byte < 4; byte++)
			buffer[4 + byte] = (uint8_t)(sizes[i] >> (8 * byte));
		cr_expect_eq(open_result(buffer, size), -EBADMSG, "%u", sizes[i]);
	}
}

Test(wire, what_does_not_fit_is_told_at_the_end)
{
	struct bytes_writer frame;
	uint8_t buffer[WIRE_HEADER_SIZE + 3];

	wire_begin(&frame, buffer, sizeof(buffer), TYPE);
	bytes_put_u32(&frame, 1);
	cr_expect_eq(wire_end(&frame), -EMSGSIZE);
	for (size_t size = 0; size < WIRE_HEADER_SIZE; size++) {
		wire_begin(&frame, buffer, size, TYPE);
		cr_expect_eq(wire_end(&frame), -EMSGSIZE, "%zu bytes", size);
	}
}

Test(wire, no_frame_is_larger_than_the_maximum)
{
	static uint8_t buffer[2 * WIRE_FRAME_MAX], blob[WIRE_PAYLOAD_MAX + 1];
	struct bytes_writer frame;

	wire_begin(&frame, buffer, sizeof(buffer), TYPE);
	bytes_put_blob(&frame, blob, WIRE_PAYLOAD_MAX);
	cr_expect_eq(wire_end(&frame), WIRE_FRAME_MAX);
	wire_begin(&frame, buffer, sizeof(buffer), TYPE);
	bytes_put_blob(&frame, blob, WIRE_PAYLOAD_MAX + 1);
	cr_expect_eq(wire_end(&frame), -EMSGSIZE);
}
