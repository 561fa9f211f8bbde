/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store between its sockets: many requests share a transaction and are answered behind it, all
 * are refused when it fails, and what an administrator changes reaches the frontend.
 */
#include "tests/unit/console_service_fixture.h"

#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/json.h"
#include "console/store/finding_event.h"
#include "tests/unit/fixtures/ocsf_validate.h"
#include "common/wire.h"
#include "console/store/admin_server.h"
#include "console/store/service.h"

TestSuite(console_service, .init = service_begin, .fini = service_end);

static void send_events(
	const struct fixture_device *device, const struct fixture_batch *batch, uint64_t id)
{
	struct console_who who = {.id = id, .address = "::1"};
	struct bytes_writer frame;

	memcpy(who.certificate, device->fingerprint, sizeof(who.certificate));
	wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_EVENTS);
	console_put_who(&frame, &who);
	bytes_put_blob(&frame, batch->bytes, batch->size);
	cr_assert_eq(channel_send(&frontend, &frame, -1), 0);
}

static uint16_t receive(struct console_device *ret_device)
{
	struct bytes_reader payload;
	uint16_t type;
	int fd, size = channel_receive(&frontend, buffer, sizeof(buffer), &fd);

	if (size == -EAGAIN)
		return 0;
	cr_assert_gt(size, 0);
	cr_assert_eq(wire_open(buffer, (size_t)size, &type, &payload), 0);
	console_get_device(&payload, ret_device);
	cr_assert(bytes_is_done(&payload));
	return type;
}

Test(console_service, what_waits_is_answered_together)
{
	static struct fixture_device device, other;
	static struct fixture_batch batches[4];
	struct console_device answer;

	fixture_device(&device, "pc-1");
	fixture_device(&other, "pc-2");
	fixture_batch(&device, 1, 10, &batches[0]);
	fixture_batch(&other, 1, 10, &batches[1]);
	fixture_batch(&device, 1, 10, &batches[2]);
	fixture_batch(&other, 1, 10, &batches[3]);
	batches[1].bytes[20] ^= 1; /* says another device */
	for (unsigned int i = 0; i < 4; i++)
		send_events(i % 2 ? &other : &device, &batches[i], 100 + i);
	peer_on_poll(&service, POLLIN);
	for (unsigned int i = 0; i < 4; i++) {
		static const uint16_t refusals[] = {
			REFUSAL_NONE, REFUSAL_BATCH_DEVICE, REFUSAL_NONE, REFUSAL_BATCH_GAP};

		cr_assert_eq(receive(&answer), CONSOLE_TAKEN);
		cr_expect_eq(answer.id, 100 + i);
		cr_expect_eq(answer.refusal, refusals[i], "%u", i);
		cr_expect_arr_eq(answer.seal_key, ingest_public_key(fixture_ingest), 32);
	}
	cr_expect_eq(receive(&answer), 0);
	cr_expect_not(store_is_writing(fixture_store));
	cr_expect_eq(fixture_events(), 20);
	fixture_free(&device);
	fixture_free(&other);
}

#ifndef FIXTURE_POSTGRES /* a file that may not grow */
Test(console_service, nobody_is_told_what_is_not_on_the_disk)
{
	static struct fixture_device device;
	static struct fixture_batch batches[200];
	struct rlimit limit = {.rlim_max = RLIM_INFINITY};
	struct console_device answer;
	unsigned int taken = 0, refused = 0;
	struct stat status;

	(void)signal(SIGXFSZ, SIG_IGN);
	fixture_device(&device, "pc-1");
	for (unsigned int i = 0; i < 200; i++)
		fixture_batch(&device, 1, 100, &batches[i]);
	cr_assert_eq(stat(fixture_path, &status), 0);
	limit.rlim_cur = (rlim_t)status.st_size + (768 << 10);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (unsigned int i = 0; i < 200; i += 5) {
		for (unsigned int j = 0; j < 5; j++)
			send_events(&device, &batches[i + j], i + j);
		peer_on_poll(&service, POLLIN);
		for (unsigned int j = 0; j < 5; j++) {
			cr_assert_eq(receive(&answer), CONSOLE_TAKEN);
			cr_expect_eq(answer.id, i + j);
			taken += answer.refusal == REFUSAL_NONE;
			refused += answer.refusal == REFUSAL_STORE_FULL ||
				   answer.refusal == REFUSAL_INTERNAL;
		}
		if (refused)
			break;
	}
	cr_expect_eq(refused, 5, "the whole group");
	cr_expect_gt(taken, 0);
	cr_expect_eq(fixture_events(), 100 * (int64_t)taken);
	limit.rlim_cur = RLIM_INFINITY;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	send_events(&device, &batches[taken], 1);
	peer_on_poll(&service, POLLIN);
	cr_assert_eq(receive(&answer), CONSOLE_TAKEN);
	cr_expect_eq(answer.refusal, REFUSAL_NONE, "there is room again");
	fixture_free(&device);
}
#endif

