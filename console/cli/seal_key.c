/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console seal-key */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/cli/cli.h"

static const char usage[] =
	"usage: holdfast-console seal-key list [--json]\n"
	"       holdfast-console seal-key rotate\n"
	"       holdfast-console seal-key destroy ID [--force]\n"
	"The keys that devices seal events to. rotate makes a new one; the earlier one is kept "
	"until\n"
	"no device can hold anything sealed to it, and is destroyed a day later by itself, or now "
	"by\n"
	"destroy.\n"
	"  --force  though devices may hold events sealed to it: these are lost\n";

static void print_key(struct json_object *key, const char *text, void *userdata)
{
	const bool *is_json = userdata;
	char when[CLOCK_TEXT_SIZE];

	if (*is_json) {
		(void)puts(text);
		return;
	}
	(void)printf("%s  ", json_text(key, "id"));
	if (!json_number(key, "replaced")) {
		print_styled(PRINT_GOOD, "in use");
	} else {
		clock_format(json_number(key, "replaced"), when);
		(void)printf("replaced %s", when);
		if (json_number(key, "waiting"))
			print_styled(PRINT_WARN, "  %llu devices may hold events sealed to it",
				(unsigned long long)json_number(key, "waiting"));
		else
			print_styled(PRINT_DIM, "  nobody needs it");
	}
	(void)putchar('\n');
}

static int destroy(int argc, char **argv)
{
	static const struct option known[] = {
		{"force", no_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_SEAL_DESTROY};
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option != 'f')
			return cli_usage(usage);
		request.flags |= ADMIN_IS_FORCED;
	}
	if (optind + 1 != argc)
		return cli_usage(usage);
	if (!cli_text(request.name, sizeof(request.name), argv[optind]))
		return CLI_USAGE;
	return client_ask(&request, print_key, &(bool){false});
}

int cli_seal_key(int argc, char **argv)
{
	struct admin_request request = {.type = ADMIN_SEAL_KEYS};
	bool is_json = false;
	int r;

	if (argc < 2)
		return cli_usage(usage);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return fputs(usage, stdout), CLI_DONE;
	if (!strcmp(argv[1], "destroy"))
		return destroy(argc - 1, argv + 1);
	if (!strcmp(argv[1], "rotate"))
		request.type = ADMIN_SEAL_ROTATE;
	else if (strcmp(argv[1], "list") != 0)
		return cli_usage(usage);
	r = cli_options_json(argc - 1, argv + 1, usage, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	if (optind + 1 != argc)
		return cli_usage(usage);
	return client_ask(&request, print_key, &is_json);
}
