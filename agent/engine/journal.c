/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way into the event log. A record is in the log, with its number, before the sensor is
 * told that it is safe.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "agent/engine/event_objects.h"
#include "agent/engine/json.h"
#include "common/clock.h"
#include "policy/words.h"

#define TAIL_MAX (8 << 20) /* bytes read back at start: more than are ever in flight */

static int write_event(struct engine *engine, struct json_object *event, char **ret_line)
{
	const char *text = json_object_to_json_string_ext(
		event, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t size;
	char *line;
	int r;

	if (!text)
		return -ENOMEM;
	size = strlen(text);
	if (size + 1 > EVENT_LOG_LINE_MAX)
		return -EMSGSIZE;
	line = malloc(size + 2);
	if (!line)
		return -ENOMEM;
	memcpy(line, text, size);
	memcpy(line + size, "\n", 2);
	r = event_log_append(engine->log, line, size + 1);
	if (r < 0) {
		free(line);
		return r;
	}
	engine->sequence++;
	line[size] = '\0';
	*ret_line = line;
	return 0;
}

int journal_record(struct engine *engine, const struct record *record)
{
	struct event_numbers numbers = {.sequence = engine->sequence + 1,
		.delivered = engine->accounting.delivered + 1,
		.dropped = engine->accounting.dropped};
	struct json_object *event;
	struct recent_event recent;
	char *line = NULL;
	int r;

	event = event_of_record(&engine->origin, &numbers, engine->policy, record);
	if (!event)
		return -ENOMEM;
	r = write_event(engine, event, &line);
	(void)json_object_put(event); /* freed */
	if (r < 0)
		return r;
	recent = (struct recent_event){
		.sequence = numbers.sequence,
		.day_ms = clock_day_ms(),
		.has_record = true,
		.uid = record->raw.uid,
		.loginuid = record->raw.loginuid == UINT32_MAX ? LOCAL_ANY : record->raw.loginuid,
		.pid = record->raw.pid,
		.tgid = record->raw.tgid,
		.verdict = record->raw.verdict,
		.channel = record->raw.channel,
		.decided = record->raw.decided,
		.json = line,
	};
	recent_add(engine->recent, &recent);
	return 0;
}

int journal_note(struct engine *engine, const struct event_note *note)
{
	struct event_numbers numbers = {.sequence = engine->sequence + 1};
	struct json_object *event = event_of_note(&engine->origin, &numbers, note);
	struct recent_event recent;
	char *line = NULL;
	int r;

	if (!event)
		return -ENOMEM;
	r = write_event(engine, event, &line);
	(void)json_object_put(event); /* freed */
	if (r < 0) {
		failure_count(engine, FAILURE_LOG_WRITE, strerror(-r));
		return r;
	}
	recent = (struct recent_event){
		.sequence = numbers.sequence,
		.day_ms = clock_day_ms(),
		.is_for_all = note->is_for_all,
		.uid = note->has_uid ? note->uid : LOCAL_ANY,
		.loginuid = LOCAL_ANY,
		.json = line,
	};
	recent_add(engine->recent, &recent);
	return 0;
}

/* It has the totals of a record's line, for the next start. */
int journal_dropped(struct engine *engine, uint64_t sequence, const char *why)
{
	struct event_numbers numbers = {.delivered = engine->accounting.delivered,
		.dropped = engine->accounting.dropped + 1};
	struct json_object *details = json_object_new_object();
	struct event_note note = {.kind = EVENT_LOST,
		.is_failure = true,
		.message = why,
		.status_code = failure_row(FAILURE_RECORD_BAD)->name,
		.name = EVENT_LOG_NAME,
		.count = 1,
		.details = details};
	int r;

	if (!details)
		return -ENOMEM;
	json_add(details, "kernel", event_kernel(&engine->origin, &numbers, sequence));
	r = journal_note(engine, &note);
	(void)json_object_put(details); /* the event had its own reference */
	return r;
}

static uint64_t number_at(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_uint64(value) : 0;
}

static struct json_object *object_at(struct json_object *object, const char *key)
{
	struct json_object *value;

	return object && json_object_object_get_ex(object, key, &value) ? value : NULL;
}

static int word_at(struct json_object *object, const char *key, int (*parse)(const char *word))
{
	struct json_object *value = object_at(object, key);
	int number = value ? parse(json_object_get_string(value)) : -ENOENT;

	return number < 0 ? 0 : number;
}

static void recent_restore(
	struct engine *engine, struct json_object *event, const char *line, size_t size)
{
	struct json_object *ours = object_at(object_at(event, "unmapped"), "holdfast");
	struct json_object *process = object_at(object_at(event, "actor"), "process");
	struct recent_event recent = {
		.sequence = number_at(object_at(event, "metadata"), "sequence"),
		.day_ms = number_at(event, "time"),
		.has_record = object_at(ours, "verdict") != NULL,
		.uid = LOCAL_ANY,
		.loginuid = LOCAL_ANY,
		.json = strndup(line, size),
	};

	if (!recent.json)
		return; /* one less to ask for */
	if (recent.has_record) {
		recent.uid = (uint32_t)number_at(ours, "uid");
		if (object_at(ours, "loginuid"))
			recent.loginuid = (uint32_t)number_at(ours, "loginuid");
		recent.decided = number_at(ours, "decided_bits");
		recent.verdict = (uint8_t)word_at(ours, "verdict", policy_action_parse);
		recent.channel = (uint8_t)word_at(ours, "channel", policy_channel_parse);
		recent.tgid = (uint32_t)number_at(process, "pid");
		recent.pid = (uint32_t)number_at(process, "ptid");
	}
	recent_add(engine->recent, &recent);
}

static void on_line(const char *line, size_t size, void *userdata)
{
	struct engine *engine = userdata;
	struct json_tokener *parser = json_tokener_new();
	struct json_object *event, *kernel, *boot;
	uint64_t sequence;

	if (!parser)
		return;
	json_tokener_set_flags(parser, JSON_TOKENER_STRICT); /* nothing behind the object */
	event = json_tokener_parse_ex(parser, line, (int)size);
	json_tokener_free(parser);
	if (!event)
		return; /* not ours to mend; the numbers go on behind it */
	sequence = number_at(object_at(event, "metadata"), "sequence");
	if (sequence > engine->sequence)
		engine->sequence = sequence;
	kernel = object_at(object_at(object_at(event, "unmapped"), "holdfast"), "kernel");
	boot = object_at(kernel, "boot");
	if (boot && !strcmp(json_object_get_string(boot), engine->origin.boot_id)) {
		accounting_begin(&engine->accounting, (uint32_t)number_at(kernel, "counts"));
		accounting_restore(&engine->accounting, number_at(kernel, "sequence"),
			number_at(kernel, "delivered"), number_at(kernel, "dropped"));
	}
	recent_restore(engine, event, line, size);
	(void)json_object_put(event); /* freed */
}

int journal_restore(struct engine *engine)
{
	return event_log_tail(engine->log, TAIL_MAX, on_line, engine);
}
