/* SPDX-License-Identifier: Apache-2.0 */
/* What any user may write to the engine's socket, and what of it is taken. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ipc/request.h"

static const struct local_request good = {
	.type = LOCAL_LABEL_SET,
	.pid = 4711,
	.minutes = 15,
	.after = UINT64_C(0x1122334455667788),
	.reason = "for the auditors",
	.label = "finance",
	.name = "report.odt",
	.path = "/srv/finance/report.odt",
};

static size_t encode(const struct local_request *request, uint8_t buffer[LOCAL_REQUEST_MAX])
{
	struct bytes_writer frame;
	int r;

	local_request_put(&frame, buffer, LOCAL_REQUEST_MAX, request);
	r = wire_end(&frame);
	cr_assert_gt(r, 0);
	return (size_t)r;
}

/* The output is written only on success. Exactly size bytes exist. */
static int decode(const void *packet, size_t size, struct local_request *ret_request)
{
	static struct local_request before;
	uint8_t *copy = malloc(size ? size : 1);
	int r;

	cr_assert(copy);
	memcpy(copy, packet, size);
	memset(ret_request, 0x5a, sizeof(*ret_request));
	before = *ret_request;
	r = local_request_decode(copy, size, ret_request);
	if (r < 0)
		cr_expect_arr_eq(ret_request, &before, sizeof(before));
	free(copy);
	return r;
}

static int result_of(const struct local_request *request)
{
	static struct local_request back;
	uint8_t buffer[LOCAL_REQUEST_MAX];
	size_t size = encode(request, buffer);

	return decode(buffer, size, &back);
}

static void expect_same(const struct local_request *a, const struct local_request *b)
{
	cr_expect_eq(a->type, b->type);
	cr_expect_eq(a->pid, b->pid);
	cr_expect_eq(a->minutes, b->minutes);
	cr_expect_eq(a->after, b->after);
	cr_expect_str_eq(a->reason, b->reason);
	cr_expect_str_eq(a->label, b->label);
	cr_expect_str_eq(a->name, b->name);
	cr_expect_str_eq(a->path, b->path);
	cr_expect_eq(a->group_count, b->group_count);
	cr_expect_arr_eq(a->groups, b->groups, sizeof(a->groups));
}

Test(request, logins_that_are_none)
{
	static struct local_request request;

	request = (struct local_request){.type = LOCAL_LOGIN,
		.stage = LOCAL_STAGE_OPEN,
		.account = "alice",
		.service = "sshd",
		.terminal = "ssh",
		.host = "192.0.2.1"};
	cr_expect_eq(result_of(&request), 0);
	request.stage = LOCAL_STAGE_CLOSE + 1;
	cr_expect_eq(result_of(&request), -EINVAL);
	request.stage = 0;
	cr_expect_eq(result_of(&request), -EINVAL);
	request.stage = LOCAL_STAGE_AUTH;
	request.account[1] = '\n';
	cr_expect_eq(result_of(&request), -EINVAL);
	request.account[0] = '\0';
	cr_expect_eq(result_of(&request), -EINVAL);
	request.account[0] = 'a', request.account[1] = '\0';
	request.terminal[0] = 27;
	cr_expect_eq(result_of(&request), -EINVAL);
	request.terminal[0] = '\0';
	cr_expect_eq(result_of(&request), 0);
	request.service[0] = '\0';
	cr_expect_eq(result_of(&request), -EINVAL);
}

Test(request, every_type_round_trips)
{
	static struct local_request back;

	for (uint16_t type = LOCAL_STATUS; type < LOCAL_TYPE_MAX; type++) {
		struct local_request request = good;
		uint8_t buffer[LOCAL_REQUEST_MAX];
		size_t size;

		request.type = type;
		if (type == LOCAL_LOGIN) {
			request.stage = LOCAL_STAGE_ACCOUNT;
			request.group_count = LOCAL_GROUP_MAX;
			request.groups[LOCAL_GROUP_MAX - 1] = 1005;
		}
		size = encode(&request, buffer);
		cr_assert_eq(decode(buffer, size, &back), 0, "type %u", type);
		expect_same(&request, &back);
	}
}

Test(request, types_that_are_none)
{
	struct local_request request = good;

	for (unsigned int type = 0; type <= UINT16_MAX; type++) {
		if (type == LOCAL_STATUS)
			type = LOCAL_TYPE_MAX;
		request.type = (uint16_t)type;
		cr_assert_eq(result_of(&request), -EOPNOTSUPP, "type %u", type);
	}
}

