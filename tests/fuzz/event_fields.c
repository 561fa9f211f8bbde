/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an event. json-c says what they are: what is taken must be an object to it as well,
 * with the same numbers and texts (it is laxer, so not the other way round). Texts end inside their
 * fields; whatever fails writes nothing.
 */
#include <assert.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "console/store/event_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether a name stands twice: the two may see another one then. An escape may hide a name. */
static bool is_plain(const char *json, size_t size)
{
	static const char *const names[] = {"\"time\"", "\"class_uid\"", "\"activity_id\"",
		"\"severity_id\"", "\"actor\"", "\"user\"", "\"device\"", "\"hostname\"", "\"os\"",
		"\"unmapped\"", "\"holdfast\"", "\"coalesced\"", "\"name\""};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *first = memmem(json, size, names[i], strlen(names[i]));
		size_t behind = first ? (size_t)(first - json) + 1 : 0;

		if (first && strcmp(names[i], "\"name\"") != 0 &&
			memmem(json + behind, size - behind, names[i], strlen(names[i])))
			return false;
	}
	return !memchr(json, '\\', size);
}

static void check_number(struct json_object *event, const char *path, uint64_t most, uint64_t got)
{
	struct json_object *value = json_at(event, path);
	uint64_t number = json_object_is_type(value, json_type_int) ? json_number(event, path) : 0;

	assert(got == number || (got == 0 && number > most));
}

static void check_text(struct json_object *event, const char *path, const char *got, size_t size)
{
	struct json_object *value = json_at(event, path);
	char wanted[256];

	if (!json_object_is_type(value, json_type_string) ||
		json_object_get_string_len(value) > 400)
		return;
	(void)text_clean(wanted, size, json_object_get_string(value));
	assert(!strcmp(wanted, got));
}

static void check(const char *json, size_t size, const struct event_fields *fields)
{
	struct json_tokener *parser = json_tokener_new_ex(EVENT_FIELDS_DEPTH + 2);
	struct json_object *event = json_tokener_parse_ex(parser, json, (int)size);

	assert(json_object_is_type(event, json_type_object));
	if (is_plain(json, size)) {
		check_number(event, "time", 999999999999999999u, (uint64_t)fields->time_ms);
		check_number(event, "class_uid", INT32_MAX, fields->class_uid);
		check_number(event, "activity_id", INT32_MAX, fields->activity_id);
		check_number(event, "severity_id", INT32_MAX, fields->severity_id);
		check_number(event, "unmapped.holdfast.coalesced", INT32_MAX, fields->coalesced);
		check_text(event, "device.hostname", fields->host, sizeof(fields->host));
	}
	(void)json_object_put(event);
	json_tokener_free(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct event_fields fields, before;
	char *copy = malloc(size ? size : 1); /* exactly so many bytes exist */
	int r;

	assert(copy);
	memcpy(copy, data, size);
	memset(&fields, 0x5a, sizeof(fields));
	memcpy(&before, &fields, sizeof(before));
	r = event_fields_read(copy, size, &fields);
	assert(r == 0 || r == -EBADMSG);
	if (r < 0) {
		assert(!memcmp(&fields, &before, sizeof(before)));
	} else {
		assert(memchr(fields.user, '\0', sizeof(fields.user)));
		assert(memchr(fields.user_uid, '\0', sizeof(fields.user_uid)));
		assert(memchr(fields.host, '\0', sizeof(fields.host)));
		assert(memchr(fields.os, '\0', sizeof(fields.os)));
		assert(fields.time_ms > 0 && fields.class_uid > 0);
		if (!memchr(copy, '\0', size))
			check(copy, size, &fields);
	}
	free(copy);
	return 0;
}
