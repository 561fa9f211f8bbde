/* SPDX-License-Identifier: Apache-2.0 */
/* Every event the engine can make, against what OCSF 1.8.0 requires of its class. */
#include "tests/unit/policy_fixture.h"

#include "agent/engine/failure_table.h"
#include "tests/unit/fixtures/ocsf_schema.h"

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
