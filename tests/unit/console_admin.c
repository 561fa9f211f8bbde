/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators may write to the store's socket; what of an event is looked at. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/ipc/admin.h"
#include "common/json.h"
#include "console/store/event_class.h"
#include "console/store/store.h"
#include "tests/unit/fixtures/ocsf_validate.h"

static const struct admin_request good = {.type = ADMIN_EVENTS,
	.flags = ADMIN_IS_FOLLOWING,
	.uses = 3,
	.days = 4,
	.limit = 5,
	.class_uid = 1001,
	.number = 6,
	.since_ms = 7,
	.until_ms = 8,
	.device = "pc-1",
	.name = "a name",
	.verdict = "block",
	.user = "anna",
	.text = "text",
	.file = "/srv/ä",
	.why = "why"};

static int decode(
	const struct admin_request *request, size_t cut, struct admin_request *ret_request)
{
	static uint8_t buffer[ADMIN_REQUEST_MAX];
	struct bytes_writer frame;
	int size;

	admin_request_put(&frame, buffer, sizeof(buffer), request);
	size = wire_end(&frame);
	cr_assert_gt(size, (int)cut);
	return admin_request_decode(buffer, (size_t)size - cut, ret_request);
}

Test(console_admin, requests_round_trip)
{
	struct admin_request back;

	cr_assert_eq(decode(&good, 0, &back), 0);
	cr_expect_arr_eq(&back, &good, sizeof(good));
}

Test(console_admin, bad_requests_write_nothing)
{
	struct admin_request request = good, back, before;

	memset(&back, 0x5a, sizeof(back));
	before = back;
	for (size_t cut = 1; cut < 80; cut++)
		cr_expect_eq(decode(&good, cut, &back), -EBADMSG);
	request.type = ADMIN_TYPE_MAX;
	cr_expect_eq(decode(&request, 0, &back), -EOPNOTSUPP);
	request.type = 0;
	cr_expect_eq(decode(&request, 0, &back), -EOPNOTSUPP);
	request = good;
	request.flags = 0x100;
	cr_expect_eq(decode(&request, 0, &back), -EINVAL);
	request = good;
	request.why[1] = '\n';
	cr_expect_eq(decode(&request, 0, &back), -EINVAL);
	request = good;
	request.device[0] = '\033';
	cr_expect_eq(decode(&request, 0, &back), -EINVAL);
	request = good;
	request.days = ADMIN_DAYS_MAX + 1;
	cr_expect_eq(decode(&request, 0, &back), -EINVAL);
	request = good;
	request.since_ms = UINT64_MAX;
	cr_expect_eq(decode(&request, 0, &back), -EINVAL);
	cr_expect_arr_eq(&back, &before, sizeof(before));
}

static int fields_of(const char *json, struct event_fields *ret_fields)
{
	return event_fields_read(json, strlen(json), ret_fields);
}

Test(console_admin, fields_of_events)
{
	struct event_fields fields;

	cr_assert_eq(fields_of("{\"time\":1700000000123,\"class_uid\":1001,\"activity_id\":14,"
			       "\"severity_id\":3,\"action_id\":2,\"disposition_id\":2,"
			       "\"actor\":{\"user\":{\"name\":\"a\\u00e4\\nb\"}},"
			       "\"device\":{\"hostname\":\"pc\",\"os\":{\"name\":\"Debian\"}},"
			       "\"unmapped\":{\"holdfast\":{\"coalesced\":7}}}",
			     &fields),
		0);
	cr_expect_eq(fields.time_ms, 1700000000123);
	cr_expect_eq(fields.class_uid, 1001);
	cr_expect_eq(fields.activity_id, 14);
	cr_expect_eq(fields.severity_id, 3);
	cr_expect_eq(fields.verdict, STORE_BLOCK);
	cr_expect_eq(fields.coalesced, 7);
	cr_expect_str_eq(fields.user, "a\xc3\xa4?b");
	cr_expect_str_eq(fields.host, "pc");
	cr_expect_str_eq(fields.os, "Debian");
}

Test(console_admin, verdicts_of_events)
{
	static const struct {
		const char *json;
		uint8_t verdict;
	} rows[] = {
		{"{\"time\":1,\"class_uid\":1,\"disposition_id\":1}", STORE_ALLOW},
		{"{\"time\":1,\"class_uid\":1,\"disposition_id\":17}", STORE_AUDIT},
		{"{\"time\":1,\"class_uid\":1,\"disposition_id\":23}", STORE_WARN},
		{"{\"time\":1,\"class_uid\":1,\"disposition_id\":2}", STORE_BLOCK},
		{"{\"time\":1,\"class_uid\":1,\"action_id\":2}", STORE_BLOCK},
		{"{\"time\":1,\"class_uid\":1}", STORE_NO_VERDICT},
	};
	struct event_fields fields;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(fields_of(rows[i].json, &fields), 0);
		cr_expect_eq(fields.verdict, rows[i].verdict, "%s", rows[i].json);
	}
}

