/* SPDX-License-Identifier: Apache-2.0 */
/* What engine and sensor say to each other, on the engine's side: one handler per message. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "agent/engine/json.h"
#include "agent/engine/maintenance.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "policy/words.h"

static uint8_t frame_buffer[WIRE_FRAME_MAX]; /* of the one message being written */

void link_begin(struct bytes_writer *frame, unsigned int type)
{
	wire_begin(frame, frame_buffer, sizeof(frame_buffer), (uint16_t)type);
}

void link_send(struct engine *engine, struct bytes_writer *frame, int fd)
{
	int r = channel_send(&engine->sensor, frame, fd);

	if (r < 0)
		fatal("cannot send to the sensor: %s, stopping", strerror(-r));
}

void link_request(struct engine *engine, const struct message_request *request, int fd)
{
	struct bytes_writer frame;

	link_begin(&frame, MESSAGE_REQUEST);
	message_put_request(&frame, request);
	link_send(engine, &frame, fd);
}

static void on_hello(struct engine *engine, struct bytes_reader *payload)
{
	message_get_hello(payload, &engine->hello);
	if (engine->has_hello)
		fatal("the sensor said hello twice, stopping");
	engine->has_hello = true;
	engine->origin.counts_id = engine->hello.counts_id;
	accounting_begin(&engine->accounting, engine->hello.counts_id);
	if (!engine->hello.is_enforcing)
		failure_note(engine, FAILURE_NO_KERNEL, "%s",
			engine->hello.missing_count ? engine->hello.missing[0]
						    : "the kernel part could not be loaded");
	else
		for (unsigned int i = 0; i < engine->hello.missing_count; i++)
			failure_note(
				engine, FAILURE_KERNEL_PARTIAL, "%s", engine->hello.missing[i]);
	if (engine->hello.is_enforcing)
		link_request(engine,
			&(const struct message_request){
				.kind = REQUEST_DOOR_SHOW, .id = LINK_DOOR_ID},
			-1);
	publish_labels(engine);
	link_restore(engine);
}

static struct engine_volume *volume_find(struct engine *engine, uint32_t dev)
{
	for (unsigned int i = 0; i < engine->volume_count; i++)
		if (engine->volumes[i]->told.dev == dev)
			return engine->volumes[i];
	return NULL;
}

static void note_device(struct engine *engine, const struct message_volume *told)
{
	const char *channel = policy_channel_name(told->channel);
	struct event_note note = {
		.kind = told->is_gone ? EVENT_DEVICE_GONE : EVENT_DEVICE, .name = told->name};
	char text[EVENT_TEXT_MAX];

	if (!told->is_device || told->channel == HF_CHANNEL_LOCAL_FILE)
		return;
	(void)snprintf(text, sizeof(text), "%s %s: %s, %s", told->name,
		told->is_gone ? "is gone" : "is a way out", channel ? channel : "?", told->reason);
	note.message = text;
	(void)journal_note(engine, &note); /* counted there */
}

static void on_volume(struct engine *engine, struct bytes_reader *payload)
{
	static struct message_volume told;
	struct engine_volume *volume;
	bool is_new;

	message_get_volume(payload, &told);
	if (payload->is_bad)
		return; /* fatal in link_on_message */
	if (!told.is_gone)
		lineage_volume(engine->lineage, told.dev, told.identity);
	volume = volume_find(engine, told.dev);
	if (told.is_gone) {
		note_device(engine, &told);
		if (volume)
			volume->told.is_gone = true;
		return;
	}
	if (!volume) {
		volume = engine->volume_count < HF_VOLUME_MAX ? calloc(1, sizeof(*volume)) : NULL;
		if (!volume) {
			failure_note(engine, FAILURE_VOLUME, "%s: too many volumes", told.name);
			return;
		}
		engine->volumes[engine->volume_count++] = volume;
	}
	is_new = strcmp(volume->told.identity, told.identity) != 0 || volume->told.is_gone;
	if (is_new || volume->told.channel != told.channel)
		note_device(engine, &told);
	volume->told = told;
	if (is_new) {
		volume->needs_restore = true;
		volume->cursor = 0;
	}
}