/* The longest texts there are go through together. */
Test(request, longest_texts)
{
	static struct local_request request, back;
	uint8_t buffer[LOCAL_REQUEST_MAX];
	size_t size;

	request.type = LOCAL_LABEL_SET;
	memset(request.reason, 'r', sizeof(request.reason) - 1);
	memset(request.label, 'l', sizeof(request.label) - 1);
	memset(request.name, 'n', sizeof(request.name) - 1);
	memset(request.path, 'p', sizeof(request.path) - 1);
	request.path[0] = '/';
	size = encode(&request, buffer);
	cr_assert_eq(decode(buffer, size, &back), 0);
	expect_same(&request, &back);
}

/* A request with one of its four texts given as it is, NULs included. */
static int result_with_text(unsigned int which, const void *text, size_t text_size)
{
	static const char *const texts[4] = {"reason", "label", "name", "/path"};
	static uint8_t buffer[LOCAL_REQUEST_MAX];
	static struct local_request back;
	struct bytes_writer frame;
	int r;

	wire_begin(&frame, buffer, sizeof(buffer), LOCAL_LABEL_SET);
	bytes_put_u32(&frame, 0);
	bytes_put_u32(&frame, 0);
	bytes_put_u64(&frame, 0);
	for (unsigned int i = 0; i < 4; i++) {
		if (i != which) {
			bytes_put_string(&frame, texts[i]);
			continue;
		}
		bytes_put_u16(&frame, (uint16_t)text_size);
		bytes_put_blob(&frame, text, text_size);
	}
	r = wire_end(&frame);
	cr_assert_gt(r, 0);
	return decode(buffer, (size_t)r, &back);
}

Test(request, texts_too_long_by_one)
{
	static const size_t sizes[4] = {
		LOCAL_REASON_SIZE, LOCAL_LABEL_SIZE, NAME_MAX + 1, LOCAL_PATH_SIZE};
	static char text[LOCAL_PATH_SIZE];

	memset(text, 'x', sizeof(text));
	text[0] = '/';
	for (unsigned int i = 0; i < 4; i++) {
		text[0] = i == 3 ? '/' : 'x';
		cr_expect_eq(result_with_text(i, text, sizes[i] - 1), 0, "text %u fits", i);
		cr_expect_eq(result_with_text(i, text, sizes[i]), -EBADMSG, "text %u", i);
	}
}

Test(request, nul_inside_a_text)
{
	for (unsigned int i = 0; i < 4; i++) {
		cr_expect_eq(result_with_text(i, "/a", 2), i == 2 ? -EINVAL : 0, "control");
		cr_expect_eq(result_with_text(i, "/\0a", 3), -EBADMSG, "text %u", i);
		cr_expect_eq(result_with_text(i, "/a\0", 3), -EBADMSG, "text %u", i);
	}
}

Test(request, every_truncation_is_refused)
{
	static struct local_request back;
	uint8_t buffer[LOCAL_REQUEST_MAX];
	size_t size = encode(&good, buffer);

	for (size_t i = 0; i < size; i++)
		cr_expect_eq(decode(buffer, i, &back), -EBADMSG, "%zu bytes", i);
	/* Also with a frame that says so. */
	for (uint16_t left = 0; left < size - WIRE_HEADER_SIZE; left++) {
		buffer[4] = (uint8_t)left;
		buffer[5] = (uint8_t)(left >> 8);
		cr_expect_eq(decode(buffer, WIRE_HEADER_SIZE + left, &back), -EBADMSG,
			"payload of %u", left);
	}
}

Test(request, trailing_bytes_are_refused)
{
	static struct local_request back;
	uint8_t buffer[LOCAL_REQUEST_MAX] = {0};
	size_t size = encode(&good, buffer);

	cr_expect_eq(decode(buffer, size + 1, &back), -EBADMSG, "behind the frame");
	buffer[4]++;
	cr_expect_eq(decode(buffer, size + 1, &back), -EBADMSG, "inside the frame");
}

Test(request, larger_than_any_request)
{
	static uint8_t buffer[LOCAL_REQUEST_MAX + 1];
	static struct local_request back;

	cr_expect_eq(decode(buffer, sizeof(buffer), &back), -EBADMSG);
}

Test(request, other_frame_version)
{
	static struct local_request back;
	uint8_t buffer[LOCAL_REQUEST_MAX];
	size_t size = encode(&good, buffer);

	buffer[0] = WIRE_VERSION + 1;
	cr_expect_eq(decode(buffer, size, &back), -EPROTONOSUPPORT);
}