#ifdef FIXTURE_POSTGRES
/* Another console, of which only its locks count. It is never the one that the database takes back. */
static PGconn *other_console(void)
{
	PGconn *other = PQconnectdb(fixture_path);

	PQclear(PQexec(other, "SET deadlock_timeout = '60s'"));
	PQclear(PQexec(other, "BEGIN"));
	return other;
}

static void ask_for(PGconn *other, const char *host)
{
	char sql[96];

	(void)snprintf(sql, sizeof(sql), "SELECT 1 FROM device WHERE host = '%s' FOR UPDATE", host);
	(void)PQsendQuery(other, sql); /* have() has the error */
}

static void have(PGconn *other)
{
	PGresult *result;

	while ((result = PQgetResult(other)) != NULL)
		PQclear(result);
}

static void wait_for_waiting(PGconn *other)
{
	static const char sql[] =
		"SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM "
		"pg_stat_activity WHERE application_name = current_setting('application_name'))";

	for (unsigned int i = 0; i < 500; i++) {
		PGresult *result = PQexec(other, sql);
		bool is_waiting = PQntuples(result) > 0;

		PQclear(result);
		if (is_waiting)
			return;
		(void)usleep(10000); /* returns early at worst */
	}
}

/*
 * Has pc-2 before the store has it, and asks for pc-1 when the store has that: so many times. Who has pc-2 the
 * next time stands in line for it before the store does.
 */
static void meet(unsigned int rounds, int ready)
{
	PGconn *others[2] = {other_console(), other_console()};
	PGconn *watching = other_console();

	ask_for(others[0], "pc-2");
	have(others[0]);
	(void)!write(ready, "r", 1); /* else the test waits, and fails */
	for (unsigned int i = 0; i < rounds; i++) {
		PGconn *now = others[i % 2], *next = others[(i + 1) % 2];

		wait_for_waiting(watching);
		ask_for(now, "pc-1");
		have(now); /* as the store's transaction is undone */
		if (i + 1 < rounds)
			ask_for(next, "pc-2");
		PQclear(PQexec(now, "COMMIT; BEGIN"));
		have(next);
	}
	_exit(0);
}

