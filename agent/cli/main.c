/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast: the table of verbs. */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/cli.h"

struct cli cli = {
	.runtime_directory = LOCAL_RUNTIME_DIRECTORY,
	.log_directory = "/var/log/holdfast",
	.policy_path = "/etc/holdfast/policy.ini",
};

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
} verbs[] = {
	{"status", cli_status, "what is in force, and whether it works"},
	{"doctor", cli_doctor, "what is covered, what is not, and what to do"},
	{"why", cli_why, "what was refused last, and by which rule"},
	{"justify", cli_justify, "allow what a warning stopped, with a reason"},
	{"verify", cli_verify, "show who you are, so that protected files open again"},
	{"events", cli_events, "what happened to protected files"},
	{"taint", cli_taint, "which processes carry labels, since when and from where"},
	{"lineage", cli_lineage, "where a file's content came from and where it went"},
	{"label", cli_label, "set, show or clear the labels of files"},
	{"policy", cli_policy, "check, explain, show or reload the policy"},
	{"enrol", cli_enrol, "join this device to a console"},
	{"ticket", cli_ticket, "a statement for a service that you are you, on a trusted device"},
	{"pam-check", cli_pam_check, "what PAM's stacks come to, before anybody is locked out"},
	{"vault", cli_vault, "folders that are readable while this device has their key"},
	{"privacy", cli_privacy, "what is collected here, why, for how long, and who may see it"},
	{"compliance", cli_compliance,
		"the state of this device in one line, for device management"},
	{"maintenance", cli_maintenance, "open the door for upgrade and removal, with a token"},
};

static int usage(FILE *to)
{
	(void)fprintf(to, "usage: holdfast [--runtime-dir DIR] [--log-dir DIR] VERB [...]\n\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		(void)fprintf(to, "  %-11s %s\n", verbs[i].name, verbs[i].text);
	(void)fprintf(to,
		"\nholdfast VERB --help says more; see holdfast(8).\n"
		"Exit status: 0 done, 1 refused or not found, 2 wrong use, 3 no agent.\n");
	return to == stdout ? CLI_DONE : CLI_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {{"runtime-dir", required_argument, NULL, 'r'},
		{"log-dir", required_argument, NULL, 'l'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'}, {0}};
	int option;

	(void)setlocale(LC_ALL, ""); /* the C locale is fine too */
	while ((option = getopt_long(argc, argv, "+h", known, NULL)) >= 0) {
		switch (option) {
		case 'r':
			cli.runtime_directory = optarg;
			break;
		case 'l':
			cli.log_directory = optarg;
			break;
		case 'h':
			return usage(stdout);
		case 'V':
			(void)printf("holdfast %s\n", HOLDFAST_VERSION);
			return CLI_DONE;
		default:
			return usage(stderr);
		}
	}
	argc -= optind;
	argv += optind;
	if (argc < 1)
		return usage(stderr);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, argv[0]) != 0)
			continue;
		optind = 0; /* getopt starts over: glibc */
		return verbs[i].run(argc, argv);
	}
	(void)fprintf(stderr, "holdfast: there is no verb '%s'\n", argv[0]);
	return usage(stderr);
}