/* One frame of marks of one volume; false when it has no more. */
static bool restore_some(struct engine *engine, struct engine_volume *volume)
{
	static struct database_mark marks[MESSAGE_MARK_MAX];
	struct bytes_writer frame;
	int count;

	count = database_marks_of(
		engine->database, volume->told.identity, &volume->cursor, marks, MESSAGE_MARK_MAX);
	if (count < 0)
		failure_note(engine, FAILURE_DATABASE, "reading marks: %s", strerror(-count));
	if (count <= 0)
		return false;
	link_begin(&frame, MESSAGE_RESTORE);
	bytes_put_u32(&frame, (uint32_t)count);
	for (int i = 0; i < count; i++) {
		marks[i].key.dev = volume->told.dev;
		bytes_put_blob(&frame, &marks[i].key, sizeof(marks[i].key));
		bytes_put_blob(&frame, &marks[i].mark, sizeof(marks[i].mark));
	}
	link_send(engine, &frame, -1);
	return true;
}

void link_restore(struct engine *engine)
{
	struct bytes_writer frame;

	if (!engine->has_hello)
		return;
	for (unsigned int i = 0; i < engine->volume_count; i++) {
		struct engine_volume *volume = engine->volumes[i];

		while (volume->needs_restore && engine->database) {
			if (!channel_is_idle(&engine->sensor))
				return; /* called again from the loop */
			volume->needs_restore = restore_some(engine, volume);
		}
	}
	if (engine->is_restored)
		return;
	engine->is_restored = true;
	link_begin(&frame, MESSAGE_RESTORE_END);
	link_send(engine, &frame, -1);
	publish_policy(engine);
}

static void on_marked(struct engine *engine, struct bytes_reader *payload)
{
	static struct message_marked marked;
	int r;

	message_get_marked(payload, &marked);
	if (payload->is_bad || !engine->database)
		return; /* fatal in link_on_message, or told at start */
	if (!marked.volume[0])
		(void)snprintf(marked.volume, sizeof(marked.volume), "dev:%u:%u",
			marked.key.dev >> 20, marked.key.dev & 0xfffff);
	r = database_mark(engine->database, &marked);
	if (r < 0)
		failure_note(engine, FAILURE_DATABASE, "%s: %s", marked.path, strerror(-r));
}

/* Only what is not well is remembered; the rest is a number. */
static void on_state(struct engine *engine, struct bytes_reader *payload, bool is_program)
{
	static struct message_state state;
	unsigned int *good = is_program ? &engine->program_count : &engine->place_count;
	struct message_state *larger;

	message_get_state(payload, &state);
	if (payload->is_bad)
		return; /* fatal in link_on_message */
	for (size_t i = 0; i < engine->state_count; i++)
		if (!strcmp(engine->states[i].path, state.path)) {
			engine->states[i] = engine->states[--engine->state_count];
			break;
		}
	if (state.error == 0) {
		++*good;
		return;
	}
	if (engine->state_count >= ENGINE_STATE_MAX)
		return;
	larger = reallocarray(engine->states, engine->state_count + 1, sizeof(*larger));
	if (!larger)
		return;
	larger[engine->state_count++] = state;
	engine->states = larger;
}

/* The console's receipt: which of its policies is in force here, and what it can do. NULL: none. */
static struct json_object *managed_object(const struct engine *engine)
{
	struct json_object *details, *bundle;

	if (!engine->managed.version)
		return NULL;
	details = json_object_new_object();
	bundle = json_object_new_object();
	json_add_number(bundle, "version", engine->managed.version);
	json_add_text(bundle, "digest", engine->managed.digest);
	json_add_text(bundle, "mode", engine->hello.is_enforcing ? "enforcing" : "none");
	json_add(details, "bundle", bundle);
	return details;
}

static void on_applied(struct engine *engine, struct bytes_reader *payload)
{
	uint64_t serial = bytes_get_u64(payload);
	int r = (int)bytes_get_u32(payload);
	struct event_note note = {.kind = EVENT_POLICY_APPLIED, .version = serial};
	char text[EVENT_TEXT_MAX];

	if (!engine->policy || payload->is_bad)
		return;
	if (r < 0) {
		failure_note(engine, FAILURE_POLICY_REFUSED, "version %llu: %s",
			(unsigned long long)serial, strerror(-r));
		return;
	}
	engine->is_policy_applied = true;
	engine->policy_day_ms = clock_day_ms();
	note.details = managed_object(engine);
	note.name = engine->policy->name;
	(void)snprintf(text, sizeof(text), "policy '%s' version %llu is in force%s",
		engine->policy->name, (unsigned long long)serial,
		engine->is_policy_last_good ? " (the last good one; the file has errors)" : "");
	note.message = text;
	log_notice("%s", text);
	(void)journal_note(engine, &note);   /* counted there */
	(void)json_object_put(note.details); /* the event had its own reference */
}