Test(console_admin, what_is_no_event)
{
	static const char *const texts[] = {"", "x", "{", "{}", "[]", "1", "null", "\"a\"",
		"{\"time\":1}", "{\"class_uid\":1}", "{\"time\":0,\"class_uid\":1}",
		"{\"time\":-5,\"class_uid\":1}", "{\"time\":1,\"class_uid\":1",
		"{\"time\":1,\"class_uid\":1}}", "{\"time\":1,\"class_uid\":1} x",
		"{\"time\":1,\"class_uid\":1,}", "{'time':1,'class_uid':1}",
		"{\"time\":1,\"class_uid\":1,\"a\":\"\n\"}"};
	struct event_fields fields, before;
	char *deep = malloc(100000);

	memset(&fields, 0x5a, sizeof(fields));
	before = fields;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_eq(fields_of(texts[i], &fields), -EBADMSG, "%s", texts[i]);
	cr_expect_eq(event_fields_read("{\"time\":1,\0\"class_uid\":1}", 24, &fields), -EBADMSG);
	cr_expect_eq(event_fields_read("{\"time\":1,\"class_uid\":1,\"a\":\"\\\0\"}", 33, &fields),
		-EBADMSG);
	(void)strcpy(deep, "{\"time\":1,\"class_uid\":1,\"a\":");
	{
		size_t used = strlen(deep);

		memset(deep + used, '[', 40);
		memset(deep + used + 40, ']', 40);
		deep[used + 80] = '}';
		deep[used + 81] = '\0';
	}
	cr_expect_eq(fields_of(deep, &fields), -EBADMSG, "too deep");
	memset(deep, ' ', 99999);
	deep[99999] = '\0';
	cr_expect_eq(fields_of(deep, &fields), -EBADMSG, "too long");
	cr_expect_arr_eq(&fields, &before, sizeof(before));
	free(deep);
}

/* The store's table against the schema: those classes that devices may send, and every activity. */
Test(console_admin, classes_are_the_schemas)
{
	struct json_object *classes = json_at(ocsf_schema(), "classes");
	unsigned int known = 0;

	cr_expect_str_eq(json_text(ocsf_schema(), "version"), EVENT_CLASS_VERSION);
	json_object_object_foreach(classes, name, row)
	{
		struct json_object *activities = json_at(row, "attributes.activity_id.enum");
		uint32_t uid = (uint32_t)atoi(name);
		size_t i = 0;

		while (i < event_class_count && event_classes[i].class_uid != uid)
			i++;
		cr_expect_eq(json_number(row, "category_uid"), uid / 1000);
		if (i == event_class_count) {
			cr_expect_eq(uid, 2004, "the console's own alone may be missing: %s", name);
			continue;
		}
		known++;
		cr_expect_eq(json_object_object_length(activities),
			(int)event_classes[i].activity_last + 2, "%s: 0 to the last, and 99", name);
	}
	cr_expect_eq(known, event_class_count);
}

#define EVENT(class, category, activity, type, rest)                                 \
	"{\"time\":1700000000123,\"class_uid\":" class ",\"category_uid\":" category \
						       ",\"activity_id\":" activity  \
						       ",\"type_uid\":" type         \
						       ",\"metadata\":{\"version\":" \
						       "\"1.8.0\",\"product\":{}}" rest "}"

Test(console_admin, faults_of_events)
{
	static const struct {
		const char *json, *fault;
	} rows[] = {
		{EVENT("1001", "1", "14", "100114", ",\"severity_id\":1"), NULL},
		{EVENT("1001", "1", "0", "100100", ",\"severity_id\":0"), NULL},
		{EVENT("1007", "1", "99", "100799", ",\"severity_id\":99"), NULL},
		{EVENT("1002", "1", "1", "100201", ",\"severity_id\":1"), "its class"},
		{EVENT("1001", "2", "14", "100114", ",\"severity_id\":1"), "category_uid"},
		{EVENT("1001", "1", "15", "100115", ",\"severity_id\":1"), "activity_id"},
		{EVENT("1001", "1", "null", "100100", ",\"severity_id\":1"), "activity_id"},
		{EVENT("1001", "1", "14", "100113", ",\"severity_id\":1"), "type_uid"},
		{EVENT("1001", "1", "14", "\"100114\"", ",\"severity_id\":1"), "type_uid"},
		{EVENT("1001", "1", "14", "100114", ""), "severity_id"},
		{EVENT("1001", "1", "14", "100114", ",\"severity_id\":7"), "severity_id"},
		{EVENT("1001", "1", "14", "100114",
			 ",\"severity_id\":1,\"metadata\":{\"version\":\"1.7.0\"}"),
			"metadata.version"},
		{"{\"time\":1,\"class_uid\":1001,\"metadata\":{\"version\":\"1.8.0\"}}",
			"metadata.product"},
		{"{\"time\":1,\"class_uid\":1001}", "metadata.version"},
	};
	struct event_fields fields;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *fault;

		cr_assert_eq(fields_of(rows[i].json, &fields), 0, "%s", rows[i].json);
		fault = event_class_fault(&fields);
		if (rows[i].fault)
			cr_expect(fault && strstr(fault, rows[i].fault), "%s: %s", rows[i].json,
				fault ? fault : "no fault");
		else
			cr_expect_null(fault, "%s: %s", rows[i].json, fault);
	}
}
