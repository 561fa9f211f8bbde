/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine's answer becomes on a screen. */
#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/session/overlay_look.h"

static struct overlay_names names = {"Alice Ray", "alice", "desk-7", "acme"};
static struct overlay_look look;

static int take(const char *json)
{
	struct json_object *answer = json_tokener_parse(json);
	int r;

	cr_assert(answer);
	r = overlay_look_take(&look, answer, &names, 0);
	(void)json_object_put(answer); /* freed */
	return r;
}

Test(overlay, placeholders)
{
	char text[OVERLAY_TEXT_SIZE], many[OVERLAY_TEXT_SIZE * 2] = "";

	setenv("TZ", "UTC", 1);
	overlay_text_fill(
		"{name} ({account}), {device} of {tenant}, {time} {x} {", &names, 1767225600, text);
	cr_assert_str_eq(text, "Alice Ray (alice), desk-7 of acme, 2026-01-01 00:00 {x} {");
	overlay_text_fill("\u673a\u5bc6\n", &names, 0, text);
	cr_assert_str_eq(text, "\u673a\u5bc6?", "a line is one");
	for (int i = 0; i < 500; i++)
		strcat(many, "{name}");
	overlay_text_fill(many, &names, 0, text);
	cr_assert_lt(strlen(text), sizeof(text), "what does not fit is cut");
}

Test(overlay, what_is_no_answer_changes_nothing)
{
	cr_assert_eq(take("{\"wanted\":true,\"text\":\"{name}\",\"angle\":-25,\"opacity\":8}"), 0);
	cr_assert_str_eq(look.text, "Alice Ray");
	cr_assert_eq(take("{\"wanted\":true,\"text\":\"x\",\"opacity\":51}"), -EBADMSG);
	cr_assert_eq(take("{\"wanted\":true,\"text\":\"x\",\"angle\":91}"), -EBADMSG);
	cr_assert_eq(take("{\"wanted\":true,\"text\":\"x\",\"density\":3}"), -EBADMSG);
	cr_assert_eq(take("{\"wanted\":true,\"blind\":true,\"strength\":2,\"tile\":\"012\"}"),
		-EBADMSG, "a mark that is too small");
	cr_assert_str_eq(look.text, "Alice Ray");
	cr_assert_not(look.has_tile);
}

static void take_mark(char level, const char *strength)
{
	static char json[WATERMARK_TILE * WATERMARK_TILE + 256],
		tile[WATERMARK_TILE * WATERMARK_TILE + 1];

	memset(tile, level, sizeof(tile) - 1);
	(void)snprintf(json, sizeof(json),
		"{\"wanted\":true,\"blind\":true,\"minute\":7,\"strength\":%s,\"tile\":\"%s\"}",
		strength, tile);
	cr_assert_eq(take(json), level <= strength[0] ? 0 : -EBADMSG, "%c %s", level, strength);
}

/* The level is laid over with that alpha, premultiplied: more would be no colour. */
Test(overlay, a_mark_stays_while_it_is_wanted)
{
	struct overlay_look before;

	take_mark('3', "2");
	cr_assert_not(look.has_tile, "brighter than its strength");
	take_mark('2', "2");
	cr_assert(look.has_tile);
	cr_assert_eq(look.minute, 7);
	before = look;
	cr_assert_eq(take("{\"wanted\":true,\"blind\":true}"), 0);
	cr_assert(look.has_tile, "the engine had no newer one");
	cr_assert(overlay_look_is_same(&look, &before));
	cr_assert_eq(take("{\"wanted\":true}"), 0);
	cr_assert_not(look.has_tile, "it is not wanted any more");
	cr_assert_not(overlay_look_is_same(&look, &before));
}
