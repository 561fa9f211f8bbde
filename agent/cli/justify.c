/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast justify: the person takes responsibility for what a warning stopped. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "agent/cli/cli.h"

static const char usage[] = "usage: holdfast justify --reason TEXT [--minutes N]\n"
			    "Allows what was stopped last with a warning, for N minutes (15, at "
			    "most 480). Your reason is\n"
			    "recorded. What was refused, not warned of, can't be justified.\n";

static void print_nothing(struct json_object *object, const char *text, void *userdata)
{
	(void)object; /* the answer is its last words */
	(void)text;
	(void)userdata;
}

int cli_justify(int argc, char **argv)
{
	static const struct option known[] = {{"reason", required_argument, NULL, 'r'},
		{"minutes", required_argument, NULL, 'm'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct local_request request = {.type = LOCAL_JUSTIFY};
	unsigned long minutes;
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		switch (option) {
		case 'r':
			if ((size_t)snprintf(request.reason, sizeof(request.reason), "%s",
				    optarg) >= sizeof(request.reason)) {
				(void)fprintf(stderr, "holdfast: at most %zu bytes of reason\n",
					sizeof(request.reason) - 1);
				return CLI_USAGE;
			}
			break;
		case 'm':
			if (options_number(optarg, 480, &minutes) < 0) {
				(void)fprintf(stderr, "holdfast: --minutes wants 1 to 480\n");
				return CLI_USAGE;
			}
			request.minutes = (uint32_t)minutes;
			break;
		default:
			return fputs(usage, option == 'h' ? stdout : stderr),
			       option == 'h' ? CLI_DONE : CLI_USAGE;
		}
	}
	if (optind != argc || !request.reason[0]) {
		(void)fputs(usage, stderr);
		return CLI_USAGE;
	}
	return client_ask(&request, -1, print_nothing, NULL);
}
