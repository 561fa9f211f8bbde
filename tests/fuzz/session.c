/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as an event from the engine, to what a person sees of it. What must hold: a notice is
 * UTF-8 that a message bus takes, nothing in it acts on whoever shows it, and what is markup in it
 * is only ours.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session/notices.h"
#include "policy/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, bool has_lines)
{
	assert(policy_text_is_utf8(text, strlen(text)));
	for (; *text; text++)
		assert(((unsigned char)*text >= 0x20 && *text != 0x7f) ||
			(has_lines && *text == '\n'));
}

static void check_markup(const char *body)
{
	for (; *body; body++) {
		if (*body == '<')
			assert(!strncmp(body, "<a href=\"https://", 17) ||
				!strncmp(body, "</a>", 4));
		if (*body == '&')
			assert(!strncmp(body, "&amp;", 5) || !strncmp(body, "&lt;", 4) ||
				!strncmp(body, "&gt;", 4) || !strncmp(body, "&quot;", 6));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct notice_abilities abilities[] = {{0}, {true, true, true}};
	static struct notice_slot slot;
	static struct notice notice;
	char *text = strndup((const char *)data, size);
	struct json_object *event = text ? json_tokener_parse(text) : NULL;

	free(text);
	if (event && refusal_parse(event, &slot.refusal) == 0) {
		slot.count = slot.refusal.count;
		for (unsigned int i = 0; i < 4; i++) {
			notice_format(&slot, i & 1, &abilities[i >> 1], &notice);
			check_text(notice.summary, false);
			check_text(notice.body, true);
			if (i >> 1)
				check_markup(notice.body);
		}
	}
	(void)json_object_put(event); /* freed; NULL is fine */
	return 0;
}
