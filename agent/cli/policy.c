/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast policy check|explain|reload|show; the first two are in files of their own. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/cli.h"

static const char usage[] =
	"usage: holdfast policy check [FILE]\n"
	"       holdfast policy explain --as USER [--app APP] --open PATH [--then CHANNEL]\n"
	"                               [--to ADDRESS[:PORT]] [--device DEVICE] [--policy FILE]\n"
	"       holdfast policy show [--json]\n"
	"       holdfast policy reload\n"
	"check and explain work on the file, without the agent; show and reload ask the agent.\n";

static void print_label(struct json_object *line, const char *text, void *userdata)
{
	const bool *is_json = userdata;
	struct json_object *channels = json_at(line, "channels");

	if (*is_json) {
		(void)puts(text);
		return;
	}
	print_styled(PRINT_BOLD, "%s", json_text(line, "label"));
	if (json_text(line, "title")[0])
		(void)printf(" (%s)", json_text(line, "title"));
	(void)putchar('\n');
	if (!channels)
		return;
	json_object_object_foreach(channels, name, entry)
	{
		const char *action = json_text(entry, "action");

		(void)printf("  %-11s ", name);
		print_styled(!strcmp(action, "block")  ? PRINT_BAD
			     : !strcmp(action, "warn") ? PRINT_WARN
						       : PRINT_GOOD,
			"%-7s", action);
		if (json_text(entry, "rule")[0])
			(void)printf(" rule %s", json_text(entry, "rule"));
		if (json_text(entry, "file")[0])
			print_styled(PRINT_DIM, "  %s:%s", json_text(entry, "file"),
				json_text(entry, "line"));
		(void)putchar('\n');
	}
}

static int show(bool is_json)
{
	const struct local_request request = {.type = LOCAL_POLICY_SHOW};

	return client_ask(&request, -1, print_label, &is_json);
}

static int reload(void)
{
	const struct local_request request = {.type = LOCAL_RELOAD};
	bool is_json = false;

	return client_ask(&request, -1, print_label, &is_json);
}

int cli_policy(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[1], "check"))
		return cli_policy_check(argc - 1, argv + 1);
	if (argc >= 2 && !strcmp(argv[1], "explain"))
		return cli_policy_explain(argc - 1, argv + 1);
	if (argc == 2 && !strcmp(argv[1], "reload"))
		return reload();
	if (argc == 2 && !strcmp(argv[1], "show"))
		return show(false);
	if (argc == 3 && !strcmp(argv[1], "show") && !strcmp(argv[2], "--json"))
		return show(true);
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return fputs(usage, stdout), CLI_DONE;
	(void)fputs(usage, stderr);
	return CLI_USAGE;
}
