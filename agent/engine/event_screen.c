/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/engine/event_screen.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/event_words.h"
#include "agent/engine/json.h"
#include "policy/screen.h"

bool event_screen(const struct record *record, struct hf_screen_shown *ret_shown)
{
	if (record->raw.path_is_payload != HF_PAYLOAD_SCREEN)
		return false;
	memcpy(ret_shown, record->raw.path,
		sizeof(*ret_shown)); /* record_decode() saw that it fits */
	return true;
}

void event_screen_text(const struct record *record, char *ret_text, size_t size)
{
	const char *method = screen_method_name(record->raw.port);
	char display[SCREEN_DISPLAY_SIZE] = "";
	struct hf_screen_shown shown;

	if (event_screen(record, &shown))
		screen_display_format(shown.kind, shown.number, display);
	(void)snprintf(ret_text, size, "capture the screen%s%s (%s)", display[0] ? " " : "",
		display, method ? method : "unknown");
}

static struct json_object *reader_object(
	const struct policy_compiled *policy, const struct hf_screen_reader *reader)
{
	struct json_object *object = json_object_new_object(), *file;
	char name[HF_COMM_SIZE + 1];

	memcpy(name, reader->comm, HF_COMM_SIZE);
	name[HF_COMM_SIZE] = '\0';
	json_add_text(object, "name", name);
	json_add_number(object, "pid", reader->tgid);
	json_add(object, "labels", event_label_names(policy, reader->labels));
	if (!reader->origin.ino)
		return object;
	file = json_object_new_object();
	json_add_number(file, "dev", reader->origin.dev);
	json_add_number(file, "ino", reader->origin.ino);
	json_add_number(file, "generation", reader->origin.generation);
	json_add(object, "file", file);
	return object;
}

struct json_object *event_screen_object(
	const struct policy_compiled *policy, const struct record *record)
{
	const char *method = screen_method_name(record->raw.port);
	struct json_object *object, *readers;
	char display[SCREEN_DISPLAY_SIZE];
	struct hf_screen_shown shown;

	if (!event_screen(record, &shown))
		return NULL;
	object = json_object_new_object();
	readers = json_object_new_array();
	json_add_text(object, "method", method ? method : "unknown");
	screen_display_format(shown.kind, shown.number, display);
	if (display[0])
		json_add_text(object, "display", display);
	if (record->raw.target_tgid)
		json_add_number(object, "server_pid", record->raw.target_tgid);
	for (uint32_t i = 0; i < shown.count && i < HF_SHOWN_MAX; i++)
		(void)json_object_array_add(readers, reader_object(policy, &shown.readers[i]));
	json_add(object, "shown_by", readers);
	if (shown.count > HF_SHOWN_MAX)
		json_add_number(object, "shown_by_more", shown.count - HF_SHOWN_MAX);
	return object;
}
