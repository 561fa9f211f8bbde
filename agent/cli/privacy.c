/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast privacy: what is collected here, why, for how long, and who may see it. For every user and without rights
 * or a running agent: what is said of the console and of this computer is read from files that the agent leaves for
 * everybody. A new kind of record has its row here.
 */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "agent/cli/console.h"
#include "agent/ipc/console_files.h"

static const char usage[] =
	"usage: holdfast privacy [--json]\n"
	"What Holdfast collects on this computer, why, for how long, and who may "
	"see it.\n";

struct row {
	const char *what, *why;
};

static const struct row collected[] = {
	{"Use of protected files",
		"who opened, copied, moved, printed or sent one, with which program, where to, "
		"when, and whether it was refused; of a print-out its title: to trace a leak, and "
		"to say why"},
	{"Where their content went",
		"which programs and files got some of it, by name: copies are protected too"},
	{"Captures of the screen",
		"which program captured it, and which protected programs were shown: no picture"},
	{"Devices that come and go",
		"name and number of disks, sticks and printers: they are ways out"},
	{"Services that are shut outside of the organisation's networks",
		"which program asked for one there"},
	{"Logins of the organisation's accounts",
		"who logged in, by which service, from where: to notice stolen accounts"},
	{"Proofs of identity", "that and how somebody verified, or failed to: never the secret"},
	{"Reasons", "what you wrote to have a warning lifted"},
	{"Attempts on the agent itself", "which program tried to change or end it"},
	{"This computer", "model, serial number, system, what protects it, and which accounts use "
			  "it: whether it can be trusted"},
};

static const struct row never[] = {
	{"Content", "of any file, message, page, print-out, clipboard or screen"},
	{"Keystrokes and passwords", "none is written down"},
	{"What you do with anything else",
		"files without a label, pages, messages: there is no record of them"},
};

static void print_rows(const char *title, const struct row *rows, size_t count)
{
	print_styled(PRINT_BOLD, "%s\n", title);
	for (size_t i = 0; i < count; i++)
		(void)printf("  %s\n      %s\n", rows[i].what, rows[i].why);
}

static void print_computer(struct json_object *survey)
{
	if (!json_object_is_type(survey, json_type_object))
		return;
	print_styled(PRINT_BOLD, "What is told of this computer, word for word\n");
	json_object_object_foreach(survey, name, value)
	{
		(void)printf("  %-22s ", name);
		print_clean(json_object_get_string(value));
		(void)putchar('\n');
	}
}

static void print_where(struct json_object *status)
{
	print_styled(PRINT_BOLD, "Where it is, for how long, and who may see it\n");
	(void)printf(
		"  here        %s: eight files of 16 MiB, the oldest goes first; for root and the "
		"agent alone\n",
		cli.log_directory);
	if (json_text(status, "console")[0]) {
		(void)printf("  console     ");
		print_clean(json_text(status, "console"));
		(void)printf(
			"\n              sealed on the way; for those whom the organisation gave "
			"the right,\n              and for as long as it says: ask it\n");
	} else {
		(void)puts("  console     none: nothing leaves this computer");
	}
	print_styled(PRINT_BOLD, "What you can look at yourself\n");
	(void)puts("  holdfast why            what was refused to you last, and by which rule\n"
		   "  holdfast taint          which of your programs carry labels now\n"
		   "  holdfast lineage FILE   where a file's content came from and went");
}

static void add_rows(
	struct json_object *object, const char *name, const struct row *rows, size_t count)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < count; i++) {
		struct json_object *row = json_object_new_object();

		(void)json_object_object_add(row, "what", json_object_new_string(rows[i].what));
		(void)json_object_object_add(row, "why", json_object_new_string(rows[i].why));
		(void)json_object_array_add(array, row);
	}
	(void)json_object_object_add(object, name, array);
}

static void print_json(struct json_object *status, struct json_object *survey)
{
	struct json_object *object = json_object_new_object();

	add_rows(object, "collected", collected, sizeof(collected) / sizeof(collected[0]));
	add_rows(object, "never", never, sizeof(never) / sizeof(never[0]));
	(void)json_object_object_add(
		object, "console", json_object_new_string(json_text(status, "console")));
	(void)json_object_object_add(object, "computer", json_object_get(survey));
	(void)puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
	(void)json_object_put(object); /* freed */
}

int cli_privacy(int argc, char **argv)
{
	struct json_object *status, *survey;
	bool is_json;
	int r;

	r = options_json(argc, argv, usage, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	if (optind != argc) {
		(void)fputs(usage, stderr);
		return CLI_USAGE;
	}
	status = console_status();
	survey = console_object(SURVEY_NAME);
	if (is_json) {
		print_json(status, survey);
	} else {
		print_rows("Collected", collected, sizeof(collected) / sizeof(collected[0]));
		print_rows("Never collected", never, sizeof(never) / sizeof(never[0]));
		print_computer(survey);
		print_where(status);
	}
	(void)json_object_put(status); /* freed */
	(void)json_object_put(survey); /* likewise */
	return CLI_DONE;
}