/* What goes into logs must not move a terminal's cursor. */
Test(request, control_characters)
{
	for (unsigned int byte = 1; byte <= UINT8_MAX; byte++) {
		const char text[] = {'/', (char)byte};
		int wanted = byte < ' ' || byte == 0x7f ? -EINVAL : 0;

		cr_expect_eq(result_with_text(0, text, 2), wanted, "reason with %#x", byte);
		cr_expect_eq(result_with_text(1, text, 2), wanted, "label with %#x", byte);
	}
}

/* A name is one name: it leads nowhere else than into the directory sent along. */
Test(request, names_of_objects)
{
	static const uint16_t types[] = {LOCAL_LABEL_SET, LOCAL_LABEL_CLEAR, LOCAL_LABEL_SHOW};
	static const struct {
		const char *name, *path;
		int wanted;
	} rows[] = {
		{"a", "/a", 0},
		{"a\nb", "/a\nb", 0},
		{".", "/", 0},
		{"", "/a", -EINVAL},
		{"a/b", "/a/b", -EINVAL},
		{"/", "/", -EINVAL},
		{"../a", "/a", -EINVAL},
		{"a", "", -EINVAL},
		{"a", "a", -EINVAL},
		{"a", "./a", -EINVAL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t j = 0; j < sizeof(types) / sizeof(types[0]); j++) {
			struct local_request request = {.type = types[j]};

			strcpy(request.name, rows[i].name);
			strcpy(request.path, rows[i].path);
			cr_expect_eq(result_of(&request), rows[i].wanted, "'%s' in '%s'",
				rows[i].name, rows[i].path);
		}
}

Test(request, other_types_need_no_object)
{
	struct local_request request = {.type = LOCAL_STATUS};

	cr_expect_eq(result_of(&request), 0);
}

static size_t answer_encode(
	uint16_t type, int error, const char *text, uint8_t *buffer, size_t size)
{
	struct bytes_writer frame;
	int r;

	wire_begin(&frame, buffer, size, type);
	if (type == ANSWER_END)
		bytes_put_u32(&frame, (uint32_t)error);
	bytes_put_string(&frame, text);
	r = wire_end(&frame);
	cr_assert_gt(r, 0);
	return (size_t)r;
}

Test(request, answers_round_trip)
{
	static struct answer answer;
	static uint8_t buffer[ANSWER_LINE_MAX + 64];
	size_t size;

	size = answer_encode(ANSWER_LINE, 0, "{\"a\":1}", buffer, sizeof(buffer));
	cr_assert_eq(answer_decode(buffer, size, &answer), 0);
	cr_expect_eq(answer.type, ANSWER_LINE);
	cr_expect_str_eq(answer.text, "{\"a\":1}");
	size = answer_encode(ANSWER_END, -ENOENT, "nothing", buffer, sizeof(buffer));
	cr_assert_eq(answer_decode(buffer, size, &answer), 0);
	cr_expect_eq(answer.type, ANSWER_END);
	cr_expect_eq(answer.error, -ENOENT);
	cr_expect_str_eq(answer.text, "nothing");
}

Test(request, bad_answers_write_nothing)
{
	static struct answer answer, before;
	static uint8_t buffer[2 * ANSWER_LINE_MAX];
	static char text[ANSWER_LINE_MAX + 1];
	size_t size;

	memset(&answer, 0x5a, sizeof(answer));
	before = answer;
	size = answer_encode(ANSWER_LINE, 0, "{}", buffer, sizeof(buffer));
	for (size_t cut = 0; cut < size; cut++)
		cr_expect_lt(answer_decode(buffer, cut, &answer), 0);
	size = answer_encode(LOCAL_STATUS, 0, "{}", buffer, sizeof(buffer));
	cr_expect_eq(answer_decode(buffer, size, &answer), -EBADMSG);
	size = answer_encode(ANSWER_END, 1, "", buffer, sizeof(buffer));
	cr_expect_eq(answer_decode(buffer, size, &answer), -EBADMSG);
	memset(text, 'x', ANSWER_LINE_MAX);
	size = answer_encode(ANSWER_LINE, 0, text, buffer, sizeof(buffer));
	cr_expect_eq(answer_decode(buffer, size, &answer), -EBADMSG);
	cr_expect_arr_eq(&answer, &before, sizeof(before));
}
