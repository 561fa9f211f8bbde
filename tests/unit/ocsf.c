/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every event the engine can make, against what OCSF 1.8.0 requires of its class: the attributes
 * that must be there, the objects of which one must be, the numbers that are enumerated, the type
 * of each value, and the profile that brings an attribute into a class. The tables below are taken
 * from https://schema.ocsf.io/1.8.0. An attribute that is not in them is a mistake.
 */
#include "tests/unit/policy_fixture.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <locale.h>
#include <sys/socket.h>

#include "agent/engine/event_note.h"
#include "agent/engine/event_record.h"
#include "agent/engine/event_words.h"
#include "agent/engine/event_log.h"
#include "agent/engine/failure_table.h"
#include "agent/ipc/request.h"
#include "common/cleanup.h"

#define BASE "time class_uid category_uid activity_id type_uid severity_id metadata "

static const struct {
	uint16_t class_uid;
	uint8_t category_uid;
	uint8_t activity_end; /* 0 to before this one, and 99 */
	const char *name;
	const char *required;
	const char *one_of;
	const char
		*host; /* attributes that profile "host" brings; elsewhere they are the class's */
} classes[] = {
	{1001, 1, 15, "File System Activity", BASE "actor device file", NULL, ""},
	{1007, 1, 6, "Process Activity", BASE "actor device process", NULL, ""},
	{1008, 1, 11, "Event Log Activity", BASE,
		"log_file log_name log_provider log_type log_type_id", ""},
	{1010, 1, 6, "Peripheral Activity", BASE "actor device peripheral_device", NULL, ""},
	{3004, 3, 14, "Entity Management", BASE "entity", NULL, "device"},
	{4001, 4, 8, "Network Activity", BASE, "dst_endpoint src_endpoint", "device actor"},
	{5019, 5, 3, "Device Config State Change", BASE "device", NULL, ""},
	{6002, 6, 9, "Application Lifecycle", BASE "app", NULL, "device actor"},
	{6006, 6, 18, "File Hosting Activity", BASE "actor file src_endpoint", NULL, "device"},
};

static const struct {
	const char *name;
	const char *required;
	const char *one_of;
} objects[] = {
	{"metadata", "product version", NULL},
	{"product", "", "name uid"},
	{"app", "", "name uid"},
	{"device", "type_id", "ip uid name hostname instance_uid interface_uid interface_name"},
	{"actor", "", "process user invoked_by session app_name app_uid"},
	{"process", "", "pid uid cpid"},
	{"parent_process", "", "pid uid cpid"},
	{"user", "", "account name uid"},
	{"file", "name type_id", NULL},
	{"src_endpoint", "", "ip uid name hostname svc_name instance_uid domain"},
	{"dst_endpoint", "", "ip uid name hostname svc_name instance_uid domain"},
	{"connection_info", "direction_id", NULL},
	{"entity", "", "name uid device group org policy user"},
	{"peripheral_device", "name", NULL},
	{"policy", "", "name type uid"},
};

static const struct {
	enum json_type type;
	const char *names;
} types[] = {
	{json_type_int,
		"time class_uid category_uid activity_id type_uid severity_id action_id "
		"disposition_id status_id count sequence logged_time type_id pid tid created_time "
		"port protocol_num direction_id"},
	{json_type_string,
		"class_name category_name activity_name message status_code log_name name path uid "
		"hostname boot_uid version vendor_name event_code app_name ip"},
	{json_type_boolean, "is_alert"},
	{json_type_array, "profiles"},
	{json_type_object,
		"metadata product app device actor process parent_process user file src_endpoint "
		"dst_endpoint connection_info entity peripheral_device policy unmapped"},
};

/* Numbers from 0 to max; 99 is "other" everywhere. */
static const struct {
	const char *name, *object; /* object NULL = wherever it is */
	int max;
} enums[] = {
	{"severity_id", NULL, 6},
	{"status_id", NULL, 2},
	{"action_id", NULL, 4},
	{"disposition_id", NULL, 27},
	{"direction_id", NULL, 4},
	{"type_id", "device", 15},
	{"type_id", "file", 8},
	{"type_id", "entity", 7},
};

static const char security_control[] = "action_id disposition_id is_alert policy";

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct event_origin origin = {
	.hostname = "desk", .machine_id = "0123456789abcdef", .boot_id = "b00t"};
static const struct event_numbers numbers = {.sequence = 7, .delivered = 3, .dropped = 2};

