/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-engine: started by holdfastd as user holdfast. Descriptor 3 is the socket to the
 * sensor, 4 that to the supervisor, on which 'H' means reload, 'U' that keyring
 * or uplink ended, 'V' brings the socket of a holdfast-verify that we asked for by 'V', 'Z' that
 * of a scout likewise, and every byte we send is a sign of
 * life ('R' the first time: a policy is in force, or there is none to put in force).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/engine/browsers.h"
#include "agent/engine/capture_hours.h"
#include "agent/engine/label_keys.h"
#include "agent/engine/login.h"
#include "agent/engine/maintenance.h"
#include "agent/engine/marks.h"
#include "agent/engine/overlays.h"
#include "agent/engine/policy_bundle.h"
#include "agent/engine/reporting.h"
#include "agent/engine/server.h"
#include "agent/engine/ticket.h"
#include "agent/engine/verify.h"
#include "agent/engine/witness.h"
#include "agent/engine/zones.h"
#include "agent/ipc/browser.h"
#include "agent/ipc/scout.h"
#include "agent/ipc/verify.h"
#include "common/boot.h"
#include "common/filter.h"
#include "common/privileges.h"
#include "common/cleanup.h"
#include "common/clock.h"

#define SENSOR_FD     3
#define SUPERVISOR_FD 4
#define TICK_MS	      200
#define LIFE_NS	      (2 * CLOCK_SECOND_NS)
#define RETRY_NS      CLOCK_SECOND_NS
#define LOST_NS	      (5 * CLOCK_SECOND_NS)
#define BUNDLE_NS     (CLOCK_SECOND_NS / 2)
#define TRUST_NS      (CLOCK_SECOND_NS / 5) /* the kernel part ends a lease by itself */

enum poll_slot {
	POLL_SENSOR,
	POLL_SUPERVISOR,
	POLL_KEYRING,
	POLL_VERIFY,
	POLL_SCOUT,
	POLL_BROWSERS,
	POLL_SERVER
};

#define POLL_MAX (POLL_SERVER + 1 + SERVER_CLIENT_MAX)

