/* SPDX-License-Identifier: Apache-2.0 */
/* What an event says of its kernel record: words, numbers and names. */
#include "tests/unit/policy_fixture.h"

#include <arpa/inet.h>
#include <locale.h>
#include <sys/socket.h>

#include "agent/engine/event_log.h"
#include "agent/engine/event_words.h"
#include "agent/ipc/request.h"
#include "tests/unit/fixtures/ocsf_schema.h"

/* Every number the kernel may send has its word, in the details and in the sentence. */
Test(event_record, operations_have_names)
{
	for (unsigned int operation = 0; operation < HF_OPERATION_MAX; operation++) {
		struct record record = ocsf_record(HF_RECORD_FILE);
		struct json_object *event, *ours;

		record.raw.operation = (uint8_t)operation;
		event = event_of_record(&ocsf_origin, &ocsf_numbers, NULL, &record);
		ours = member(member(event, "unmapped"), "holdfast");
		cr_expect_str_not_empty(text(ours, "operation"), "operation %u", operation);
		cr_expect_null(strstr(text(event, "message"), "(null)"), "operation %u: %s",
			operation, text(event, "message"));
		(void)json_object_put(event); /* freed */
	}
}

/* Whence a process has its labels: by whom, how, and from which files. */
Test(event_record, lineage)
{
	struct record record = ocsf_record(HF_RECORD_TAINTED);
	struct json_object *event, *lineage;

	record.raw.verdict = HF_VERDICT_ALLOW;
	record.raw.channel = HF_CHANNEL_PASS;
	record.raw.origins.count = 2;
	record.raw.origins.keys[0] = (struct hf_inode_key){.ino = 12, .dev = 8, .generation = 1};
	record.raw.origins.keys[1] = (struct hf_inode_key){.ino = 13, .dev = 8, .generation = 2};
	event = event_of_record(&ocsf_origin, &ocsf_numbers, NULL, &record);
	lineage = member(member(member(event, "unmapped"), "holdfast"), "lineage");
	cr_expect_eq(json_object_array_length(member(lineage, "origins")), 2);
	cr_expect_null(member(lineage, "hop"), "it read them itself");
	(void)json_object_put(event); /* freed */
	for (uint32_t hop = HF_HOP_FORK; hop < HF_HOP_MAX; hop++) {
		record.raw.source = (struct hf_source){.tgid = 77, .hop = hop, .start_ktime_ns = 5};
		event = event_of_record(&ocsf_origin, &ocsf_numbers, NULL, &record);
		lineage = member(member(member(event, "unmapped"), "holdfast"), "lineage");
		cr_expect_not_null(event_hop_name(hop), "hop %u", hop);
		cr_expect_str_eq(text(lineage, "hop"), event_hop_name(hop));
		cr_expect_eq(number(lineage, "from_pid"), 77);
		cr_expect(strstr(text(event, "message"), "from process 77"), "%s",
			text(event, "message"));
		check_event(event, EVENT_TAINTED);
	}
}

/* Which [declassify] it was that took the label away. */
Test(event_record, declassified)
{
	struct policy_compiled *policy = fixture_compile(
		GOOD "[declassify out]\nlabel = finance\napp = vim\npath = /srv/open\n"
		     "text = Published.\n");
	struct record record = ocsf_record(HF_RECORD_DECLASSIFIED);
	struct json_object *event, *rule;

	record.raw.verdict = HF_VERDICT_ALLOW;
	record.raw.channel = HF_CHANNEL_LOCAL_FILE;
	record.raw.app = policy_app_of_name(policy, "vim");
	record.raw.decided = 1;
	(void)snprintf(record.path, sizeof(record.path), "/srv/open/figures");
	event = event_of_record(&ocsf_origin, &ocsf_numbers, policy, &record);
	rule = member(member(member(event, "unmapped"), "holdfast"), "rule");
	cr_expect_str_eq(text(rule, "name"), "out");
	cr_expect_str_eq(text(rule, "text"), "Published.");
	cr_expect(strstr(text(event, "message"), "declassifies"), "%s", text(event, "message"));
	check_event(event, EVENT_DECLASSIFIED);
	policy_compiled_free(policy);
}

