/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Begin, end and show. A token is used up before the door is asked for: one that fails after that
 * is lost rather than good twice.
 */
#include "agent/engine/maintenance.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/engine/json.h"
#include "agent/engine/key_file.h"
#include "agent/engine/maintenance_token.h"
#include "agent/engine/server.h"
#include "common/cleanup.h"
#include "common/clock.h"

#define MINUTES_DEFAULT 60

static int key_open(const struct engine *engine, struct signing_key **ret_key)
{
	char path[PATH_MAX], copy[PATH_MAX];

	(void)snprintf(copy, sizeof(copy), "%s", engine->policy_path);
	if ((size_t)snprintf(path, sizeof(path), "%s/maintenance.pub", dirname(copy)) >=
		sizeof(path))
		return -ENAMETOOLONG;
	return key_file_read(path, ret_key);
}

bool maintenance_has_key(const struct engine *engine)
{
	auto_call(signing_key_freep) struct signing_key *key = NULL;

	return key_open(engine, &key) == 0;
}

static void note(struct engine *engine, const struct client *client, bool is_failure,
	enum event_kind kind, const char *text)
{
	struct event_note event = {.kind = kind, .is_failure = is_failure, .message = text};

	if (client) {
		event.uid = client->uid;
		event.has_uid = true;
	}
	log_notice("%s", text);
	(void)journal_note(engine, &event); /* counted there */
}

static void refuse(struct engine *engine, struct client *client, int error, const char *why)
{
	char text[EVENT_TEXT_MAX];

	(void)snprintf(
		text, sizeof(text), "maintenance refused: the token was not taken, as %s", why);
	failure_count(engine, FAILURE_MAINTENANCE, why);
	note(engine, client, true, EVENT_MAINTENANCE_REFUSED, text);
	client_end(client, error, "the token was not taken: %s", why);
}

/* The day's time, never before that of an event already written: a clock set back revives none. */
static uint64_t now_s(const struct engine *engine)
{
	const struct recent_event *event = recent_get(engine->recent, 0);
	uint64_t now = clock_day_ms();

	if (event && event->day_ms > now)
		now = event->day_ms;
	return now / 1000;
}

static int token_read(int fd, char ret_bytes[MAINTENANCE_TOKEN_MAX + 1])
{
	struct stat status;
	ssize_t size;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return -EINVAL;
	size = pread(fd, ret_bytes, MAINTENANCE_TOKEN_MAX + 1, 0);
	return size < 0 ? -errno : (int)size;
}

/* Remembers the nonce. -EEXIST: it was used before. */
static int use_up(struct engine *engine, const struct maintenance_token *token)
{
	char name[64];
	int64_t known;
	int r;

	if (!engine->database)
		return -EIO;
	(void)snprintf(name, sizeof(name), "token:%s", token->nonce);
	r = database_get(engine->database, name, &known);
	if (r == 0)
		return -EEXIST;
	if (r != -ENOENT)
		return r;
	r = database_set(engine->database, name, (int64_t)token->not_after_s);
	return r < 0 ? r : database_commit(engine->database, true);
}

/* True when the token is good and used up; otherwise the client was told why not. */
static bool token_take(
	struct engine *engine, struct client *client, int fd, struct maintenance_token *ret_token)
{
	auto_call(signing_key_freep) struct signing_key *key = NULL;
	char bytes[MAINTENANCE_TOKEN_MAX + 1];
	enum maintenance_verdict verdict;
	int size = token_read(fd, bytes), r;

	if (size < 0 || maintenance_token_parse(bytes, (size_t)size, ret_token) < 0) {
		refuse(engine, client, -EBADMSG, "the file holds no maintenance token");
		return false;
	}
	r = key_open(engine, &key);
	if (r < 0) {
		refuse(engine, client, -ENOKEY,
			r == -ENOENT ? "no maintenance key is installed on this machine"
				     : "the maintenance key on this machine can't be used");
		return false;
	}
	verdict = maintenance_token_verify(
		ret_token, bytes, key, engine->origin.machine_id, now_s(engine));
	if (verdict != MAINTENANCE_GOOD) {
		refuse(engine, client, -EKEYREJECTED, maintenance_verdict_text(verdict));
		return false;
	}
	r = use_up(engine, ret_token);
	if (r < 0) {
		refuse(engine, client, -EKEYREJECTED,
			r == -EEXIST ? "it was used before"
				     : "its use can't be remembered: the database does not work");
		return false;
	}
	return true;
}