static bool is_word_of(const char *words, const char *word)
{
	size_t size = strlen(word);

	for (const char *at = strstr(words, word); at; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[size] == ' ' || !at[size]))
			return true;
	return false;
}

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

static int64_t number(struct json_object *object, const char *key)
{
	return json_object_get_int64(member(object, key));
}

static const char *text(struct json_object *object, const char *key)
{
	const char *found = json_object_get_string(member(object, key));

	return found ? found : "";
}

/* How many of the words are members. */
static unsigned int count_of(struct json_object *object, const char *words)
{
	unsigned int count = 0;

	json_object_object_foreach(object, key, value)
	{
		(void)value; /* whatever it is */
		count += is_word_of(words, key);
	}
	return count;
}

static unsigned int word_count(const char *words)
{
	unsigned int count = 0;

	for (const char *at = words; *at; at++)
		count += *at != ' ' && (at == words || at[-1] == ' ');
	return count;
}

static void check_needs(
	struct json_object *object, const char *name, const char *required, const char *one_of)
{
	cr_expect_eq(count_of(object, required), word_count(required), "%s needs %s: %s", name,
		required, json_object_to_json_string(object));
	cr_expect(!one_of || count_of(object, one_of), "%s needs one of %s: %s", name, one_of,
		json_object_to_json_string(object));
}

static void check_enum(const char *object, const char *key, struct json_object *value)
{
	int64_t found = json_object_get_int64(value);

	for (size_t i = 0; i < COUNT(enums); i++)
		if (!strcmp(enums[i].name, key) &&
			(!enums[i].object || !strcmp(enums[i].object, object)))
			cr_expect(found == 99 || (found >= 0 && found <= enums[i].max),
				"%s.%s is %ld", object, key, (long)found);
}

static void check_type(const char *object, const char *key, struct json_object *value)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (is_word_of(types[i].names, key)) {
			cr_expect_eq(json_object_get_type(value), types[i].type, "%s.%s: type",
				object, key);
			return;
		}
	cr_expect_fail("%s.%s is not an attribute of the schema", object, key);
}

/* unmapped is ours: the schema says nothing about what is in it. */
static void check_object(const char *name, struct json_object *object)
{
	for (size_t i = 0; i < COUNT(objects); i++)
		if (!strcmp(objects[i].name, name))
			check_needs(object, name, objects[i].required, objects[i].one_of);
	json_object_object_foreach(object, key, value)
	{
		check_type(name, key, value);
		check_enum(name, key, value);
		if (json_object_get_type(value) == json_type_object && strcmp(key, "unmapped"))
			check_object(key, value);
	}
}

static bool has_profile(struct json_object *event, const char *wanted)
{
	struct json_object *profiles = member(member(event, "metadata"), "profiles");
	size_t count = profiles ? json_object_array_length(profiles) : 0;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(profiles, i)), wanted))
			return true;
	return false;
}

static void check_class(struct json_object *event)
{
	int64_t class_uid = number(event, "class_uid"), activity = number(event, "activity_id");
	size_t i = 0;

	while (i < COUNT(classes) && classes[i].class_uid != class_uid)
		i++;
	cr_assert_lt(i, COUNT(classes), "class %ld", (long)class_uid);
	check_needs(event, classes[i].name, classes[i].required, classes[i].one_of);
	cr_expect_str_eq(text(event, "class_name"), classes[i].name);
	cr_expect_eq(number(event, "category_uid"), classes[i].category_uid);
	cr_expect_eq(class_uid / 1000, classes[i].category_uid);
	cr_expect(activity == 99 || activity < classes[i].activity_end, "%s: activity %ld",
		classes[i].name, (long)activity);
	cr_expect_eq(number(event, "type_uid"), class_uid * 100 + activity);
	cr_expect(!count_of(event, classes[i].host) || has_profile(event, "host"),
		"%s has %s by profile host alone", classes[i].name, classes[i].host);
	cr_expect(!count_of(event, security_control) || has_profile(event, "security_control"));
}

/* Checks and puts. */
static void check_event(struct json_object *event, enum event_kind kind)
{
	cr_assert(event);
	check_object("", event);
	check_class(event);
	cr_expect_str_eq(text(member(event, "metadata"), "version"), "1.8.0");
	cr_expect_str_eq(text(member(event, "metadata"), "event_code"), ocsf_row(kind)->name);
	cr_expect_str_not_empty(text(event, "message"));
	cr_expect_gt(number(event, "time"), INT64_C(1500000000000), "milliseconds");
	cr_expect_lt(strlen(json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN)),
		EVENT_LOG_LINE_MAX);
	(void)json_object_put(event); /* freed */
}