/* Allowed, logged, challenged, blocked: and a refusal is never just information. */
Test(event_record, verdicts)
{
	static const struct {
		int action, disposition, status, severity_min;
		bool is_alert;
	} wanted[HF_VERDICT_MAX] = {
		[HF_VERDICT_ALLOW] = {1, 1, 1, 1, false},
		[HF_VERDICT_AUDIT] = {1, 17, 1, 2, false},
		[HF_VERDICT_WARN] = {2, 23, 2, 3, false},
		[HF_VERDICT_BLOCK] = {2, 2, 2, 3, true},
	};

	for (unsigned int verdict = 0; verdict < HF_VERDICT_MAX; verdict++) {
		struct record record = ocsf_record(HF_RECORD_VERDICT);
		struct json_object *event;

		record.raw.verdict = (uint8_t)verdict;
		event = event_of_record(&ocsf_origin, &ocsf_numbers, NULL, &record);
		cr_expect_eq(number(event, "action_id"), wanted[verdict].action);
		cr_expect_eq(number(event, "disposition_id"), wanted[verdict].disposition);
		cr_expect_eq(number(event, "status_id"), wanted[verdict].status);
		cr_expect_geq(number(event, "severity_id"), wanted[verdict].severity_min);
		cr_expect_eq(json_object_get_boolean(member(event, "is_alert")),
			wanted[verdict].is_alert);
		(void)json_object_put(event); /* freed */
	}
}

/* What was out already: whatever the policy says of it, the event says that it was recorded. */
Test(event_record, what_nothing_could_refuse)
{
	struct record record = ocsf_record(HF_RECORD_VERDICT);
	struct json_object *event, *ours;

	record.raw.channel = HF_CHANNEL_PASS;
	record.raw.verdict = HF_VERDICT_AUDIT;
	record.raw.operation = HF_OPERATION_TAKEN;
	event = event_of_record(&ocsf_origin, &ocsf_numbers, NULL, &record);
	ours = member(member(event, "unmapped"), "holdfast");
	cr_expect_str_eq(text(ours, "verdict"), "audit");
	cr_expect_str_eq(text(ours, "operation"), "taken");
	cr_expect_eq(number(event, "action_id"), 1, "allowed");
	cr_expect_eq(number(event, "disposition_id"), 17, "logged");
	cr_expect(strstr(text(event, "message"), "could only be recorded"), "%s",
		text(event, "message"));
	cr_expect_null(strstr(text(event, "message"), "was allowed"));
	check_event(event, EVENT_PASS);
}

Test(event_record, destinations)
{
	static const struct {
		const char *address;
		int family;
	} rows[] = {{"192.0.2.7", AF_INET}, {"2001:db8::7", AF_INET6}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record record = ocsf_record(HF_RECORD_VERDICT);
		uint8_t *address = record.raw.address;
		struct json_object *event, *endpoint;

		record.raw.channel = HF_CHANNEL_NETWORK;
		record.raw.port = 443;
		if (rows[i].family == AF_INET) {
			address[10] = address[11] = 0xff;
			address += 12;
		}
		cr_assert_eq(inet_pton(rows[i].family, rows[i].address, address), 1);
		event = event_of_record(&ocsf_origin, &ocsf_numbers, NULL, &record);
		endpoint = member(event, "dst_endpoint");
		cr_expect_str_eq(text(endpoint, "ip"), rows[i].address);
		cr_expect_eq(number(endpoint, "port"), 443);
		(void)json_object_put(event); /* freed */
	}
}

/* What has to be found again after a restart. */
Test(event_record, numbers_are_in_the_event)
{
	struct record record = ocsf_record(HF_RECORD_VERDICT);
	struct json_object *event, *ours, *kernel;

	record.raw.coalesced = 4;
	record.raw.header.sequence = UINT64_MAX;
	event = event_of_record(&ocsf_origin, &ocsf_numbers, NULL, &record);
	ours = member(member(event, "unmapped"), "holdfast");
	kernel = member(ours, "kernel");
	cr_expect_eq(number(member(event, "metadata"), "sequence"), 7);
	cr_expect_eq(json_object_get_uint64(member(kernel, "sequence")), UINT64_MAX);
	cr_expect_eq(number(kernel, "delivered"), 3);
	cr_expect_eq(number(kernel, "dropped"), 2);
	cr_expect_str_eq(text(kernel, "boot"), "b00t");
	cr_expect_eq(number(event, "count"), 5);
	(void)json_object_put(event); /* freed */
}