/* The answers to a batch of either device, and what is stored of both, after so many deadlocks. */
static int64_t meet_other(unsigned int rounds, uint16_t ret_refusals[2])
{
	static struct fixture_device devices[2];
	static struct fixture_batch batches[2];
	struct console_device answer;
	int ready[2], status;
	char letter;
	pid_t child;

	cr_assert_eq(pipe(ready), 0);
	fixture_device(&devices[0], "pc-1");
	fixture_device(&devices[1], "pc-2");
	for (unsigned int i = 0; i < 2; i++)
		fixture_batch(&devices[i], 1, 10, &batches[i]);
	child = fork();
	if (child == 0)
		meet(rounds, ready[1]);
	cr_assert_eq(read(ready[0], &letter, 1), 1);
	for (unsigned int i = 0; i < 2; i++)
		send_events(&devices[i], &batches[i], 100 + i);
	peer_on_poll(&service, POLLIN);
	for (unsigned int i = 0; i < 2; i++) {
		cr_assert_eq(receive(&answer), CONSOLE_TAKEN);
		cr_expect_eq(answer.id, 100 + i);
		ret_refusals[i] = answer.refusal;
		fixture_free(&devices[i]);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect_not(store_is_writing(fixture_store));
	return fixture_events();
}

static uint64_t failures_of(enum console_failure failure)
{
	return service.failures.counts[failure].count;
}

Test(console_service, what_a_deadlock_undid_is_done_again)
{
	uint16_t refusals[2];

	cr_expect_eq(meet_other(1, refusals), 20, "each once");
	cr_expect_eq(refusals[0], REFUSAL_NONE);
	cr_expect_eq(refusals[1], REFUSAL_NONE);
	cr_expect_geq(failures_of(CONSOLE_FAILURE_REPEATED), 1, "more when it was faster again");
	cr_expect_eq(failures_of(CONSOLE_FAILURE_CONFLICT), 0);
}

Test(console_service, but_not_for_ever)
{
	uint16_t refusals[2];

	cr_expect_eq(meet_other(1 + SERVICE_REPEATS_MAX, refusals), 0);
	cr_expect_eq(refusals[0], REFUSAL_BUSY, "devices send again");
	cr_expect_eq(refusals[1], REFUSAL_BUSY);
	cr_expect_eq(failures_of(CONSOLE_FAILURE_REPEATED), SERVICE_REPEATS_MAX);
	cr_expect_eq(failures_of(CONSOLE_FAILURE_CONFLICT), 1);
}
#endif

/* What ends the process leaves nothing behind: its files go while they are open. */
static void end_on_this(struct bytes_writer *frame)
{
	char command[128];

	cr_assert_eq(channel_send(&frontend, frame, -1), 0);
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", fixture_directory);
	(void)!system(command); /* /tmp is cleaned anyway */
	peer_on_poll(&service, POLLIN);
}

Test(console_service, a_broken_frame_ends_the_process, .exit_code = 1)
{
	struct bytes_writer frame;

	wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_EVENTS);
	bytes_put_u64(&frame, 1);
	end_on_this(&frame);
}

Test(console_service, an_unknown_message_ends_the_process, .exit_code = 1)
{
	struct bytes_writer frame;

	wire_begin(&frame, buffer, sizeof(buffer), 77);
	end_on_this(&frame);
}

/* --- administrators --- */

static int act(uint16_t type, const char *device)
{
	struct admin_request request = {.type = type, .why = "test"};
	unsigned int lines;

	(void)snprintf(request.device, sizeof(request.device), "%s", device);
	return ask(&request, &lines);
}

static uint8_t told_state(void)
{
	struct console_device changed;

	if (receive(&changed) != CONSOLE_CHANGED)
		return DEVICE_NONE;
	cr_expect_eq(changed.id, 0);
	return changed.state;
}

Test(console_service, states_that_administrators_give)
{
	static struct fixture_device device;
	struct store_token token;
	char text[ENROLMENT_TOKEN_SIZE];

	fixture_token(1, false, &token, text);
	fixture_key(&device);
	cr_assert_eq(fixture_enrol(&device, text, "pc-1"), REFUSAL_NONE);
	cr_expect_eq(act(ADMIN_APPROVE, "pc-2"), -ENOENT);
	cr_expect_eq(act(ADMIN_SUSPEND, "pc-1"), -EINVAL, "it waits");
	cr_expect_eq(told_state(), DEVICE_NONE);
	cr_expect_eq(act(ADMIN_APPROVE, "pc-1"), 0);
	cr_expect_eq(told_state(), DEVICE_TRUSTED);
	cr_expect_eq(act(ADMIN_APPROVE, "pc-1"), 0);
	cr_expect_eq(told_state(), DEVICE_NONE, "it was already");
	cr_expect_eq(act(ADMIN_SUSPEND, "pc-1"), 0);
	cr_expect_eq(told_state(), DEVICE_SUSPENDED);
	cr_expect_eq(act(ADMIN_APPROVE, "pc-1"), 0);
	cr_expect_eq(told_state(), DEVICE_TRUSTED);
	cr_expect_eq(act(ADMIN_REVOKE, "pc-1"), 0);
	cr_expect_eq(told_state(), DEVICE_REVOKED);
	cr_expect_eq(act(ADMIN_APPROVE, "pc-1"), -EINVAL, "for good");
	cr_expect_eq(told_state(), DEVICE_NONE);
	cr_expect_eq(act(ADMIN_DEVICE, "pc-1"), 0);
	cr_expect(strstr(last_text, "\"state\":\"revoked\""), "%s", last_text);
	cr_expect(strstr(last_text, "\"why\":\"test\""));
	fixture_free(&device);
}

/* --- what a device waits for --- */