static struct record record_of(enum hf_record_type type)
{
	struct record record = {
		.raw = {.header = {.type = (uint8_t)type, .sequence = 42, .ktime_ns = 1},
			.pid = 101,
			.tgid = 100,
			.uid = 0,
			.loginuid = 1000,
			.parent_tgid = 1,
			.app = 1,
			.verdict = HF_VERDICT_BLOCK,
			.labels = 1,
			.decided = 1,
			.policy = 7,
			.inode = {.ino = 12, .dev = 8 << 20, .generation = 3},
			.target_tgid = 55},
		.comm = "vim",
		.path = "/srv/finance/report.odt",
	};

	return record;
}

/* What a record lets be seen in different ways: a name, an address, a policy, an application. */
static void check_record_ways(struct record *record, const struct policy_compiled *policy)
{
	enum event_kind kind = event_kind_of(record);

	check_event(event_of_record(&origin, &numbers, policy, record), kind);
	check_event(event_of_record(&origin, &numbers, NULL, record), kind);
	record->path[0] = '\0';
	record->raw.inode.ino = 0;
	record->raw.loginuid = UINT32_MAX;
	record->raw.app = HF_APP_MAX - 1;
	record->raw.address[15] = 1;
	record->raw.port = 443;
	check_event(event_of_record(&origin, &numbers, policy, record), kind);
}

Test(ocsf, every_kernel_record)
{
	struct policy_compiled *policy = fixture_compile(GOOD);

	for (unsigned int type = HF_RECORD_VERDICT; type < HF_RECORD_MAX; type++)
		for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++)
			for (unsigned int verdict = 0; verdict < HF_VERDICT_MAX; verdict++) {
				struct record record = record_of(type);

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
				struct record record = record_of(type);

				record.raw.operation = (uint8_t)operation;
				record.raw.reason = (uint8_t)reason;
				check_record_ways(&record, policy);
			}
	policy_compiled_free(policy);
}

/* Every number the kernel may send has its word, in the details and in the sentence. */
Test(ocsf, operations_have_names)
{
	for (unsigned int operation = 0; operation < HF_OPERATION_MAX; operation++) {
		struct record record = record_of(HF_RECORD_FILE);
		struct json_object *event, *ours;

		record.raw.operation = (uint8_t)operation;
		event = event_of_record(&origin, &numbers, NULL, &record);
		ours = member(member(event, "unmapped"), "holdfast");
		cr_expect_str_not_empty(text(ours, "operation"), "operation %u", operation);
		cr_expect_null(strstr(text(event, "message"), "(null)"), "operation %u: %s",
			operation, text(event, "message"));
		(void)json_object_put(event); /* freed */
	}
}

/* Everything in a note, and as little as its makers give. */
/* Whence a process has its labels: by whom, how, and from which files. */
Test(ocsf, lineage)
{
	struct record record = record_of(HF_RECORD_TAINTED);
	struct json_object *event, *lineage;

	record.raw.verdict = HF_VERDICT_ALLOW;
	record.raw.channel = HF_CHANNEL_PASS;
	record.raw.origins.count = 2;
	record.raw.origins.keys[0] = (struct hf_inode_key){.ino = 12, .dev = 8, .generation = 1};
	record.raw.origins.keys[1] = (struct hf_inode_key){.ino = 13, .dev = 8, .generation = 2};
	event = event_of_record(&origin, &numbers, NULL, &record);
	lineage = member(member(member(event, "unmapped"), "holdfast"), "lineage");
	cr_expect_eq(json_object_array_length(member(lineage, "origins")), 2);
	cr_expect_null(member(lineage, "hop"), "it read them itself");
	(void)json_object_put(event); /* freed */
	for (uint32_t hop = HF_HOP_FORK; hop < HF_HOP_MAX; hop++) {
		record.raw.source = (struct hf_source){.tgid = 77, .hop = hop, .start_ktime_ns = 5};
		event = event_of_record(&origin, &numbers, NULL, &record);
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
Test(ocsf, declassified)
{
	struct policy_compiled *policy = fixture_compile(
		GOOD "[declassify out]\nlabel = finance\napp = vim\npath = /srv/open\n"
		     "text = Published.\n");
	struct record record = record_of(HF_RECORD_DECLASSIFIED);
	struct json_object *event, *rule;

	record.raw.verdict = HF_VERDICT_ALLOW;
	record.raw.channel = HF_CHANNEL_LOCAL_FILE;
	record.raw.app = policy_app_of_name(policy, "vim");
	record.raw.decided = 1;
	(void)snprintf(record.path, sizeof(record.path), "/srv/open/figures");
	event = event_of_record(&origin, &numbers, policy, &record);
	rule = member(member(member(event, "unmapped"), "holdfast"), "rule");
	cr_expect_str_eq(text(rule, "name"), "out");
	cr_expect_str_eq(text(rule, "text"), "Published.");
	cr_expect(strstr(text(event, "message"), "declassifies"), "%s", text(event, "message"));
	check_event(event, EVENT_DECLASSIFIED);
	policy_compiled_free(policy);
}

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
		check_event(event_of_note(&origin, &numbers, &full), kind);
		check_event(event_of_note(&origin, &numbers, &bare), kind);
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
			check_event(event_of_note(&origin, &numbers, &note), EVENT_FAILURE);
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

/* Allowed, logged, challenged, blocked: and a refusal is never just information. */
Test(ocsf, verdicts)
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
		struct record record = record_of(HF_RECORD_VERDICT);
		struct json_object *event;

		record.raw.verdict = (uint8_t)verdict;
		event = event_of_record(&origin, &numbers, NULL, &record);
		cr_expect_eq(number(event, "action_id"), wanted[verdict].action);
		cr_expect_eq(number(event, "disposition_id"), wanted[verdict].disposition);
		cr_expect_eq(number(event, "status_id"), wanted[verdict].status);
		cr_expect_geq(number(event, "severity_id"), wanted[verdict].severity_min);
		cr_expect_eq(json_object_get_boolean(member(event, "is_alert")),
			wanted[verdict].is_alert);
		(void)json_object_put(event); /* freed */
	}
}

