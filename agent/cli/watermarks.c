/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cli/watermarks.h"

#include <stdio.h>

#include "agent/cli/cli.h"

static bool lacks(struct json_object *wanted, struct json_object *display, const char *what)
{
	return json_true(wanted, what) && !json_true(display, what);
}

static bool is_whole(struct json_object *wanted, struct json_object *display)
{
	return !lacks(wanted, display, "text") && !lacks(wanted, display, "blind");
}

static void print_display(struct json_object *wanted, struct json_object *display)
{
	print_styled(is_whole(wanted, display) ? PRINT_GOOD : PRINT_BAD, "  ");
	print_clean(json_text(display, "display"));
	(void)printf(", user %llu: %s%s", (unsigned long long)json_number(display, "uid"),
		json_true(display, "text") ? "text" : "no text",
		json_true(display, "blind") ? ", blind mark" : "");
	if (lacks(wanted, display, "blind"))
		print_styled(PRINT_BAD, ", NO BLIND MARK%s",
			json_true(display, "shaped") ? ": no compositing manager runs there" : "");
	(void)putchar('\n');
}

void watermarks_print(struct json_object *status)
{
	struct json_object *wanted = json_at(status, "watermark");
	struct json_object *displays = json_at(status, "watermark.displays");
	size_t count = displays ? json_object_array_length(displays) : 0;

	if (!wanted)
		return;
	print_styled(PRINT_BOLD, "Watermark\n");
	if (!count)
		print_styled(PRINT_WARN,
			"  on no display: no holdfast-session runs where there is one (X11)\n");
	for (size_t i = 0; i < count; i++)
		print_display(wanted, json_object_array_get_idx(displays, i));
}

bool watermarks_have_trouble(struct json_object *status)
{
	struct json_object *wanted = json_at(status, "watermark");
	struct json_object *displays = json_at(status, "watermark.displays");

	for (size_t i = 0; displays && i < json_object_array_length(displays); i++)
		if (!is_whole(wanted, json_object_array_get_idx(displays, i)))
			return true;
	return false;
}