static uint64_t told_word; /* of the last poll */

static uint16_t poll_with(const struct fixture_device *device, uint64_t word)
{
	struct console_poll question = {.id = 3, .address = "::1", .word = word};
	struct console_policy policy;
	struct bytes_reader payload;
	struct bytes_writer frame;
	uint16_t type;
	int fd, size;

	memcpy(question.certificate, device->fingerprint, sizeof(question.certificate));
	wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_POLICY);
	console_put_poll(&frame, &question);
	cr_assert_eq(channel_send(&frontend, &frame, -1), 0);
	peer_on_poll(&service, POLLIN);
	size = channel_receive(&frontend, buffer, sizeof(buffer), &fd);
	cr_assert_gt(size, 0);
	cr_assert_eq(wire_open(buffer, (size_t)size, &type, &payload), 0);
	cr_assert_eq(type, CONSOLE_POLICY_IS);
	console_get_policy(&payload, &policy);
	cr_assert(bytes_is_done(&payload));
	told_word = policy.word;
	return policy.refusal;
}

Test(console_service, who_is_not_trusted_waits_for_word_of_that)
{
	static struct fixture_device device;
	struct console_device changed;
	uint64_t known;

	fixture_device(&device, "pc-1");
	cr_expect_eq(poll_with(&device, 0), REFUSAL_NONE);
	known = told_word;
	cr_assert_gt(known, 0);
	cr_assert_eq(act(ADMIN_SUSPEND, "pc-1"), 0);
	cr_assert_eq(receive(&changed), CONSOLE_CHANGED);
	cr_expect_eq(poll_with(&device, 0), REFUSAL_DEVICE_SUSPENDED, "who does not ask for it");
	cr_expect_eq(poll_with(&device, known), REFUSAL_NONE);
	cr_expect_eq(told_word, known + 1);
	cr_expect_eq(poll_with(&device, known + 1), REFUSAL_NONE, "it waits for approval");
	cr_assert_eq(act(ADMIN_REVOKE, "pc-1"), 0);
	cr_assert_eq(receive(&changed), CONSOLE_CHANGED);
	cr_expect_eq(poll_with(&device, known + 1), REFUSAL_NONE);
	cr_expect_eq(told_word, known + 2);
	cr_expect_eq(poll_with(&device, known + 2), REFUSAL_DEVICE_REVOKED, "that is for good");
	fixture_free(&device);
}

/* Without an authority nothing is said, and whoever asks is answered all the same. */
Test(console_service, a_question_for_a_lease_is_answered)
{
	static struct console_word word;
	struct console_who who = {.id = 9, .address = "::1"};
	static struct fixture_device device;
	struct bytes_reader payload;
	struct bytes_writer frame;
	uint16_t type;
	int fd, size;

	fixture_device(&device, "pc-1");
	memcpy(who.certificate, device.fingerprint, sizeof(who.certificate));
	wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_LEASE);
	console_put_who(&frame, &who);
	bytes_put_blob(&frame, "none", 4);
	cr_assert_eq(channel_send(&frontend, &frame, -1), 0);
	peer_on_poll(&service, POLLIN);
	size = channel_receive(&frontend, buffer, sizeof(buffer), &fd);
	cr_assert_gt(size, 0);
	cr_assert_eq(wire_open(buffer, (size_t)size, &type, &payload), 0);
	cr_assert_eq(type, CONSOLE_LEASE_IS);
	console_get_word(&payload, &word);
	cr_assert(bytes_is_done(&payload));
	cr_expect_eq(word.id, 9);
	cr_expect_eq(word.refusal, REFUSAL_LEASE);
	fixture_free(&device);
}

Test(console_service, two_devices_of_one_name)
{
	static struct fixture_device device, other;
	char uid[UUID_TEXT_SIZE];

	fixture_device(&device, "pc-1");
	fixture_device(&other, "pc-1");
	cr_expect_eq(act(ADMIN_REVOKE, "pc-1"), -ENOTUNIQ);
	uuid_format(other.uid, uid);
	cr_expect_eq(act(ADMIN_REVOKE, uid), 0);
	cr_expect_eq(told_state(), DEVICE_REVOKED);
	cr_expect_eq(act(ADMIN_DEVICE, uid), 0);
	cr_expect(strstr(last_text, "revoked"));
	fixture_free(&device);
	fixture_free(&other);
}

