/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-vault: options and verbs; `holdfast vault` passes its own on. */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ipc/request.h"
#include "agent/vault/vault.h"

struct vault_options vault_options = {
	.runtime_directory = LOCAL_RUNTIME_DIRECTORY,
	.state_directory = RECORD_DIRECTORY,
};

static const char usage[] =
	"usage: holdfast vault status [--json] [NAME]\n"
	"       holdfast vault add [--dry-run] NAME\n"
	"       holdfast vault unlock|lock|verify NAME\n"
	"Folders that are readable while this device has the key of their label. 'add' moves the\n"
	"folder of the policy's [vault NAME] in; broken off, it goes on when it is said again. "
	"All\n"
	"but 'status' are for root. See holdfast(8).\n";

static const struct {
	const char *name;
	int (*run)(const char *name);
	bool is_open; /* to everybody, and without a name */
} verbs[] = {
	{"status", vault_status, true},
	{"add", vault_add, false},
	{"unlock", vault_unlock, false},
	{"lock", vault_lock, false},
	{"verify", vault_verify, false},
};

static int run(int argc, char **argv)
{
	if (argc == 1 && !strcmp(argv[0], "watch"))
		return vault_watch();
	for (size_t i = 0; argc && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, argv[0]) != 0)
			continue;
		if (argc > 2 || (argc < 2 && !verbs[i].is_open))
			break;
		if (!verbs[i].is_open && geteuid() != 0) {
			(void)fprintf(stderr, "holdfast: only root may do this\n");
			return VAULT_REFUSED;
		}
		return verbs[i].run(argv[1]);
	}
	(void)fputs(usage, stderr);
	return VAULT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {{"runtime-dir", required_argument, NULL, 'r'},
		{"state-dir", required_argument, NULL, 's'}, {"dry-run", no_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	int option;

	(void)setlocale(LC_ALL, ""); /* the C locale is fine too */
	(void)umask(022);	     /* returns the old one */
	/* Content passes through: no core file, no tracer that is not root's. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return VAULT_REFUSED;
	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		switch (option) {
		case 'r':
			vault_options.runtime_directory = optarg;
			break;
		case 's':
			vault_options.state_directory = optarg;
			break;
		case 'n':
			vault_options.is_dry_run = true;
			break;
		case 'j':
			vault_options.is_json = true;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			return VAULT_DONE;
		default:
			(void)fputs(usage, stderr);
			return VAULT_USAGE;
		}
	}
	return run(argc - optind, argv + optind);
}
