/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console token */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/cli/cli.h"

static const char usage[] =
	"usage: holdfast-console token create [--uses N | --unlimited] [--days D] [--approve]\n"
	"                                     [--owner KIND] [--name TEXT] [--json]\n"
	"       holdfast-console token create --kind check --audience URI [--tenant NAME] [--days "
	"D]\n"
	"                                     [--name TEXT] [--json]\n"
	"       holdfast-console token list [--json]\n"
	"       holdfast-console token revoke ID\n"
	"A device enrols with a token; with one of kind check a service asks whether a ticket that "
	"it\n"
	"was shown is good. It is shown once, when it is made: the console keeps its "
	"hash.\n"
	"  --uses N     how many devices it enrols (1)\n"
	"  --unlimited  any number: for deployment by a management system\n"
	"  --days D     how long it is good (7)\n"
	"  --approve    its devices are trusted at once; else each waits for 'device approve'\n"
	"  --owner KIND enterprise or personal: whose its devices are\n"
	"  --audience URI  as the service knows itself: the ticket's aud\n"
	"  --tenant NAME   whose accounts it takes, by the policy's [tenant]; without it, of any\n"
	"  --name TEXT  for the list\n"
	"Revoking a token leaves the devices that it has enrolled as they are.\n";

static void print_when(struct json_object *token, const char *path)
{
	char when[CLOCK_TEXT_SIZE];

	clock_format(json_number(token, path), when);
	(void)fputs(when, stdout);
}

static void print_until(struct json_object *token)
{
	char when[CLOCK_TEXT_SIZE];

	clock_format(json_number(token, "expires"), when);
	(void)fprintf(stderr, "%s. It is not shown again.\n", when);
}

static void print_made(struct json_object *token, const char *text, void *userdata)
{
	const bool *is_json = userdata;

	if (*is_json) {
		(void)puts(text);
		return;
	}
	(void)puts(json_text(token, "token")); /* alone on the output: for scripts */
	(void)fprintf(stderr, "Token %llu, good ", (unsigned long long)json_number(token, "id"));
	if (json_text(token, "audience")[0]) {
		(void)fprintf(
			stderr, "to check tickets for %s, until ", json_text(token, "audience"));
		print_until(token);
		return;
	}
	if (json_at(token, "uses_left"))
		(void)fprintf(stderr, "for %llu device%s ",
			(unsigned long long)json_number(token, "uses_left"),
			json_number(token, "uses_left") == 1 ? "" : "s");
	else
		(void)fputs("for any number of devices ", stderr);
	(void)fputs("until ", stderr);
	print_until(token);
	(void)fputs(json_true(token, "approves")
			    ? "Devices that enrol with it are trusted at once.\n"
			    : "Devices that enrol with it wait for 'holdfast-console device "
			      "approve'.\n",
		stderr);
}

