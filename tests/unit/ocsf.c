/* SPDX-License-Identifier: Apache-2.0 */
/* Every event the engine can make, against what OCSF 1.8.0 requires of its class. */
#include "tests/unit/policy_fixture.h"

#include <string.h>

#include "agent/engine/failure_table.h"
#include "common/json.h"
#include "tests/unit/fixtures/ocsf_schema.h"
#include "tests/unit/fixtures/ocsf_validate.h"

/* What a record lets be seen in different ways: a name, an address, a policy, an application. */
static void check_record_ways(struct record *record, const struct policy_compiled *policy)
{
	enum event_kind kind = event_kind_of(record);

	check_event(event_of_record(&ocsf_origin, &ocsf_numbers, policy, record), kind);
	check_event(event_of_record(&ocsf_origin, &ocsf_numbers, NULL, record), kind);
	record->path[0] = '\0';
	record->raw.inode.ino = 0;
	record->raw.loginuid = UINT32_MAX;
	record->raw.app = HF_APP_MAX - 1;
	record->raw.address[15] = 1;
	record->raw.port = 443;
	check_event(event_of_record(&ocsf_origin, &ocsf_numbers, policy, record), kind);
}

Test(ocsf, every_kernel_record)
{
	struct policy_compiled *policy = fixture_compile(GOOD);

	for (unsigned int type = HF_RECORD_VERDICT; type < HF_RECORD_MAX; type++)
		for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++)
			for (unsigned int verdict = 0; verdict < HF_VERDICT_MAX; verdict++) {
				struct record record = ocsf_record(type);

				record.raw.channel = (uint8_t)channel;
				record.raw.verdict = (uint8_t)verdict;
				record.raw.operation = HF_OPERATION_WRITE;
				check_record_ways(&record, policy);
			}
	policy_compiled_free(policy);
}

Test(ocsf, every_operation_and_reason)
{
	struct policy_compiled *policy = fixture_compile(GOOD);

	for (unsigned int type = HF_RECORD_VERDICT; type < HF_RECORD_MAX; type++)
		for (unsigned int operation = 0; operation < HF_OPERATION_MAX; operation++)
			for (unsigned int reason = 0; reason < HF_REASON_MAX; reason++) {
				struct record record = ocsf_record(type);

				record.raw.operation = (uint8_t)operation;
				record.raw.reason = (uint8_t)reason;
				check_record_ways(&record, policy);
			}
	policy_compiled_free(policy);
}

/* Everything in a note, and as little as its makers give. */
Test(ocsf, every_note)
{
	struct json_object *details = json_object_new_object();
	const struct event_login login = {"alice", 1000, "sshd", "192.0.2.1"};

	for (unsigned int kind = 0; kind < EVENT_KIND_MAX; kind++) {
		const struct event_note full = {.kind = kind,
			.message = "something happened",
			.is_failure = true,
			.status_code = "log-torn",
			.uid = 0,
			.has_uid = true,
			.path = "/srv/a",
			.name = "a",
			.version = 3,
			.count = 9,
			.comm = "holdfast",
			.pid = 100,
			.login = &login,
			.details = details};
		const struct event_note bare = {.kind = kind, .message = "something happened"};

		if (ocsf_row(kind)->objects & (OCSF_DST | OCSF_SRC | OCSF_PROCESS))
			continue; /* of kernel records only */
		check_event(event_of_note(&ocsf_origin, &ocsf_numbers, &full), kind);
		check_event(event_of_note(&ocsf_origin, &ocsf_numbers, &bare), kind);
	}
	(void)json_object_put(details); /* freed */
}

Test(ocsf, every_failure)
{
	for (unsigned int reason = 0; reason < FAILURE_REASON_MAX; reason++) {
		const struct failure_row *row = failure_row(reason);
		const struct event_note note = {.kind = EVENT_FAILURE,
			.is_failure = true,
			.message = row->text,
			.status_code = row->name};

		if (row->name)
			check_event(
				event_of_note(&ocsf_origin, &ocsf_numbers, &note), EVENT_FAILURE);
	}
}

Test(ocsf, rows_are_whole)
{
	for (unsigned int kind = 0; kind < EVENT_KIND_MAX; kind++) {
		const struct ocsf_row *row = ocsf_row(kind);

		cr_assert(row->name && row->class_name && row->category_name && row->activity_name,
			"%u", kind);
		cr_expect(row->severity_id >= 1 && row->severity_id <= 6, "%s", row->name);
		for (unsigned int other = 0; other < kind; other++)
			cr_expect_str_neq(row->name, ocsf_row(other)->name);
	}
}