static bool is_utf8(const char *line)
{
	return mbstowcs(NULL, line, 0) != (size_t)-1;
}

/* File and process names are any bytes; a line of the log is JSON in UTF-8 all the same. */
Test(event_record, names_of_any_bytes)
{
	cr_assert(setlocale(LC_CTYPE, "C.UTF-8"), "there is no locale C.UTF-8");
	for (unsigned int byte = 1; byte <= UINT8_MAX; byte++) {
		struct record record = ocsf_record(HF_RECORD_VERDICT);
		struct json_object *event, *back;
		const char *line;

		memset(record.comm, (int)byte, HF_COMM_SIZE);
		record.path[5] = (char)byte;
		event = event_of_record(&ocsf_origin, &ocsf_numbers, NULL, &record);
		line = json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN);
		cr_expect_null(strpbrk(line, "\n\r\x1b"), "byte %#x", byte);
		cr_expect(is_utf8(line), "byte %#x", byte);
		back = json_tokener_parse(line);
		cr_expect(back, "byte %#x", byte);
		if (byte >= 0x80)
			cr_expect_eq(text(member(back, "file"), "path")[5], '?');
		else
			cr_expect_str_eq(text(member(back, "file"), "path"), record.path);
		(void)json_object_put(back);  /* freed */
		(void)json_object_put(event); /* freed */
	}
}

#define TEXT_SIZE 180 /* a line of a policy holds no more */

/* count bytes of fill, for a text in a policy. */
static const char *long_text(int fill, size_t count)
{
	static char long_text[TEXT_SIZE + 1];

	cr_assert_leq(count, TEXT_SIZE);
	memset(long_text, fill, count);
	long_text[count] = '\0';
	return long_text;
}

/* As many labels as there are, with names and texts as long as they may be. */
static struct policy_compiled *policy_of_long_labels(void)
{
	static char ini[262144];
	size_t used = (size_t)snprintf(ini, sizeof(ini), HEAD TENANT APP);

	for (unsigned int i = 0; i < HF_LABEL_MAX; i++) {
		used += (size_t)snprintf(ini + used, sizeof(ini) - used,
			"[label abcdefghijklmnopqrstuvwxyz-lab%02u]\ntenant = acme\n"
			"path = /srv/%u\nopen-with = vim\n",
			i, i);
		used += (size_t)snprintf(
			ini + used, sizeof(ini) - used, "text = a%s\n", long_text('"', TEXT_SIZE));
		used += (size_t)snprintf(
			ini + used, sizeof(ini) - used, "title = a%s\n", long_text('"', TEXT_SIZE));
	}
	cr_assert_lt(used, sizeof(ini));
	return fixture_compile(ini);
}

/* An event that does not fit its line is lost: no name a user can choose may make it so long. */
Test(event_record, the_longest_event_fits_a_line)
{
	struct policy_compiled *policy = policy_of_long_labels();
	struct record record = ocsf_record(HF_RECORD_VERDICT);
	struct json_object *event;
	size_t size;

	record.raw.labels = record.raw.decided = UINT64_MAX;
	record.raw.reason = HF_REASON_DISCONNECTED;
	memset(record.comm, 1, HF_COMM_SIZE - 1);
	memset(record.path, 1, sizeof(record.path) - 1); /* FUSE has names of 1024 bytes */
	record.path[0] = '/';
	event = event_of_record(&ocsf_origin, &ocsf_numbers, policy, &record);
	size = strlen(json_object_to_json_string_ext(
		event, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	cr_expect_lt(size, EVENT_LOG_LINE_MAX, "%zu bytes", size);
	cr_expect_lt(size, ANSWER_LINE_MAX, "%zu bytes", size);
	(void)json_object_put(event); /* freed */
	policy_compiled_free(policy);
}
