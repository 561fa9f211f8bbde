/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast vault: a program of its own does it, which the policy knows as an application; this one is
 * none, and could not open what is to move.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/cli/cli.h"

#define ARGUMENTS_MAX 16
#define PROGRAM	      "holdfast-vault"

/* Where it is installed, or, in a tree that was built and is not, beside this program. */
static void run(char **argv)
{
	char own[PATH_MAX], path[PATH_MAX];
	ssize_t size;

	(void)execv(HOLDFAST_LIBEXEC "/" PROGRAM, argv); /* returns when there is none */
	size = readlink("/proc/self/exe", own, sizeof(own) - 1);
	if (size <= 0)
		return;
	own[size] = '\0';
	*strrchr(own, '/') = '\0';
	if ((size_t)snprintf(path, sizeof(path), "%s/" PROGRAM, own) < sizeof(path))
		(void)execv(path, argv); /* as above */
}

int cli_vault(int argc, char **argv)
{
	char directory[] = "--runtime-dir";
	char *arguments[ARGUMENTS_MAX + 4] = {argv[0], directory, (char *)cli.runtime_directory};

	if (argc > ARGUMENTS_MAX) {
		(void)fprintf(stderr, "holdfast: too many arguments\n");
		return CLI_USAGE;
	}
	memcpy(arguments + 3, argv + 1, (size_t)argc * sizeof(*argv)); /* with the NULL */
	run(arguments);
	(void)fprintf(stderr, "holdfast: cannot run " PROGRAM ": %m\n");
	return CLI_REFUSED;
}