/* The numbers of Peripheral Activity: 1 Connect, 2 Disconnect. */
Test(ocsf, devices_come_and_go)
{
	cr_expect_eq(ocsf_row(EVENT_DEVICE)->activity_id, 1);
	cr_expect_str_eq(ocsf_row(EVENT_DEVICE)->activity_name, "Connect");
	cr_expect_eq(ocsf_row(EVENT_DEVICE_GONE)->activity_id, 2);
	cr_expect_str_eq(ocsf_row(EVENT_DEVICE_GONE)->activity_name, "Disconnect");
}

/* A record's event, and what must be found when one thing in it is changed. */
static struct json_object *good_event(void)
{
	struct record record = ocsf_record(HF_RECORD_VERDICT);
	struct json_object *event;

	record.raw.channel = HF_CHANNEL_NETSHARE;
	event = event_of_record(&ocsf_origin, &ocsf_numbers, NULL, &record);
	cr_assert_null(ocsf_fault(event), "%s", ocsf_fault(event));
	return event;
}

/* path: "a.b.c", whose last name is set to the JSON text, or taken away. */
static void spoil(struct json_object *event, const char *path, const char *json)
{
	const char *last = strrchr(path, '.');
	char parent[64];
	struct json_object *object = event;

	if (last) {
		(void)snprintf(parent, sizeof(parent), "%.*s", (int)(last - path), path);
		object = json_at(event, parent);
	}
	cr_assert_not_null(object, "%s", path);
	last = last ? last + 1 : path;
	if (json)
		(void)json_object_object_add(object, last, json_tokener_parse(json));
	else
		json_object_object_del(object, last);
}

Test(ocsf, what_does_not_fit_is_found)
{
	static const struct {
		const char *path, *json, *fault;
	} spoilt[] = {
		{"file", NULL, "has no file"},
		{"actor", NULL, "has no actor"},
		{"src_endpoint", NULL, "has no src_endpoint"},
		{"metadata.product", NULL, "has no product"},
		{"metadata.version", "\"1.7.0\"", "not the schema's"},
		{"severity_id", NULL, "has no severity_id"},
		{"severity_id", "7", "not enumerated"},
		{"severity_id", "\"3\"", "no integer_t"},
		{"activity_id", "18", "not enumerated"},
		{"activity_name", "\"Download\"", "is called 'Upload'"},
		{"type_uid", "600602", "class_uid * 100"},
		{"category_uid", "1", "not the class's"},
		{"class_name", "\"File System Activity\"", "another class's"},
		{"class_uid", "6005", "not in the subset"},
		{"class_uid", "5002", "not in the subset"},
		{"metadata.profiles", "[\"host\"]", "profile 'security_control'"},
		{"metadata.profiles", "[\"security_control\"]", "profile 'host'"},
		{"metadata.profiles", "[1]", "no string_t"},
		{"metadata.profiles", "\"host\"", "no array"},
		{"file.signature", "{}", "deprecated"},
		{"file.type_id", NULL, "has no type_id"},
		{"file.size", "\"3\"", "no long_t"},
		{"actor.process", "{}", "none of"},
		{"actor.user", "{\"uid\":0}", "no string_t"},
		{"src_endpoint.port", "65536", "out of its range"},
		{"src_endpoint", "{}", "none of"},
		{"device.colour", "\"red\"", "does not know"},
		{"colour", "\"red\"", "does not know"},
		{"is_alert", "1", "no boolean_t"},
		{"time", "\"now\"", "no long_t"},
	};

	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		struct json_object *event = good_event();
		const char *fault;

		spoil(event, spoilt[i].path, spoilt[i].json);
		fault = ocsf_fault(event);
		cr_expect(fault && strstr(fault, spoilt[i].fault), "%s = %s: %s", spoilt[i].path,
			spoilt[i].json ? spoilt[i].json : "nothing", fault ? fault : "no fault");
		(void)json_object_put(event); /* freed */
	}
}

/* What is ours alone may hold anything. */
Test(ocsf, unmapped_is_free)
{
	struct json_object *event = good_event();

	spoil(event, "unmapped.holdfast.colour", "[\"red\", 1, {}]");
	cr_expect_null(ocsf_fault(event));
	(void)json_object_put(event); /* freed */
}