void maintenance_begin(struct engine *engine, struct client *client, int fd)
{
	struct message_request request = {.kind = REQUEST_DOOR};
	uint32_t minutes = client->request.minutes ? client->request.minutes : MINUTES_DEFAULT;
	struct maintenance_token token;
	uint64_t seconds, left;

	/* Packages ask on every machine: nothing is shut on this one. */
	if (engine->protect[HF_PROTECTION_SELF] != HF_VERDICT_BLOCK &&
		!maintenance_has_key(engine)) {
		client_end(client, 0,
			"no maintenance key is installed and the agent does not guard itself "
			"here: no token is needed");
		return;
	}
	if (minutes > MAINTENANCE_MINUTES_MAX) {
		client_end(client, -ERANGE, "at most %u minutes", MAINTENANCE_MINUTES_MAX);
		return;
	}
	if (!token_take(engine, client, fd, &token))
		return;
	seconds = minutes * UINT64_C(60);
	left = token.not_after_s - now_s(engine);
	if (seconds > left)
		seconds = left;
	client->request.minutes = (uint32_t)((seconds + 59) / 60);
	request.labels = token.acts;
	request.until_ktime_ns = clock_boot_ns() + seconds * CLOCK_SECOND_NS;
	client_ask(engine, client, &request, -1);
}

void maintenance_end(struct engine *engine, struct client *client, int fd)
{
	struct message_request request = {.kind = REQUEST_DOOR};

	(void)fd; /* none is asked for */
	client_ask(engine, client, &request, -1);
}

void maintenance_show(struct engine *engine, struct client *client, int fd)
{
	struct message_request request = {.kind = REQUEST_DOOR_SHOW};

	(void)fd; /* none is asked for */
	client_ask(engine, client, &request, -1);
}

static void say_begun(struct engine *engine, struct client *client)
{
	char acts[32], text[EVENT_TEXT_MAX];

	maintenance_acts_text(engine->door_acts, acts);
	(void)snprintf(text, sizeof(text), "the maintenance door is open for %u minutes, for: %s",
		client->request.minutes, acts);
	note(engine, client, false, EVENT_MAINTENANCE_BEGUN, text);
	client_end(client, 0, "%s. Shut it with: holdfast maintenance end", text);
}

static void answer_show(
	struct client *client, const struct message_answer *answer, const struct engine *engine)
{
	struct json_object *line = json_object_new_object();
	uint64_t now = clock_boot_ns();
	char acts[32];

	maintenance_acts_text((uint32_t)answer->labels, acts);
	json_add_bool(line, "open", answer->own > now);
	json_add_text(line, "actions", acts);
	json_add_number(
		line, "seconds", answer->own > now ? (answer->own - now) / CLOCK_SECOND_NS : 0);
	json_add_bool(line, "key", maintenance_has_key(engine));
	json_add_bool(line, "guarded", engine->protect[HF_PROTECTION_SELF] == HF_VERDICT_BLOCK);
	client_line(client, line);
	client_end(client, 0, "%s", "");
}

void maintenance_on_answer(
	struct engine *engine, struct client *client, const struct message_answer *answer)
{
	bool was_open = engine->door_until_ns > clock_boot_ns();

	if (answer->error < 0) {
		client_end(client, answer->error, "the door could not be moved: %s",
			strerror(-answer->error));
		return;
	}
	if (client->request.type == LOCAL_MAINTENANCE_SHOW) {
		answer_show(client, answer, engine);
		return;
	}
	maintenance_learn(engine, answer);
	if (client->request.type == LOCAL_MAINTENANCE_BEGIN) {
		say_begun(engine, client);
		return;
	}
	if (was_open)
		note(engine, client, false, EVENT_MAINTENANCE_ENDED,
			"the maintenance door was shut");
	client_end(client, 0, was_open ? "the maintenance door is shut" : "it was not open");
}

void maintenance_learn(struct engine *engine, const struct message_answer *answer)
{
	engine->door_acts = (uint32_t)answer->labels;
	engine->door_until_ns = answer->own;
}

void maintenance_tick(struct engine *engine)
{
	if (!engine->door_until_ns || engine->door_until_ns > clock_boot_ns())
		return;
	engine->door_until_ns = 0;
	note(engine, NULL, false, EVENT_MAINTENANCE_ENDED,
		"the maintenance door shut, as its time was over");
}
