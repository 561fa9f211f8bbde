/* SPDX-License-Identifier: Apache-2.0 */
/* A refusal out of the event that the engine sends: what is missing or too long stays out. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "agent/session/notices.h"
#include "common/text.h"
#include "policy/words.h"

#define OURS "unmapped.holdfast."

/* Cut text is worse than none here: a link either leads where the rule says or is not there. */
static void link_take(struct refusal *refusal, const char *link)
{
	if (strncmp(link, "https://", strlen("https://")) != 0 ||
		!isalnum((unsigned char)link[strlen("https://")]) || strpbrk(link, " \t\"<>\\"))
		return;
	if (!text_clean(refusal->link, sizeof(refusal->link), link) ||
		strcmp(refusal->link, link) != 0)
		refusal->link[0] = '\0';
}

static void destination_take(struct refusal *refusal, struct json_object *event)
{
	const char *address = json_text(event, "dst_endpoint.ip");
	uint64_t port = json_number(event, "dst_endpoint.port");
	char text[128];

	if (!address[0])
		return;
	if (port)
		(void)snprintf(
			text, sizeof(text), "%.80s port %llu", address, (unsigned long long)port);
	else
		(void)snprintf(text, sizeof(text), "%.80s", address);
	(void)text_clean(refusal->destination, sizeof(refusal->destination), text); /* cut: fine */
}

/* Anything but an object here would be read as its own text. */
static const char *text_at(struct json_object *event, const char *path)
{
	struct json_object *value = json_at(event, path);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* Of a capture: by whom what is labelled is on the screen. */
static void screen_take(struct refusal *refusal, struct json_object *event)
{
	struct json_object *readers = json_at(event, OURS "screen.shown_by");
	size_t count = json_object_is_type(readers, json_type_array)
			       ? json_object_array_length(readers)
			       : 0;

	if (!count)
		return;
	(void)text_clean(refusal->shown_by, sizeof(refusal->shown_by),
		text_at(json_object_array_get_idx(readers, 0), "name")); /* cut: fine */
	refusal->shown_by_more = count - 1 + json_number(event, OURS "screen.shown_by_more");
}

/* What the organisation does to this computer. The words of its end say what became of how much. */
static int told_parse(struct json_object *event, struct refusal *ret_refusal)
{
	const char *code = text_at(event, "metadata.event_code");
	struct refusal refusal = {.channel = -1,
		.count = 1,
		.told_more =
			"By order of your organisation its keys are removed, and protected files "
			"where it says so. What is not protected stays. See: holdfast status"};

	if (!strcmp(code, "wipe-begun")) {
		refusal.told = "This computer is being wiped";
	} else if (!strcmp(code, "wipe-ended")) {
		refusal.told = "This computer was wiped";
		(void)text_clean(refusal.text, sizeof(refusal.text),
			text_at(event, "message")); /* cut: fine */
	} else {
		return -EBADMSG;
	}
	*ret_refusal = refusal;
	return 0;
}

int refusal_parse(struct json_object *event, struct refusal *ret_refusal)
{
	const char *verdict = text_at(event, OURS "verdict");
	const char *label = text_at(event, OURS "rule.label_title");
	struct refusal refusal = {.is_warn = !strcmp(verdict, "warn")};
	const struct {
		char *to;
		size_t size;
		const char *text;
	} texts[] = {
		{refusal.program, sizeof(refusal.program), text_at(event, "actor.process.name")},
		{refusal.application, sizeof(refusal.application),
			text_at(event, "actor.app_name")},
		{refusal.file, sizeof(refusal.file), text_at(event, "file.name")},
		{refusal.path, sizeof(refusal.path), text_at(event, "file.path")},
		{refusal.label, sizeof(refusal.label),
			label[0] ? label : text_at(event, OURS "rule.label")},
		{refusal.text, sizeof(refusal.text), text_at(event, OURS "rule.text")},
		{refusal.printer, sizeof(refusal.printer),
			text_at(event, "peripheral_device.name")},
		{refusal.reason, sizeof(refusal.reason), text_at(event, OURS "reason_text")},
		{refusal.method, sizeof(refusal.method), text_at(event, OURS "screen.method")},
	};

	if (!refusal.is_warn && strcmp(verdict, "block") != 0)
		return told_parse(event, ret_refusal);
	refusal.channel = policy_channel_parse(text_at(event, OURS "channel"));
	refusal.count = json_number(event, "count");
	if (!refusal.count || refusal.count > UINT32_MAX)
		refusal.count = 1;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		(void)text_clean(texts[i].to, texts[i].size, texts[i].text); /* cut: fine */
	if (!refusal.program[0])
		(void)text_clean(refusal.program, sizeof(refusal.program), "a program");
	destination_take(&refusal, event);
	screen_take(&refusal, event);
	link_take(&refusal, text_at(event, OURS "rule.link"));
	*ret_refusal = refusal;
	return 0;
}
