/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console export */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "console/cli/cli.h"
#include "console/exporter/config.h"

#define LAG_WARN_MS 300000

static const char usage[] =
	"usage: holdfast-console export list\n"
	"       holdfast-console export check [FILE]\n"
	"       holdfast-console export status [--json]\n"
	"       holdfast-console export rewind NAME --since TIME|first\n"
	"Outputs of events to other systems, as export.ini says: see holdfast-console(8).\n"
	"  list    the outputs and where they go\n"
	"  check   every mistake of export.ini, and files that it names and are not there\n"
	"  status  how far each has come, what waits, and why\n"
	"  rewind  export again what happened since TIME (10m, 2h, 3d ago, or\n"
	"          '2026-11-25 06:00', by the devices' clocks), or all that is stored\n";

static void config_file(char path[PATH_MAX])
{
	cli_config_path(path, PATH_MAX, CONFIG_FILE_NAME);
}

/* Says what is wrong; CLI_DONE when the file can be used. */
static int load(const char *path, struct config *ret_config)
{
	auto_call(policy_problems_done) struct policy_problems problems = {0};
	int r = config_read(path, ret_config, &problems);

	for (size_t i = 0; i < problems.count; i++) {
		const struct policy_problem *problem = &problems.items[i];

		(void)fprintf(stderr, "%s:%u: %s%s%s%s\n", path, problem->line, problem->message,
			problem->hint ? " (meant: " : "", problem->hint ? problem->hint : "",
			problem->hint ? ")" : "");
	}
	if (problems.count)
		return CLI_REFUSED;
	if (r < 0)
		return cli_refuse("cannot read '%s': %s%s", path, strerror(-r),
			r == -ENOENT ? ". Nothing is exported; holdfast-console(8) says what may "
				       "stand in it"
				     : "");
	return CLI_DONE;
}

static void print_output(const struct config_output *output)
{
	print_styled(PRINT_BOLD, "%-16s", output->name);
	(void)printf("  %-6s  ", config_kind_name(output->kind));
	switch (output->kind) {
	case CONFIG_FILE:
		(void)printf("%s\n", output->path);
		break;
	case CONFIG_SYSLOG:
		(void)printf("%s port %s, TLS%s\n", output->host, output->port,
			output->certificate[0] ? " with our certificate" : "");
		break;
	case CONFIG_KAFKA:
	case CONFIG_KIND_MAX:
		(void)printf("%s topic %s, %s\n", output->brokers, output->topic,
			output->is_plain ? "without TLS" : "TLS");
		break;
	}
}

static int list(int argc, char **argv)
{
	static struct config config;
	char path[PATH_MAX];
	int r;

	if (argc != 1)
		return (void)argv, cli_usage(usage);
	config_file(path);
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		(void)printf("Nothing is exported: there is no '%s'.\n", path);
		return CLI_DONE;
	}
	r = load(path, &config);
	for (unsigned int i = 0; r == CLI_DONE && i < config.count; i++)
		print_output(&config.outputs[i]);
	return r;
}

static bool check_file(const char *where, unsigned int line, const char *path)
{
	auto_close int fd = path[0] ? open(path, O_RDONLY | O_CLOEXEC) : -EBADF;

	if (!path[0] || fd >= 0)
		return true;
	(void)fprintf(stderr, "%s:%u: cannot read '%s': %s\n", where, line, path, strerror(errno));
	return false;
}

static bool check_directory(const char *where, const struct config_output *output)
{
	char directory[PATH_MAX];
	char *slash;

	if (output->kind != CONFIG_FILE)
		return true;
	(void)snprintf(directory, sizeof(directory), "%s", output->path); /* is no longer */
	slash = strrchr(directory, '/');
	slash[slash == directory] = '\0'; /* a path begins with one */
	if (access(directory, F_OK) == 0)
		return true;
	(void)fprintf(stderr, "%s:%u: there is no directory '%s': %s\n", where, output->line,
		directory, strerror(errno));
	return false;
}

