/* SPDX-License-Identifier: Apache-2.0 */
/* When holdfast-wipe is wanted, and what is told of it. */
#include "agent/engine/wipe.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/engine/json.h"
#include "agent/engine/server.h"
#include "agent/ipc/wipe.h"
#include "common/clock.h"

#define ASK_NS	    (5 * CLOCK_SECOND_NS)
#define PATIENCE_NS (60 * CLOCK_SECOND_NS) /* so long it may say nothing */

static bool is_wanted(const struct engine *engine)
{
	const struct lease *word = &engine->trust.word;

	if (!word->serial || word->serial == engine->wipe.settled)
		return false;
	return word->order ||
	       (word->state == LEASE_REVOKED && engine->policy && engine->policy->on_revoke);
}

void wipe_tick(struct engine *engine)
{
	struct engine_wipe *wipe = &engine->wipe;
	uint64_t now = clock_boot_ns();

	if (!is_wanted(engine)) {
		wipe->asked_ns = wipe->since_ns = 0;
		return;
	}
	if (wipe->asked_ns && now - wipe->asked_ns < ASK_NS)
		return;
	if (!wipe->asked_ns && !wipe->event)
		wipe->since_ns = now;
	wipe->asked_ns = now;
	(void)send(engine->supervisor_fd, &(const char){WIPE_LETTER}, 1,
		MSG_DONTWAIT | MSG_NOSIGNAL); /* once more in a while */
	if (wipe->since_ns && now - wipe->since_ns > PATIENCE_NS) {
		wipe->since_ns = now;
		failure_note(engine, FAILURE_WIPE, "holdfast-wipe does not start");
	}
}

static const char *state_name(unsigned int event)
{
	static const char *const names[WIPE_EVENT_MAX] = {[WIPE_ORDERED] = "ordered",
		[WIPE_BEGUN] = "begun",
		[WIPE_PROGRESS] = "begun",
		[WIPE_ENDED] = "ended",
		[WIPE_FAILED] = "failed"};

	return event < WIPE_EVENT_MAX ? names[event] : NULL;
}

struct json_object *wipe_object(const struct engine *engine)
{
	const char *state = state_name(engine->wipe.event);
	struct json_object *object;

	if (!state)
		return NULL;
	object = json_object_new_object();
	json_add_text(object, "state", state);
	json_add_text(object, "text", engine->wipe.words);
	return object;
}

/* --- what holdfast-wipe asks --- */

void verb_wipe_plan(struct engine *engine, struct client *client, int fd)
{
	const struct policy_compiled *policy = engine->policy;
	struct json_object *object;

	(void)fd; /* none is asked for */
	if (!policy || !engine->is_restored || !engine->database) {
		client_end(client, -EAGAIN, "the policy is not in force yet");
		return;
	}
	object = json_object_new_object();
	json_add_text(object, "on_revoke",
		policy->on_revoke ? lease_order_name(policy->on_revoke) : "keep");
	json_add_number(object, "marks", (uint64_t)database_mark_count(engine->database));
	client_line(client, object);
	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++) {
		if (!policy->label[bit].name || !(policy->wiped & UINT64_C(1) << bit))
			continue;
		object = json_object_new_object();
		json_add_text(object, "removed", policy->label[bit].name);
		client_line(client, object);
	}
	client_end(client, 0, "%s", "");
}

/* Of the volume with that number, behind that mark. */
void verb_wipe_marks(struct engine *engine, struct client *client, int fd)
{
	static struct database_mark marks[WIPE_MARKS_A_TIME];
	const struct engine_volume *volume;
	struct json_object *object, *inodes;
	int64_t cursor = (int64_t)client->request.after;
	int count;

	(void)fd; /* none is asked for */
	if (client->request.volume >= engine->volume_count || !engine->database) {
		client_end(client, -ENOENT, "there are no more volumes");
		return;
	}
	volume = engine->volumes[client->request.volume];
	count = volume->told.is_gone ? 0
				     : database_marks_of(engine->database, volume->told.identity,
					       &cursor, marks, WIPE_MARKS_A_TIME);
	if (count < 0) {
		client_end(client, count, "the index cannot be read: %s", strerror(-count));
		return;
	}
	object = json_object_new_object();
	inodes = json_object_new_array();
	for (int i = 0; i < count; i++)
		(void)json_object_array_add(inodes, json_object_new_uint64(marks[i].key.ino));
	json_add_number(object, "dev", volume->told.dev);
	json_add_number(object, "cursor", (uint64_t)cursor);
	json_add(object, "inodes", inodes);
	client_line(client, object);
	client_end(client, 0, "%s", "");
}

void verb_wipe_lineage(struct engine *engine, struct client *client, int fd)
{
	struct json_object *object;
	int r;

	(void)fd; /* none is asked for */
	r = lineage_keep_destroy(engine);
	if (r > 0) {
		object = json_object_new_object();
		json_add_bool(object, "lineage", true);
		client_line(client, object);
	}
	client_end(client, r < 0 ? r : 0, "%s", r < 0 ? strerror(-r) : "");
}

static void note(struct engine *engine, enum event_kind kind)
{
	struct json_object *details = json_object_new_object();
	struct json_object *wipe = json_object_new_object();
	struct event_note event = {.kind = kind,
		.message = engine->wipe.words,
		.is_for_all = kind != EVENT_WIPE_ORDERED,
		.details = details};

	json_add_number(wipe, "order", engine->trust.word.order_number);
	json_add_number(wipe, "serial", engine->trust.word.serial);
	json_add(details, "wipe", wipe);
	log_notice("%s", engine->wipe.words);
	(void)journal_note(engine, &event); /* counted there */
	(void)json_object_put(details);	    /* the event had its own reference */
}

void verb_wipe_tell(struct engine *engine, struct client *client, int fd)
{
	struct engine_wipe *wipe = &engine->wipe;
	uint32_t event = client->request.event;

	(void)fd; /* none is asked for */
	if (event < WIPE_ORDERED || event >= WIPE_EVENT_MAX) {
		client_end(client, -EINVAL, "nobody knows that of wiping");
		return;
	}
	wipe->since_ns = 0;
	if (event == WIPE_IDLE) {
		wipe->settled = engine->trust.word.serial;
	} else {
		wipe->event = (uint8_t)event;
		(void)snprintf(wipe->words, sizeof(wipe->words), "%.*s", WIPE_WORDS_SIZE - 1,
			client->request.reason);
	}
	if (event == WIPE_ORDERED || event == WIPE_BEGUN || event == WIPE_ENDED)
		note(engine, event == WIPE_ORDERED ? EVENT_WIPE_ORDERED
			     : event == WIPE_BEGUN ? EVENT_WIPE_BEGUN
						   : EVENT_WIPE_ENDED);
	if (event == WIPE_FAILED)
		failure_note(engine, FAILURE_WIPE, "%s", wipe->words);
	client_end(client, 0, "%s", "");
}
