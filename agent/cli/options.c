/* SPDX-License-Identifier: Apache-2.0 */
/* The options that most verbs have. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

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

int options_number(const char *text, unsigned long most, unsigned long *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtoul(text, &end, 10);
	return errno || *end || !*ret_number || *ret_number > most ? -EINVAL : 0;
}

int options_process(int argc, char **argv, const char *usage, uint32_t *ret_pid)
{
	unsigned long pid;

	if (argc - optind > 1) {
		(void)fputs(usage, stderr);
		return CLI_USAGE;
	}
	if (argc == optind)
		return OPTIONS_GO_ON;
	if (options_number(argv[optind], INT32_MAX, &pid) < 0) {
		(void)fprintf(stderr, "holdfast: '%s' is no process id\n", argv[optind]);
		return CLI_USAGE;
	}
	*ret_pid = (uint32_t)pid;
	return OPTIONS_GO_ON;
}
