/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kind of event against what OCSF 1.8.0 requires of its class: a compact table, drawn from
 * the schema's event and object definitions.
 */
#include "agent/engine/event_note.h"
#include "agent/engine/event_record.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/failure_table.h"

struct class
{
	unsigned int class_uid, category_uid;
	unsigned int activity_last; /* 1 .. this, or 99 */
	const char *required[8];    /* beyond those of every class; "a|b" = one of them */
};

static const struct class classes[] = {
	{1001, 1, 14, {"actor", "device", "file"}},
	{1007, 1, 5, {"actor", "device", "process"}},
	{1008, 1, 10, {"log_name"}},
	{1010, 1, 5, {"actor", "device", "peripheral_device"}},
	{3004, 3, 13, {"entity"}},
	{4001, 4, 7, {NULL}},
	{5019, 5, 2, {"device"}},
	{6002, 6, 8, {"app"}},
	{6006, 6, 17, {"actor", "file", "src_endpoint"}},
};

static const char *const required_of_all[] = {
	"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"};

/* What objects require of themselves; several names in one row = at least one of them. */
static const struct {
	const char *object;
	const char *members[8];
	bool is_any;
} objects[] = {
	{"metadata", {"product", "version"}, false},
	{"device", {"type_id"}, false},
	{"file", {"name", "type_id"}, false},
	{"actor", {"process", "user", "invoked_by", "session", "app_name", "app_uid"}, true},
	{"src_endpoint", {"ip", "uid", "name", "hostname"}, true},
	{"dst_endpoint", {"ip", "uid", "name", "hostname"}, true},
	{"connection_info", {"direction_id"}, false},
	{"entity", {"name", "uid", "device", "policy", "user"}, true},
	{"peripheral_device", {"name"}, false},
	{"process", {"pid", "uid", "cpid"}, true},
	{"app", {"name", "uid"}, true},
	{"policy", {"name", "type", "uid"}, true},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct json_object *at(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	(void)json_object_object_get_ex(object, key, &value);
	return value;
}

static void check_object(struct json_object *event, size_t row)
{
	struct json_object *object = at(event, objects[row].object);
	unsigned int found = 0, wanted = 0;

	if (!object)
		return;
	for (; wanted < 8 && objects[row].members[wanted]; wanted++)
		if (at(object, objects[row].members[wanted]))
			found++;
	cr_expect(objects[row].is_any ? found > 0 : found == wanted, "%s in %s",
		objects[row].object, json_object_to_json_string(event));
}

static void check(struct json_object *event)
{
	uint64_t class_uid, activity;
	const struct class *class = NULL;

	cr_assert_not_null(event);
	for (size_t i = 0; i < COUNT(required_of_all); i++)
		cr_expect_not_null(at(event, required_of_all[i]), "%s in %s", required_of_all[i],
			json_object_to_json_string(event));
	class_uid = json_object_get_uint64(at(event, "class_uid"));
	activity = json_object_get_uint64(at(event, "activity_id"));
	for (size_t i = 0; i < COUNT(classes); i++)
		if (classes[i].class_uid == class_uid)
			class = &classes[i];
	cr_assert_not_null(class, "class %lu", (unsigned long)class_uid);
	cr_expect_eq(json_object_get_uint64(at(event, "category_uid")), class->category_uid);
	cr_expect((activity >= 1 && activity <= class->activity_last) || activity == 99);
	cr_expect_eq(json_object_get_uint64(at(event, "type_uid")), class_uid * 100 + activity);
	cr_expect_leq(json_object_get_uint64(at(event, "severity_id")), 6);
	for (size_t i = 0; i < COUNT(class->required) && class->required[i]; i++)
		cr_expect_not_null(at(event, class->required[i]), "%s of class %lu",
			class->required[i], (unsigned long)class_uid);
	for (size_t i = 0; i < COUNT(objects); i++)
		check_object(event, i);
	cr_expect_str_eq(json_object_get_string(at(at(event, "metadata"), "version")), "1.8.0");
	(void)json_object_put(event); /* freed */
}

static const struct event_origin origin = {"host", "0123", "boot"};
static const struct event_numbers numbers = {7, 3};

static struct record record_of(unsigned int type, unsigned int channel, unsigned int verdict)
{
	struct record record = {
		.raw = {.header = {.type = (uint8_t)type, .sequence = 5},
			.channel = (uint8_t)channel,
			.verdict = (uint8_t)verdict,
			.tgid = 10,
			.pid = 11,
			.target_tgid = 12,
			.operation = HF_OPERATION_RENAME,
			.decided = 1},
		.comm = "cat",
		.path = "/srv/x",
	};

	return record;
}

Test(event, every_record)
{
	for (unsigned int type = HF_RECORD_VERDICT; type <= HF_RECORD_FILE; type++)
		for (unsigned int channel = 0; channel <= HF_CHANNEL_MOUNT; channel++)
			for (unsigned int verdict = 0; verdict < HF_VERDICT_MAX; verdict++) {
				struct record record = record_of(type, channel, verdict);

				check(event_of_record(&origin, &numbers, NULL, &record));
			}
}

Test(event, every_note)
{
	for (unsigned int kind = 0; kind < EVENT_KIND_MAX; kind++) {
		const struct event_note note = {.kind = kind, .message = "text", .path = "/x"};

		check(event_of_note(&origin, &numbers, &note));
	}
}

Test(event, verdicts_are_told_apart)
{
	static const unsigned int dispositions[HF_VERDICT_MAX] = {1, 17, 23, 2};

	for (unsigned int verdict = 0; verdict < HF_VERDICT_MAX; verdict++) {
		struct record record = record_of(HF_RECORD_VERDICT, HF_CHANNEL_OPEN, verdict);
		struct json_object *event = event_of_record(&origin, &numbers, NULL, &record);

		cr_expect_eq(
			json_object_get_uint64(at(event, "disposition_id")), dispositions[verdict]);
		cr_expect_eq(json_object_get_uint64(at(event, "action_id")),
			verdict >= HF_VERDICT_WARN ? 2 : 1);
		(void)json_object_put(event); /* freed */
	}
}

/* JSON is UTF-8, file names are not. */
Test(event, name_that_is_no_text)
{
	struct record record = record_of(HF_RECORD_VERDICT, HF_CHANNEL_OPEN, HF_VERDICT_BLOCK);
	struct json_object *event, *file;

	(void)snprintf(record.path, sizeof(record.path), "/srv/\xff\xfe\n");
	event = event_of_record(&origin, &numbers, NULL, &record);
	file = at(event, "file");
	cr_expect_str_eq(json_object_get_string(at(file, "path")), "/srv/\?\?\n");
	cr_expect_null(strchr(json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN), '\n'),
		"one event, one line");
	(void)json_object_put(event); /* freed */
}

Test(failure_table, every_reason_of_the_kernel_has_its_row)
{
	for (unsigned int reason = HF_REASON_RULE + 1; reason < HF_REASON_MAX; reason++) {
		cr_expect_not_null(failure_row(reason)->name, "reason %u", reason);
		cr_expect_eq(failure_row(reason)->action, FAILURE_CLOSED,
			"what the kernel could not tell, it refused");
	}
	cr_expect_null(failure_row(FAILURE_REASON_MAX)->name);
	cr_expect_eq(failure_row(FAILURE_REASON_MAX)->action, FAILURE_CLOSED);
}
