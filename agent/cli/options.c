/* SPDX-License-Identifier: Apache-2.0 */
/* The options that most verbs have. */
#include <getopt.h>
#include <stdio.h>

#include "agent/cli/cli.h"

int options_json(int argc, char **argv, const char *usage, bool *ret_is_json)
{
	static const struct option known[] = {
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	int option;

	*ret_is_json = false;
	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'j')
			*ret_is_json = true;
		else
			return fputs(usage, option == 'h' ? stdout : stderr),
			       option == 'h' ? CLI_DONE : CLI_USAGE;
	}
	return OPTIONS_GO_ON;
}