Test(console_service, tokens_are_said_once)
{
	struct admin_request request = {
		.type = ADMIN_TOKEN_CREATE, .uses = 2, .days = 1, .flags = ADMIN_IS_APPROVING};
	static struct fixture_device device;
	struct json_object *made;
	unsigned int lines;
	char text[64];

	cr_assert_eq(ask(&request, &lines), 0);
	cr_expect_eq(lines, 1);
	made = json_tokener_parse(last_text);
	(void)snprintf(text, sizeof(text), "%s", json_text(made, "token"));
	fixture_key(&device);
	cr_expect_eq(fixture_enrol(&device, text, "pc-1"), REFUSAL_NONE);
	request.type = ADMIN_TOKENS;
	cr_assert_eq(ask(&request, &lines), 0);
	cr_expect_eq(lines, 1);
	cr_expect_not(strstr(last_text, text + 4), "only its hash is there");
	request.type = ADMIN_TOKEN_REVOKE;
	request.number = json_number(made, "id");
	cr_expect_eq(ask(&request, &lines), 0);
	request.number = 99;
	cr_expect_eq(ask(&request, &lines), -ENOENT);
	request.type = ADMIN_TOKEN_CREATE;
	request.uses = 0;
	cr_expect_eq(ask(&request, &lines), -EINVAL);
	(void)json_object_put(made);
	fixture_free(&device);
}

/* Of a device, of one that is not known, of a kind that is in no table. */
Test(console_service, findings_are_ocsf)
{
	const struct admin_request request = {.type = ADMIN_FINDINGS};
	static struct fixture_device device;
	struct store_finding finding = {.time_ms = 1700000000000, .text = "something"};
	struct store_device known;
	unsigned int lines;

	fixture_device(&device, "pc-1");
	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &known), 0);
	for (size_t i = 0; i <= finding_kind_count; i++) {
		struct json_object *event;
		const char *fault;

		finding.device = i % 2 ? known.id : 77;
		(void)snprintf(finding.kind, sizeof(finding.kind), "%s",
			i < finding_kind_count ? finding_kinds[i].name : "of another version");
		FIXTURE_DO(store_finding_add(fixture_store, &finding));
		cr_assert_eq(ask(&request, &lines), 0);
		cr_expect_eq(lines, i + 1);
		event = json_tokener_parse(last_text);
		fault = ocsf_fault(event);
		cr_expect_null(fault, "%s: %s", fault, last_text);
		cr_expect_str_eq(json_text(event, "unmapped.holdfast.kind"), finding.kind);
		cr_expect_str_eq(json_text(event, "device.hostname"), i % 2 ? "pc-1" : "");
		json_object_object_del(event, "finding_info");
		cr_expect_not_null(ocsf_fault(event), "the control");
		(void)json_object_put(event); /* freed */
	}
	fixture_free(&device);
}

Test(console_service, events_in_pages_and_all)
{
	struct admin_request request = {.type = ADMIN_EVENTS, .limit = 10};
	static struct fixture_device device;
	static struct fixture_batch batch;
	struct console_device answer;
	struct json_object *line;
	unsigned int lines;

	fixture_device(&device, "pc-1");
	for (unsigned int i = 0; i < 50; i++) {
		fixture_batch(&device, 1, 100, &batch);
		cr_assert_eq(fixture_send(&device, &batch, &answer), REFUSAL_NONE);
	}
	cr_expect_eq(ask(&request, &lines), 0);
	cr_expect_eq(lines, 10);
	line = json_tokener_parse(last_text);
	cr_assert(line, "%s", last_text);
	cr_expect_eq(json_number(line, "sequence"), 4991);
	cr_expect_str_eq(json_text(line, "host"), "pc-1");
	cr_expect_str_eq(json_text(line, "event.message"), "event 4991");
	(void)json_object_put(line);
	request.limit = 0;
	cr_expect_eq(ask(&request, &lines), 0);
	cr_expect_eq(lines, 5000);
	(void)strcpy(request.verdict, "refused");
	cr_expect_eq(ask(&request, &lines), 0);
	cr_expect_eq(lines, 1250);
	(void)strcpy(request.verdict, "nonsense");
	cr_expect_eq(ask(&request, &lines), -EINVAL);
	fixture_free(&device);
}
