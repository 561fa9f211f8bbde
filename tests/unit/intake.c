/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel records into the log, with the real journal below and this test in the sensor's place:
 * what was handed over is delivered or dropped, each once, and the sums hold over a restart.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/engine/engine.h"

static char directory[] = "/tmp/holdfast-intake-XXXXXX";
static struct engine engine;
static struct policy_compiled *policy;
static uint8_t taken_frame[64];
static unsigned int taken; /* what the sensor was told is safe */

void link_begin(struct bytes_writer *frame, unsigned int type)
{
	wire_begin(frame, taken_frame, sizeof(taken_frame), (uint16_t)type);
}

void link_send(struct engine *unused, struct bytes_writer *frame, int fd)
{
	struct bytes_reader payload;
	uint16_t type;

	(void)unused;
	cr_assert_eq(fd, -1);
	cr_assert_eq(wire_open(taken_frame, (size_t)wire_end(frame), &type, &payload), 0);
	cr_assert_eq(type, MESSAGE_TAKEN);
	taken += bytes_get_u32(&payload);
	cr_assert(bytes_is_done(&payload));
}

static void engine_start(void)
{
	size_t torn;

	memset(&engine, 0, sizeof(engine));
	engine.policy = policy;
	(void)snprintf(engine.origin.boot_id, sizeof(engine.origin.boot_id), "b00t");
	cr_assert_eq(event_log_open(directory, NULL, &engine.log, &torn), 0);
	engine.recent = recent_new();
	cr_assert(engine.recent);
	cr_assert_eq(journal_restore(&engine), 0);
}

static void engine_stop(void)
{
	event_log_free(engine.log);
	recent_free(engine.recent);
}

static void start(void)
{
	policy = calloc(1, sizeof(*policy));
	cr_assert(policy);
	cr_assert(mkdtemp(directory), "cannot make '%s'", directory);
	engine_start();
}

static void stop(void)
{
	DIR *entries;

	engine_stop();
	free(policy);
	entries = opendir(directory);
	for (struct dirent *entry = entries ? readdir(entries) : NULL; entry;
		entry = readdir(entries))
		(void)unlinkat(dirfd(entries), entry->d_name, 0); /* "." and ".." stay */
	if (entries)
		(void)closedir(entries);
	(void)rmdir(directory); /* what is left in /tmp is no failure of the engine */
}

TestSuite(intake, .init = start, .fini = stop);

static struct hf_record record_of(uint64_t sequence)
{
	struct hf_record record = {.header = {.type = HF_RECORD_VERDICT,
					   .version = HF_RECORD_VERSION,
					   .size = sizeof(record),
					   .sequence = sequence},
		.verdict = HF_VERDICT_BLOCK,
		.labels = 1,
		.comm = "cat"};

	return record;
}

static void hand_over(const struct hf_record *records, unsigned int count, size_t size)
{
	static uint8_t bytes[WIRE_PAYLOAD_MAX];
	struct bytes_writer frame;
	struct bytes_reader payload;

	bytes_writer_init(&frame, bytes, sizeof(bytes));
	bytes_put_u16(&frame, (uint16_t)count);
	for (unsigned int i = 0; i < count; i++) {
		bytes_put_u16(&frame, (uint16_t)size);
		bytes_put_blob(&frame, &records[i], size);
	}
	cr_assert_not(frame.is_full);
	bytes_reader_init(&payload, bytes, frame.used);
	intake_records(&engine, &payload);
	cr_assert(bytes_is_done(&payload));
}

static void expect_sums(uint64_t delivered, uint64_t dropped)
{
	cr_expect_eq(engine.accounting.delivered, delivered, "delivered %lu",
		(unsigned long)engine.accounting.delivered);
	cr_expect_eq(engine.accounting.dropped, dropped, "dropped %lu",
		(unsigned long)engine.accounting.dropped);
}

static void restart(void)
{
	engine_stop();
	engine_start();
}

static bool is_last_event(const char *code)
{
	const struct recent_event *event = recent_get(engine.recent, 0);
	char wanted[64];

	(void)snprintf(wanted, sizeof(wanted), "\"event_code\":\"%s\"", code);
	return event && strstr(event->json, wanted);
}

/* Label names so long that no line holds the event. */
static void labels_too_long(struct hf_record *record)
{
	static char name[1024];

	memset(name, 1, sizeof(name) - 1);
	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++)
		policy->label[bit].name = name;
	record->labels = UINT64_MAX;
}

Test(intake, delivered_once)
{
	const struct hf_record records[] = {record_of(1), record_of(2), record_of(3)};

	hand_over(records, 3, sizeof(records[0]));
	cr_expect_eq(taken, 3);
	expect_sums(3, 0);
	hand_over(records, 3, sizeof(records[0]));
	cr_expect_eq(taken, 6, "safe already");
	expect_sums(3, 0);
	cr_expect_eq(engine.accounting.again, 3);
	restart();
	expect_sums(3, 0);
	hand_over(records, 3, sizeof(records[0]));
	expect_sums(3, 0);
}

Test(intake, too_long_for_a_line_is_dropped_and_told)
{
	struct hf_record record = record_of(1);

	labels_too_long(&record);
	hand_over(&record, 1, sizeof(record));
	cr_expect_eq(taken, 1, "the ring must not wait for it for ever");
	expect_sums(0, 1);
	cr_expect(is_last_event("events-dropped"));
	cr_expect_eq(engine.failures[FAILURE_RECORD_BAD].count, 1);
	hand_over(&record, 1, sizeof(record));
	expect_sums(0, 1);
	restart();
	expect_sums(0, 1);
	hand_over(&record, 1, sizeof(record));
	expect_sums(0, 1);
	record = record_of(2);
	hand_over(&record, 1, sizeof(record));
	expect_sums(1, 1);
	restart();
	expect_sums(1, 1);
}

Test(intake, what_does_not_decode_is_dropped_and_told)
{
	struct hf_record records[] = {record_of(1), record_of(2)};

	records[0].channel = HF_CHANNEL_MAX;
	hand_over(records, 2, sizeof(records[0]));
	expect_sums(1, 1);
	hand_over(records, 2, sizeof(records[0])); /* its header is sound: known again */
	expect_sums(1, 1);
	hand_over(records, 2, sizeof(records[0]) - 1); /* nothing of it is to be believed */
	expect_sums(1, 3);
	cr_expect(is_last_event("events-dropped"));
	restart();
	expect_sums(1, 3);
	cr_expect_eq(taken, 6);
}

/* Neither event nor note fits the disk: the record waits, uncounted, until one does. */
Test(intake, a_full_disk_drops_nothing)
{
	const struct rlimit tight = {100, RLIM_INFINITY}, wide = {RLIM_INFINITY, RLIM_INFINITY};
	struct hf_record records[] = {record_of(1), record_of(2)};

	(void)signal(SIGXFSZ, SIG_IGN);
	records[1].verdict = HF_VERDICT_MAX;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	hand_over(records, 2, sizeof(records[0]));
	cr_expect(engine.is_log_failing);
	cr_expect_eq(taken, 0);
	expect_sums(0, 0);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &wide), 0);
	intake_retry(&engine);
	cr_expect_not(engine.is_log_failing);
	cr_expect_eq(taken, 2);
	expect_sums(1, 1);
	restart();
	expect_sums(1, 1);
}
