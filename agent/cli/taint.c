/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast taint [PID]: who carries labels now. */
#include <json-c/json.h>
#include <stdio.h>

#include "agent/cli/cli.h"
#include "common/clock.h"

static const char usage[] =
	"usage: holdfast taint [--json] [PID]\n"
	"Lists the processes that carry labels now: which, since when, from which files, and "
	"through\n"
	"whom they came. Yours alone, or those of all for root.\n"
	"Exit status: 0 also when there is none; 1 when process PID carries no label.\n";

static void print_texts(const char *title, struct json_object *array, const char *member)
{
	size_t count = array ? json_object_array_length(array) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(array, i);
		const char *text = member ? json_text(item, member) : json_object_get_string(item);

		print_styled(PRINT_DIM, "  %-8s", i ? "" : title);
		print_clean(text[0] ? text : "a file whose name is not known");
		(void)putchar('\n');
	}
}

static void print_hops(struct json_object *line)
{
	struct json_object *hops = json_at(line, "hops");
	size_t count = hops ? json_object_array_length(hops) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *hop = json_object_array_get_idx(hops, i);

		print_styled(PRINT_DIM, "  %-8s", i ? "" : "Through");
		(void)printf("by %s from ", json_text(hop, "how"));
		print_person(hop);
		(void)putchar('\n');
	}
	if (json_true(line, "has_more_hops"))
		(void)printf("  %-8s... and more before\n", "");
}

static void print_reader(struct json_object *line, const char *text, void *userdata)
{
	const bool *is_json = userdata;
	char when[CLOCK_TEXT_SIZE];

	if (*is_json) {
		(void)puts(text);
		return;
	}
	print_person(line);
	(void)putchar('\n');
	print_texts("Labels", json_at(line, "labels"), NULL);
	if (json_number(line, "since")) {
		clock_format(json_number(line, "since"), when);
		print_styled(PRINT_DIM, "  %-8s", "Since");
		(void)puts(when);
	}
	print_texts("Files", json_at(line, "files"), "path");
	if (json_true(line, "has_more_files"))
		(void)printf("  %-8s... and more\n", "");
	if (json_true(line, "has_files_of_others"))
		(void)printf("  %-8sof another user\n", "Files");
	print_hops(line);
}

int cli_taint(int argc, char **argv)
{
	struct local_request request = {.type = LOCAL_TAINT};
	bool is_json;
	int r;

	r = options_json(argc, argv, usage, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	r = options_process(argc, argv, usage, &request.pid);
	if (r != OPTIONS_GO_ON)
		return r;
	return client_ask(&request, -1, print_reader, &is_json);
}