static void on_failure(struct engine *engine, struct bytes_reader *payload)
{
	struct message_failure failure;

	message_get_failure(payload, &failure);
	if (failure.reason >= FAILURE_REASON_MAX)
		payload->is_bad = true;
	else
		failure_note(engine, failure.reason, "%s", failure.what);
}

/* Records that the ring had no room for are an event themselves, once, with their number. */
static void note_lost(struct engine *engine, const uint64_t counters[static HF_COUNTER_MAX])
{
	uint64_t lost = counters[HF_COUNTER_LOST];
	struct event_note note = {.kind = EVENT_LOST,
		.is_failure = true,
		.message =
			"the ring was full: the verdicts stood, so many of their records are gone",
		.status_code = "records-lost",
		.name = EVENT_LOG_NAME};

	if (lost <= engine->lost_told)
		return;
	note.count = (int64_t)(lost - engine->lost_told);
	failure_count(engine, FAILURE_RECORDS_LOST, note.message);
	if (journal_note(engine, &note) < 0)
		return;
	engine->lost_told = lost;
	if (engine->database) /* failing, it is told once more after a restart */
		(void)database_set(engine->database, engine->origin.boot_id, (int64_t)lost);
}

/*
 * Tables of the kernel part that had no room; told once more after a restart of the engine. What is
 * often is told again when it has become twice as much.
 */
static void note_full(struct engine *engine, const uint64_t counters[static HF_COUNTER_MAX])
{
	static const struct {
		enum hf_counter counter;
		enum failure_reason reason;
		bool is_often;
	} tables[] = {
		{HF_COUNTER_GUARD_FULL, FAILURE_GUARD_FULL, false},
		{HF_COUNTER_GONE_FULL, FAILURE_GONE_FULL, false},
		{HF_COUNTER_FORGOTTEN, FAILURE_FORGOTTEN, true},
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		enum hf_counter counter = tables[i].counter;

		uint64_t told = engine->full_told[counter];

		if (counters[counter] <= (tables[i].is_often ? 2 * told : told))
			continue;
		engine->full_told[counter] = counters[counter];
		failure_note(engine, tables[i].reason, "%llu times since boot",
			(unsigned long long)counters[counter]);
	}
}

static void on_answer(struct engine *engine, struct bytes_reader *payload)
{
	struct message_answer answer;

	message_get_answer(payload, &answer);
	if (payload->is_bad)
		return; /* fatal in link_on_message */
	if (answer.id == LINK_COUNTERS_ID) {
		note_lost(engine, answer.counters);
		note_full(engine, answer.counters);
	} else if (answer.id == LINK_DOOR_ID)
		maintenance_learn(engine, &answer);
	else
		server_on_answer(engine, &answer);
}

static void on_readers(struct engine *engine, struct bytes_reader *payload)
{
	static struct message_readers readers; /* too large for the stack */

	message_get_readers(payload, &readers);
	if (!payload->is_bad) /* else fatal in link_on_message */
		server_on_readers(engine, &readers);
}

void link_on_message(struct engine *engine, unsigned int type, struct bytes_reader *payload)
{
	switch (type) {
	case MESSAGE_HELLO:
		on_hello(engine, payload);
		break;
	case MESSAGE_RECORDS:
		intake_records(engine, payload);
		break;
	case MESSAGE_MARKED:
		on_marked(engine, payload);
		break;
	case MESSAGE_VOLUME:
		on_volume(engine, payload);
		break;
	case MESSAGE_PROGRAM_STATE:
	case MESSAGE_PLACE_STATE:
		on_state(engine, payload, type == MESSAGE_PROGRAM_STATE);
		break;
	case MESSAGE_READERS:
		on_readers(engine, payload);
		break;
	case MESSAGE_ANSWER:
		on_answer(engine, payload);
		break;
	case MESSAGE_APPLIED:
		on_applied(engine, payload);
		break;
	case MESSAGE_FAILURE:
		on_failure(engine, payload);
		break;
	default:
		fatal("the sensor sent message %u, which it may not, stopping", type);
	}
	if (!bytes_is_done(payload))
		fatal("message %u from the sensor does not fit its type, stopping", type);
}
