/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cli/label_keys.h"

#include <stdio.h>
#include <string.h>

#include "agent/cli/cli.h"
#include "common/clock.h"

static const struct {
	const char *name, *text;
} places[] = {
	{"memfd_secret", "in memory that the kernel itself does not map"},
	{"locked", "in locked memory; a hibernation image would have them (key-memory in "
		   "console.ini)"},
	{"not locked", "in memory that is NOT locked: they may reach the swap"},
};

static bool is_here(struct json_object *label)
{
	return json_number(label, "generation") != 0;
}

bool label_keys_have_trouble(struct json_object *status)
{
	struct json_object *labels = json_at(status, "keys.labels");

	for (size_t i = 0; labels && i < json_object_array_length(labels); i++)
		if (!is_here(json_object_array_get_idx(labels, i)))
			return true;
	return !strcmp(json_text(status, "keys.memory"), "not locked");
}

static void print_label(struct json_object *label)
{
	const char *dropped = json_text(label, "dropped");
	char until[CLOCK_TEXT_SIZE];

	(void)printf("  %-22s ", json_text(label, "label"));
	if (!is_here(label)) {
		print_styled(PRINT_WARN, "not here%s%s%s\n", dropped[0] ? " any more (" : "",
			dropped, dropped[0] ? ")" : "");
		return;
	}
	clock_format(json_number(label, "until"), until);
	print_styled(PRINT_GOOD, "here");
	(void)printf(", generation %llu of %llu that are readable, until %s\n",
		(unsigned long long)json_number(label, "generation"),
		(unsigned long long)json_number(label, "generations"), until);
}

void label_keys_print(struct json_object *status)
{
	struct json_object *labels = json_at(status, "keys.labels");

	if (!labels)
		return;
	print_styled(PRINT_BOLD, "Keys of labels\n");
	for (size_t i = 0; i < json_object_array_length(labels); i++)
		print_label(json_object_array_get_idx(labels, i));
	if (json_text(status, "keys.refused")[0])
		print_styled(PRINT_WARN, "  the console refused some: %s\n",
			json_text(status, "keys.refused"));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!strcmp(places[i].name, json_text(status, "keys.memory")))
			(void)printf("  %s\n", places[i].text);
}