Test(ocsf, destinations)
{
	static const struct {
		const char *address;
		int family;
	} rows[] = {{"192.0.2.7", AF_INET}, {"2001:db8::7", AF_INET6}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct record record = record_of(HF_RECORD_VERDICT);
		uint8_t *address = record.raw.address;
		struct json_object *event, *endpoint;

		record.raw.channel = HF_CHANNEL_NETWORK;
		record.raw.port = 443;
		if (rows[i].family == AF_INET) {
			address[10] = address[11] = 0xff;
			address += 12;
		}
		cr_assert_eq(inet_pton(rows[i].family, rows[i].address, address), 1);
		event = event_of_record(&origin, &numbers, NULL, &record);
		endpoint = member(event, "dst_endpoint");
		cr_expect_str_eq(text(endpoint, "ip"), rows[i].address);
		cr_expect_eq(number(endpoint, "port"), 443);
		(void)json_object_put(event); /* freed */
	}
}

/* What has to be found again after a restart. */
Test(ocsf, numbers_are_in_the_event)
{
	struct record record = record_of(HF_RECORD_VERDICT);
	struct json_object *event, *ours, *kernel;

	record.raw.coalesced = 4;
	record.raw.header.sequence = UINT64_MAX;
	event = event_of_record(&origin, &numbers, NULL, &record);
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
Test(ocsf, names_of_any_bytes)
{
	cr_assert(setlocale(LC_CTYPE, "C.UTF-8"), "there is no locale C.UTF-8");
	for (unsigned int byte = 1; byte <= UINT8_MAX; byte++) {
		struct record record = record_of(HF_RECORD_VERDICT);
		struct json_object *event, *back;
		const char *line;

		memset(record.comm, (int)byte, HF_COMM_SIZE);
		record.path[5] = (char)byte;
		event = event_of_record(&origin, &numbers, NULL, &record);
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
Test(ocsf, the_longest_event_fits_a_line)
{
	struct policy_compiled *policy = policy_of_long_labels();
	struct record record = record_of(HF_RECORD_VERDICT);
	struct json_object *event;
	size_t size;

	record.raw.labels = record.raw.decided = UINT64_MAX;
	record.raw.reason = HF_REASON_DISCONNECTED;
	memset(record.comm, 1, HF_COMM_SIZE - 1);
	memset(record.path, 1, sizeof(record.path) - 1); /* FUSE has names of 1024 bytes */
	record.path[0] = '/';
	event = event_of_record(&origin, &numbers, policy, &record);
	size = strlen(json_object_to_json_string_ext(
		event, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	cr_expect_lt(size, EVENT_LOG_LINE_MAX, "%zu bytes", size);
	cr_expect_lt(size, ANSWER_LINE_MAX, "%zu bytes", size);
	(void)json_object_put(event); /* freed */
	policy_compiled_free(policy);
}