static int check(int argc, char **argv)
{
	static struct config config;
	char path[PATH_MAX];
	bool is_good = true;
	int r;

	if (argc > 2)
		return cli_usage(usage);
	config_file(path);
	if (argc == 2 && snprintf(path, sizeof(path), "%s", argv[1]) >= (int)sizeof(path))
		return cli_refuse("'%.20s...' is too long a path", argv[1]);
	r = load(path, &config);
	if (r != CLI_DONE)
		return r;
	for (unsigned int i = 0; i < config.count; i++) {
		const struct config_output *output = &config.outputs[i];

		is_good &= check_file(path, output->line, output->ca);
		is_good &= check_file(path, output->line, output->certificate);
		is_good &= check_file(path, output->line, output->key);
		is_good &= check_directory(path, output);
	}
	if (!is_good)
		return CLI_REFUSED;
	(void)printf("%s: %u outputs, no mistakes\n", path, config.count);
	return CLI_DONE;
}

void cli_export_print(struct json_object *line, const char *text, void *userdata)
{
	const bool *is_json = userdata;
	uint64_t now_ms = clock_day_ms(), oldest = json_number(line, "oldest");
	uint64_t waiting = json_number(line, "waiting");
	uint64_t lag_ms = waiting && oldest && oldest < now_ms ? now_ms - oldest : 0;

	if (*is_json) {
		(void)puts(text);
		return;
	}
	print_styled(PRINT_BOLD, "%-16s", json_text(line, "name"));
	if (!json_true(line, "running"))
		print_styled(PRINT_WARN, "  not running");
	else if (json_text(line, "error")[0])
		print_styled(PRINT_BAD, "  failing    ");
	else
		print_styled(lag_ms > LAG_WARN_MS ? PRINT_WARN : PRINT_GOOD,
			lag_ms > LAG_WARN_MS ? "  behind     " : "  running    ");
	(void)printf("  delivered %llu, %llu wait",
		(unsigned long long)json_number(line, "delivered"), (unsigned long long)waiting);
	if (lag_ms)
		(void)printf(", the oldest for %llu s", (unsigned long long)(lag_ms / 1000));
	(void)putchar('\n');
	if (json_text(line, "error")[0]) {
		char since[CLOCK_TEXT_SIZE];

		clock_format(json_number(line, "error_since"), since);
		(void)printf("%-16s  since %s: ", "", since);
		print_clean(json_text(line, "error"));
		(void)putchar('\n');
	}
}

static int status(int argc, char **argv)
{
	const struct admin_request request = {.type = ADMIN_EXPORTS};
	bool is_json;
	int r;

	r = cli_options_json(argc, argv, usage, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	if (optind != argc)
		return cli_usage(usage);
	return client_ask(&request, cli_export_print, &is_json);
}

static int rewind_output(int argc, char **argv)
{
	static const struct option known[] = {
		{"since", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_EXPORT_REWIND};
	bool has_since = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option != 's')
			return cli_usage(usage);
		has_since = true;
		if (strcmp(optarg, "first") != 0 && clock_parse(optarg, &request.since_ms) < 0) {
			(void)cli_refuse("'%s' is no time", optarg);
			return cli_usage(usage);
		}
	}
	if (optind != argc - 1 || !has_since)
		return cli_usage(usage);
	if (!cli_text(request.name, sizeof(request.name), argv[optind]))
		return CLI_USAGE;
	return client_ask(&request, cli_export_print, &(bool){true});
}

int cli_export(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} verbs[] = {
		{"list", list}, {"check", check}, {"status", status}, {"rewind", rewind_output}};

	if (argc >= 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return fputs(usage, stdout), CLI_DONE;
	for (size_t i = 0; argc >= 2 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, argv[1]))
			return verbs[i].run(argc - 1, argv + 1);
	return cli_usage(usage);
}
