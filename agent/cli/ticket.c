/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast ticket: what applications do by themselves on the agent's socket, for scripts. */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/cli.h"

static const char usage[] = "usage: holdfast ticket --audience AUDIENCE [--nonce TEXT] [--json]\n"
			    "A signed statement, good for minutes, that this account is logged in "
			    "on this trusted device:\n"
			    "a JWT that AUDIENCE, an [audience] of the policy by name or uri, "
			    "verifies with the console's\n"
			    "root certificate. It is written to the standard output, alone.\n"
			    "An audience for certain applications gives none to this command.\n"
			    "  --nonce TEXT  that the service asked for, in the ticket\n";

static void print_ticket(struct json_object *line, const char *text, void *userdata)
{
	const bool *is_json = userdata;

	if (*is_json)
		(void)puts(text);
	else if (json_text(line, "ticket")[0])
		(void)puts(json_text(line, "ticket"));
}

int cli_ticket(int argc, char **argv)
{
	static const struct option known[] = {{"audience", required_argument, NULL, 'a'},
		{"nonce", required_argument, NULL, 'n'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {0}};
	struct local_request request = {.type = LOCAL_TICKET};
	bool is_json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == '?')
			return fputs(usage, stderr), CLI_USAGE;
		if (option == 'j')
			is_json = true;
		else if (option == 'a')
			(void)snprintf(request.audience, sizeof(request.audience), "%s", optarg);
		else
			(void)snprintf(request.nonce, sizeof(request.nonce), "%s", optarg);
	}
	if (optind != argc || !request.audience[0])
		return fputs(usage, stderr), CLI_USAGE;
	return client_ask(&request, -1, print_ticket, &is_json);
}
