/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console: the table of verbs; and the processes that serve starts, by hidden words. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "common/cleanup.h"
#include "console/authority/authority.h"
#include "console/cli/cli.h"
#include "console/exporter/exporter.h"
#include "console/frontend/frontend.h"
#include "console/store/service.h"

struct cli cli = {
	.state_directory = "/var/lib/holdfast-console",
	.runtime_directory = "/run/holdfast-console",
	.config_directory = "/etc/holdfast-console",
};

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
};

static const struct verb verbs[] = {
	{"init", cli_init, "make a console: certificates, database, administrator, first token"},
	{"serve", cli_serve, "run it"},
	{"status", cli_status, "how it is, and what it has"},
	{"device", cli_device, "list, show, approve, suspend, revoke, tag devices"},
	{"policy", cli_policy, "check, publish, show policies; take one back"},
	{"token", cli_token, "create, list, revoke enrolment tokens"},
	{"rule", cli_rule, "add, list, remove rules by which devices are approved"},
	{"events", cli_events, "what happened on the devices"},
	{"export", cli_export, "send events to other systems: file, syslog, Kafka"},
	{"findings", cli_findings, "events that never came, devices that exist twice"},
	{"audit", cli_audit, "what administrators did, and proof that nobody changed it"},
	{"report", cli_report, "how many events of which kinds there were, day by day"},
	{"key", cli_key, "keys of labels: list, rotate, destroy, with a receipt"},
	{"trace", cli_trace, "whose screen a leaked picture shows, by its blind mark"},
	{"seal-key", cli_seal_key, "the keys that devices seal to: list, rotate, destroy"},
	{"beacon", cli_beacon, "prove to devices that they are in a network"},
	{"backup", cli_backup, "copy the database, also while it is in use"},
	{"restore", cli_restore, "put a copy in its place"},
};

/* Not for people: each is this program again, see serve.c. */
static const struct verb processes[] = {
	{"frontend", frontend_main, NULL},
	{"store", store_main, NULL},
	{"authority", authority_main, NULL},
	{"exporter", exporter_main, NULL},
};

static int usage(FILE *to)
{
	(void)fprintf(to,
		"usage: holdfast-console [--state-dir DIR] [--runtime-dir DIR] [--config-dir DIR]"
		" VERB [...]\n\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		(void)fprintf(to, "  %-9s %s\n", verbs[i].name, verbs[i].text);
	(void)fprintf(to,
		"\nholdfast-console VERB --help says more; see holdfast-console(8).\n"
		"Exit status: 0 done, 1 refused or not found, 2 wrong use, 3 no console.\n");
	return to == stdout ? CLI_DONE : CLI_USAGE;
}

int cli_usage(const char *text)
{
	(void)fputs(text, stderr);
	return CLI_USAGE;
}

int cli_refuse(const char *format, ...)
{
	va_list arguments;

	(void)fputs("holdfast-console: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
	return CLI_REFUSED;
}

void cli_path(char *ret_path, size_t size, const char *directory, const char *name)
{
	if ((size_t)snprintf(ret_path, size, "%s/%s%s%s", cli.state_directory, directory,
		    name[0] ? "/" : "", name) >= size)
		exit(cli_refuse("'%s' is too long a path", cli.state_directory));
}

void cli_config_path(char *ret_path, size_t size, const char *name)
{
	if ((size_t)snprintf(ret_path, size, "%s/%s", cli.config_directory, name) >= size)
		exit(cli_refuse("'%s' is too long a path", cli.config_directory));
}

int cli_lock(void)
{
	static int lock = -EBADF; /* until exit */
	char path[PATH_MAX];

	cli_path(path, sizeof(path), CLI_LOCK, "");
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0)
		return -errno;
	if (flock(lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

int cli_options_json(int argc, char **argv, const char *text, bool *ret_is_json)
{
	static const struct option known[] = {
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	int option;

	*ret_is_json = false;
	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(text, stdout), CLI_DONE;
		if (option != 'j')
			return cli_usage(text);
		*ret_is_json = true;
	}
	return OPTIONS_GO_ON;
}

int cli_number(const char *text, unsigned long most, uint32_t *ret_number)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || text[0] == '-' || !number || number > most)
		return -EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

bool cli_text(char *ret_text, size_t size, const char *text)
{
	if (strlen(text) < size) {
		(void)strcpy(ret_text, text); /* fits */
		return true;
	}
	(void)cli_refuse("'%.20s...' is too long: at most %zu bytes", text, size - 1);
	return false;
}

static const struct verb *find(const struct verb *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

static int parse_options(int argc, char **argv)
{
	static const struct option known[] = {{"state-dir", required_argument, NULL, 's'},
		{"runtime-dir", required_argument, NULL, 'r'},
		{"config-dir", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "+h", known, NULL)) >= 0) {
		switch (option) {
		case 's':
			cli.state_directory = optarg;
			break;
		case 'r':
			cli.runtime_directory = optarg;
			break;
		case 'c':
			cli.config_directory = optarg;
			break;
		case 'h':
			return usage(stdout);
		case 'V':
			(void)printf("holdfast-console %s\n", HOLDFAST_VERSION);
			return CLI_DONE;
		default:
			return usage(stderr);
		}
	}
	return OPTIONS_GO_ON;
}

int main(int argc, char **argv)
{
	const struct verb *verb;
	int r;

	if (argc > 1) {
		verb = find(processes, sizeof(processes) / sizeof(processes[0]), argv[1]);
		if (verb)
			return verb->run(argc - 1, argv + 1);
	}
	(void)setlocale(LC_ALL, ""); /* the C locale is fine too */
	r = parse_options(argc, argv);
	if (r != OPTIONS_GO_ON)
		return r;
	argc -= optind;
	argv += optind;
	if (argc < 1)
		return usage(stderr);
	verb = find(verbs, sizeof(verbs) / sizeof(verbs[0]), argv[0]);
	if (!verb) {
		(void)cli_refuse("there is no verb '%s'", argv[0]);
		return usage(stderr);
	}
	optind = 0; /* getopt starts over: glibc */
	return verb->run(argc, argv);
}
