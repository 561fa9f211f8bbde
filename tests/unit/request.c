/* SPDX-License-Identifier: Apache-2.0 */
/* Local requests: outside bytes for the engine. */
#include "agent/ipc/request.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static uint8_t packet[LOCAL_REQUEST_MAX + 1];

static size_t encode(const struct local_request *request)
{
	struct bytes_writer frame;

	local_request_put(&frame, packet, sizeof(packet), request);
	cr_assert_gt(wire_end(&frame), 0);
	return frame.used;
}

static struct local_request label_set(void)
{
	struct local_request request = {.type = LOCAL_LABEL_SET};

	(void)snprintf(request.label, sizeof(request.label), "finance");
	(void)snprintf(request.name, sizeof(request.name), "doc.txt");
	(void)snprintf(request.path, sizeof(request.path), "/srv/doc.txt");
	return request;
}

Test(request, round_trip)
{
	struct local_request request = label_set(), back;
	size_t size;

	request.pid = 7;
	request.minutes = 15;
	request.after = UINT64_MAX;
	size = encode(&request);
	cr_assert_eq(local_request_decode(packet, size, &back), 0);
	cr_expect_eq(back.pid, 7);
	cr_expect_eq(back.minutes, 15);
	cr_expect_eq(back.after, UINT64_MAX);
	cr_expect_str_eq(back.label, "finance");
	cr_expect_str_eq(back.path, "/srv/doc.txt");
}

Test(request, every_cut_is_refused)
{
	const struct local_request request = label_set();
	struct local_request back;
	size_t size = encode(&request);

	for (size_t i = 0; i < size; i++)
		cr_expect_lt(local_request_decode(packet, i, &back), 0, "cut at %zu", i);
	packet[size] = 0;
	cr_expect_eq(local_request_decode(packet, size + 1, &back), -EBADMSG, "trailing byte");
	cr_expect_eq(local_request_decode(packet, sizeof(packet), &back), -EBADMSG, "too long");
}

Test(request, types)
{
	struct local_request request = {.type = 0}, back;

	cr_expect_eq(local_request_decode(packet, encode(&request), &back), -EOPNOTSUPP);
	request.type = LOCAL_POLICY_SHOW + 1;
	cr_expect_eq(local_request_decode(packet, encode(&request), &back), -EOPNOTSUPP);
	request.type = LOCAL_END;
	cr_expect_eq(local_request_decode(packet, encode(&request), &back), -EOPNOTSUPP);
}

Test(request, text_that_would_do_something)
{
	struct local_request request = {.type = LOCAL_JUSTIFY}, back;

	(void)snprintf(request.reason, sizeof(request.reason), "because\nfake line");
	cr_expect_eq(local_request_decode(packet, encode(&request), &back), -EINVAL);
	(void)snprintf(request.reason, sizeof(request.reason), "\033[2J");
	cr_expect_eq(local_request_decode(packet, encode(&request), &back), -EINVAL);
	request = label_set();
	(void)snprintf(request.name, sizeof(request.name), "../etc");
	cr_expect_eq(local_request_decode(packet, encode(&request), &back), -EINVAL);
	request = label_set();
	(void)snprintf(request.path, sizeof(request.path), "relative");
	cr_expect_eq(local_request_decode(packet, encode(&request), &back), -EINVAL);
}