static int parse_options(int argc, char **argv, struct engine *engine, bool *ret_is_verbose)
{
	static const struct option known[] = {
		{"policy", required_argument, NULL, 'p'},
		{"state-dir", required_argument, NULL, 's'},
		{"runtime-dir", required_argument, NULL, 'r'},
		{"log-dir", required_argument, NULL, 'l'},
		{"bundle", required_argument, NULL, 'b'},
		{"console", required_argument, NULL, 'c'},
		{"verbose", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int option;

	engine->policy_path = "/etc/holdfast/policy.ini";
	engine->state_directory = "/var/lib/holdfast";
	engine->runtime_directory = LOCAL_RUNTIME_DIRECTORY;
	engine->log_directory = "/var/log/holdfast";
	engine->anchor_path = "/etc/holdfast/console-ca.pem";
	engine->console_path = "/etc/holdfast/console.ini";
	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (option) {
		case 'p':
			engine->policy_path = optarg;
			break;
		case 's':
			engine->state_directory = optarg;
			break;
		case 'r':
			engine->runtime_directory = optarg;
			break;
		case 'l':
			engine->log_directory = optarg;
			break;
		case 'b':
			engine->bundle_path = optarg;
			break;
		case 'c':
			engine->console_path = optarg;
			break;
		case 'v':
			*ret_is_verbose = true;
			break;
		default:
			return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

static void open_log(struct engine *engine, size_t *ret_torn)
{
	int r;

	r = event_log_open(engine->log_directory, NULL, &engine->log, ret_torn);
	if (r < 0)
		fatal("cannot open the event log in '%s': %s, stopping", engine->log_directory,
			strerror(-r));
	engine->recent = recent_new();
	if (!engine->recent)
		fatal("no memory, stopping");
	r = journal_restore(engine);
	if (r < 0)
		fatal("cannot read the event log in '%s' back: %s, stopping", engine->log_directory,
			strerror(-r));
}

static int open_database(struct engine *engine)
{
	char path[PATH_MAX];
	int r;

	(void)snprintf(path, sizeof(path), "%s/index.db", engine->state_directory);
	r = database_open(path, &engine->database);
	if (r == -EBADMSG || r == -EPROTO) { /* kept for whoever wants to look at it */
		char aside[PATH_MAX + 8];

		(void)snprintf(aside, sizeof(aside), "%s.bad", path);
		log_error(
			"'%s' is damaged: moved to '%s', starting with an empty one", path, aside);
		if (rename(path, aside) == 0 && database_open(path, &engine->database) == 0)
			return r;
	}
	return r;
}

static void restrict_self(void)
{
	const struct privileges wanted = {.uid = getuid(), .gid = getgid(), .group = (gid_t)-1};
	int r;

	if (getuid() == 0)
		fatal("does not run as root: holdfastd(8) starts it as user holdfast, stopping");
	r = privileges_drop(&wanted);
	if (r < 0)
		fatal("cannot give up privileges: %s, stopping", strerror(-r));
	r = filter_load(FILTER_FILES | FILTER_IPC | FILTER_NAMES | FILTER_DATABASE);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}

static void say_started(struct engine *engine, size_t torn)
{
	struct event_note note = {
		.kind = EVENT_AGENT_STARTED, .message = "Holdfast's agent has started"};

	if (torn) {
		struct event_note lost = {.kind = EVENT_LOST,
			.is_failure = true,
			.message = "the event log ended within a line, which was cut off or marked",
			.status_code = "log-torn",
			.name = EVENT_LOG_NAME};

		failure_count(engine, FAILURE_LOG_TORN, "found at start");
		(void)journal_note(engine, &lost); /* counted there */
	}
	(void)journal_note(engine, &note); /* likewise */
}

/* The sensor speaks once the kernel part is in, and ends when this process must not write. */
static void wait_for_sensor(void)
{
	struct pollfd polls[] = {{SENSOR_FD, POLLIN, 0}, {SUPERVISOR_FD, POLLIN, 0}};

	while (poll(polls, 2, LIFE_NS / 1000000) == 0)
		(void)send(SUPERVISOR_FD, "W", 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* next time */
	if (!(polls[0].revents & POLLIN))
		fatal("the sensor or the supervisor is gone, stopping");
}

/* Beside this one, wherever that is: the policy knows it as an application. */
static void find_vault_program(struct engine *engine)
{
	static const char name[] = "holdfast-vault";
	ssize_t size = readlink("/proc/self/exe", engine->vault_program,
		sizeof(engine->vault_program) - sizeof(name));
	char *end;

	engine->vault_program[size > 0 ? size : 0] = '\0';
	end = strrchr(engine->vault_program, '/');
	if (end)
		memcpy(end + 1, name, sizeof(name));
}

static void start(struct engine *engine)
{
	size_t torn = 0;
	int r;

	wait_for_sensor();
	find_vault_program(engine);
	event_origin_read(&engine->origin);
	if (boot_look() < 0 || boot_clock_check() < 0)
		log_error("the kernel's boot id or boot clock is hidden by a mount or a time "
			  "namespace: no word of the console's is taken");
	open_log(engine, &torn);
	r = server_new(engine, &engine->server);
	if (r < 0)
		fatal("cannot listen in '%s': %s, stopping", engine->runtime_directory,
			strerror(-r));
	if (verify_new(&engine->verify) < 0 || zones_start(engine) < 0 ||
		browsers_new(&engine->browsers) < 0)
		fatal("no memory, stopping");
	restrict_self();
	/* From here on outside bytes are read: the database, the policy, then peers. */
	r = open_database(engine);
	say_started(engine, torn);
	if (r < 0)
		failure_note(engine, FAILURE_DATABASE, "%s/index.db: %s", engine->state_directory,
			strerror(-r));
	lineage_keep_start(engine);
	if (engine->database) {
		int64_t lost;

		if (database_get(engine->database, engine->origin.boot_id, &lost) == 0)
			engine->lost_told = (uint64_t)lost;
	}
	trust_start(engine);
	if (!policy_store_load(engine))
		(void)policy_store_load_last(engine); /* counted there */
	channel_init(&engine->sensor, SENSOR_FD, 0);
	engine->supervisor_fd = SUPERVISOR_FD;
}

static void stop(struct engine *engine)
{
	struct event_note note = {.kind = EVENT_AGENT_STOPPED,
		.message = "Holdfast's agent stops; the kernel part goes on enforcing"};

	(void)journal_note(engine, &note); /* nothing more to do about it */
	event_log_free(engine->log);
	database_free(engine->database);
	lineage_free(engine->lineage);
	exit(EXIT_SUCCESS);
}

static void on_sensor(struct engine *engine, short events)
{
	static uint8_t packet[WIRE_FRAME_MAX];
	int r;

	if ((events & POLLOUT) && channel_flush(&engine->sensor) < 0)
		fatal("the sensor is gone: %m, stopping");
	/* Not while records wait for the disk: what comes next would overtake them. */
	while ((events & (POLLIN | POLLHUP | POLLERR)) && !engine->is_log_failing) {
		struct bytes_reader payload;
		auto_close int fd = -EBADF;
		uint16_t type;
		int size = channel_receive(&engine->sensor, packet, sizeof(packet), &fd);

		if (size == -EAGAIN)
			return;
		if (size <= 0)
			fatal("the sensor is gone, stopping");
		r = wire_open(packet, (size_t)size, &type, &payload);
		if (r < 0)
			fatal("broken frame from the sensor: %s, stopping", strerror(-r));
		link_on_message(engine, type, &payload);
		if (type == MESSAGE_RECORDS)
			return; /* others have their turn between two batches */
	}
}

static void on_supervisor(struct engine *engine, short events)
{
	struct channel from = {.fd = engine->supervisor_fd}; /* to receive by, no more */
	auto_close int fd = -EBADF;
	char byte;
	int got;

	if (!(events & (POLLIN | POLLHUP | POLLERR)))
		return;
	got = channel_receive(&from, &byte, 1, &fd);
	if (got == -EAGAIN || got == -EINTR)
		return;
	if (got <= 0)
		stop(engine);
	if (byte == SCOUT_LETTER && fd >= 0) {
		zones_take_scout(engine, take_fd(fd));
		return;
	}
	if (byte == VERIFY_LETTER && fd >= 0) {
		verify_attach(engine, take_fd(fd));
		return;
	}
	if (byte == BROWSER_LETTER && fd >= 0) {
		browsers_take(engine, take_fd(fd));
		return;
	}
	if (byte == 'U') {
		failure_note(engine, FAILURE_REPORTERS, "they are started again");
		return;
	}
	if (byte != 'H')
		fatal("the supervisor sent an unknown byte, stopping");
	if (policy_store_load(engine))
		publish_policy(engine);
}

/* Sent from the loop itself: a loop that hangs sends none. */
static void say_life(struct engine *engine, bool *is_ready)
{
	bool is_settled = engine->has_hello && (engine->is_policy_applied || !engine->policy ||
						       !engine->hello.is_enforcing);
	char byte = 'W';

	if (!*is_ready && is_settled) {
		*is_ready = true;
		byte = 'R';
	}
	(void)send(engine->supervisor_fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* next time */
}

/* The answer goes to link.c. */
static void ask_lost(struct engine *engine)
{
	struct message_request request = {.kind = REQUEST_COUNTERS, .id = LINK_COUNTERS_ID};

	if (engine->has_hello && engine->hello.is_enforcing && channel_is_idle(&engine->sensor))
		link_request(engine, &request, -1);
}

static void tick(struct engine *engine)
{
	static uint64_t life_ns, retry_ns, lost_ns, bundle_ns, trust_ns;
	static bool is_ready;
	uint64_t now = clock_boot_ns();
	int r;

	r = event_log_sync(engine->log, false);
	if (r < 0)
		failure_note(engine, FAILURE_LOG_WRITE, "syncing: %s", strerror(-r));
	if (engine->database) {
		r = database_commit(engine->database, false);
		if (r < 0)
			failure_note(engine, FAILURE_DATABASE, "committing: %s", strerror(-r));
	}
	maintenance_tick(engine);
	verify_tick(engine);
	lineage_keep_tick(engine);
	reporting_tick(engine);
	if (now - trust_ns >=
		TRUST_NS) { /* looks at files, and batches of records follow closely */
		trust_ns = now;
		trust_tick(engine);
	}
	wipe_tick(engine);
	label_keys_tick(engine);
	login_tick(engine);
	ticket_sign_tick(engine);
	zones_tick(engine);
	witness_tick(engine);
	overlays_tick(engine);
	marks_tick(engine);
	browsers_tick(engine);
	capture_hours_tick(engine);
	if (now - life_ns > LIFE_NS || !is_ready) {
		life_ns = now;
		say_life(engine, &is_ready);
	}
	if (engine->is_log_failing && now - retry_ns > RETRY_NS) {
		retry_ns = now;
		intake_retry(engine);
	}
	if (now - bundle_ns > BUNDLE_NS) {
		bundle_ns = now;
		if (policy_bundle_has_changed(engine) && policy_store_load(engine))
			publish_policy(engine);
	}
	if (now - lost_ns > LOST_NS) {
		lost_ns = now;
		ask_lost(engine);
	}
}

int main(int argc, char **argv)
{
	static struct engine engine;
	struct pollfd polls[POLL_MAX];
	bool is_verbose = false;

	if (parse_options(argc, argv, &engine, &is_verbose) < 0 || fcntl(SENSOR_FD, F_GETFD) < 0 ||
		fcntl(SUPERVISOR_FD, F_GETFD) < 0) {
		(void)fprintf(stderr, "holdfast-engine is started by holdfastd(8)\n");
		return 2;
	}
	log_open("holdfast-engine", is_verbose);
	start(&engine);
	for (;;) {
		unsigned int count;

		polls[POLL_SENSOR] = (struct pollfd){SENSOR_FD, channel_events(&engine.sensor), 0};
		if (engine.is_log_failing)
			polls[POLL_SENSOR].events &= (short)~POLLIN;
		polls[POLL_SUPERVISOR] = (struct pollfd){SUPERVISOR_FD, POLLIN, 0};
		polls[POLL_KEYRING] = ticket_sign_poll();
		polls[POLL_VERIFY] = verify_poll(&engine);
		polls[POLL_SCOUT].revents = 0;
		polls[POLL_SCOUT].fd = zones_poll(&engine, &polls[POLL_SCOUT].events);
		polls[POLL_BROWSERS] = browsers_poll(&engine);
		count = server_poll_fill(
			engine.server, polls + POLL_SERVER, POLL_MAX - POLL_SERVER);
		if (poll(polls, POLL_SERVER + count, TICK_MS) < 0 && errno != EINTR)
			fatal("cannot poll: %m, stopping");
		on_supervisor(&engine, polls[POLL_SUPERVISOR].revents);
		on_sensor(&engine, polls[POLL_SENSOR].revents);
		ticket_sign_on_poll(&engine, polls[POLL_KEYRING].revents);
		verify_on_poll(&engine, polls[POLL_VERIFY].revents);
		zones_on_poll(&engine, polls[POLL_SCOUT].revents);
		browsers_on_poll(&engine, polls[POLL_BROWSERS].revents);
		server_on_poll(&engine, polls + POLL_SERVER, count);
		link_restore(&engine);
		tick(&engine);
	}
}