static int create(int argc, char **argv)
{
	static const struct option known[] = {{"uses", required_argument, NULL, 'u'},
		{"unlimited", no_argument, NULL, 'U'}, {"days", required_argument, NULL, 'd'},
		{"approve", no_argument, NULL, 'a'}, {"name", required_argument, NULL, 'n'},
		{"owner", required_argument, NULL, 'o'}, {"kind", required_argument, NULL, 'k'},
		{"audience", required_argument, NULL, 'A'},
		{"tenant", required_argument, NULL, 't'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_TOKEN_CREATE, .uses = 1, .days = 7};
	bool is_json = false, is_counted = false, is_check = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		switch (option) {
		case 'u':
			is_counted = true;
			if (cli_number(optarg, ADMIN_USES_MAX, &request.uses) < 0)
				return cli_usage(usage);
			break;
		case 'U':
			request.flags |= ADMIN_IS_UNLIMITED;
			break;
		case 'd':
			if (cli_number(optarg, ADMIN_DAYS_MAX, &request.days) < 0)
				return cli_usage(usage);
			break;
		case 'a':
			request.flags |= ADMIN_IS_APPROVING;
			break;
		case 'n':
			if (!cli_text(request.name, sizeof(request.name), optarg))
				return CLI_USAGE;
			break;
		case 'o':
			request.flags &= ~(ADMIN_IS_ENTERPRISE | ADMIN_IS_PERSONAL);
			if (!strcmp(optarg, "enterprise"))
				request.flags |= ADMIN_IS_ENTERPRISE;
			else if (!strcmp(optarg, "personal"))
				request.flags |= ADMIN_IS_PERSONAL;
			else
				return cli_usage(usage);
			break;
		case 'k':
			is_check = !strcmp(optarg, "check");
			if (!is_check && strcmp(optarg, "enrol") != 0)
				return cli_usage(usage);
			break;
		case 'A':
			if (!cli_text(request.text, sizeof(request.text), optarg))
				return CLI_USAGE;
			break;
		case 't':
			if (!cli_text(request.user, sizeof(request.user), optarg))
				return CLI_USAGE;
			break;
		case 'j':
			is_json = true;
			break;
		case 'h':
			return fputs(usage, stdout), CLI_DONE;
		default:
			return cli_usage(usage);
		}
	}
	if (is_check != (request.text[0] != '\0') || (request.user[0] && !is_check) ||
		(is_check && (is_counted || request.flags)))
		return cli_usage(usage);
	if (is_check)
		request.flags |= ADMIN_IS_UNLIMITED;
	if (optind != argc || (is_counted && (request.flags & ADMIN_IS_UNLIMITED)))
		return cli_usage(usage);
	return client_ask(&request, print_made, &is_json);
}

static void print_row(struct json_object *token, const char *text, void *userdata)
{
	const char *state = json_text(token, "state");
	const bool *is_json = userdata;

	if (*is_json) {
		(void)puts(text);
		return;
	}
	(void)printf("%4llu  ", (unsigned long long)json_number(token, "id"));
	print_styled(!strcmp(state, "good") ? PRINT_GOOD : PRINT_DIM, "%-8s", state);
	(void)printf("  used %llu", (unsigned long long)json_number(token, "used"));
	if (json_at(token, "uses_left"))
		(void)printf(" of %llu", (unsigned long long)(json_number(token, "used") +
							      json_number(token, "uses_left")));
	(void)fputs("  until ", stdout);
	print_when(token, "expires");
	(void)fputs(json_true(token, "approves") ? "  approves  " : "  ", stdout);
	if (json_text(token, "owner")[0])
		(void)printf("%s  ", json_text(token, "owner"));
	if (json_text(token, "audience")[0])
		(void)printf("checks tickets for %s  ", json_text(token, "audience"));
	print_clean(json_text(token, "name"));
	(void)putchar('\n');
}

static int list(int argc, char **argv)
{
	const struct admin_request request = {.type = ADMIN_TOKENS};
	bool is_json;
	int r;

	r = cli_options_json(argc, argv, usage, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	return optind == argc ? client_ask(&request, print_row, &is_json) : cli_usage(usage);
}

static int revoke(int argc, char **argv)
{
	struct admin_request request = {.type = ADMIN_TOKEN_REVOKE};
	uint32_t number;
	bool is_json;
	int r;

	r = cli_options_json(argc, argv, usage, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	if (optind + 1 != argc || cli_number(argv[optind], UINT32_MAX, &number) < 0)
		return cli_usage(usage);
	request.number = number;
	return client_ask(&request, print_row, &is_json);
}

int cli_token(int argc, char **argv)
{
	if (argc < 2)
		return cli_usage(usage);
	if (!strcmp(argv[1], "create"))
		return create(argc - 1, argv + 1);
	if (!strcmp(argv[1], "list"))
		return list(argc - 1, argv + 1);
	if (!strcmp(argv[1], "revoke"))
		return revoke(argc - 1, argv + 1);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return fputs(usage, stdout), CLI_DONE;
	return cli_usage(usage);
}
