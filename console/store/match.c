/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/match.h"

#include <json-c/json.h>
#include <string.h>

#include "common/json.h"

static bool has_text(const struct store_found *found, const char *text)
{
	return memmem(found->json, found->event.size, text, strlen(text)) != NULL;
}

static bool has_file(const struct store_found *found, const char *text)
{
	struct json_tokener *parser;
	struct json_object *event = NULL;
	bool is_in;

	/* Parsing is for the few that have it anywhere; these two stand escaped in JSON. */
	if (!strpbrk(text, "\"\\") && !has_text(found, text))
		return false;
	parser = json_tokener_new();
	if (parser)
		event = json_tokener_parse_ex(parser, found->json, (int)found->event.size);
	is_in = event && (strstr(json_text(event, "file.path"), text) ||
				 strstr(json_text(event, "file.name"), text));
	(void)json_object_put(event); /* freed */
	if (parser)
		json_tokener_free(parser);
	return is_in;
}

bool match_row(const struct store_found *found, const struct store_filter *filter)
{
	const struct store_event *event = &found->event;

	if (filter->device && filter->device != found->device)
		return false;
	if (filter->class_uid && filter->class_uid != event->class_uid)
		return false;
	if (filter->verdict_max &&
		(event->verdict < filter->verdict_min || event->verdict > filter->verdict_max))
		return false;
	return event->time_ms >= filter->since_ms &&
	       (!filter->until_ms || event->time_ms < filter->until_ms);
}

bool match_text(const struct store_found *found, const struct store_filter *filter)
{
	if (filter->text[0] && !has_text(found, filter->text))
		return false;
	return !filter->file[0] || has_file(found, filter->file);
}
