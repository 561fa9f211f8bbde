/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exporter's process. Trust: the store is believed; the receiver is not, and what it may say is
 * TLS alerts, Kafka's answers. It has no database, no key but the one it shows to the receiver, and
 * events as everybody is to have them whom export.ini names.
 */
#include "console/exporter/exporter.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/filter.h"
#include "common/log.h"
#include "console/ipc/process.h"

#define SECRET_FILE_MAX (1 << 20) /* bytes of a certificate or key file */
#define POLL_STORE	0
#define POLL_SIGNAL	1
#define POLL_SINK	2
#define MS_NS		UINT64_C(1000000)

struct options {
	const char *config, *name, *runtime_directory, *user;
	int life_fd;
	bool is_verbose;
};

static const struct sink *const sinks[CONFIG_KIND_MAX] = {
	[CONFIG_FILE] = &sink_file,
	[CONFIG_SYSLOG] = &sink_syslog,
	[CONFIG_KAFKA] = &sink_kafka,
};

static bool parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {{"config", required_argument, NULL, 'c'},
		{"name", required_argument, NULL, 'n'},
		{"runtime-dir", required_argument, NULL, 'r'},
		{"user", required_argument, NULL, 'u'}, {"life-fd", required_argument, NULL, 'l'},
		{"verbose", no_argument, NULL, 'v'}, {0}};
	int option;

	*options = (struct options){.life_fd = -1};
	optind = 0; /* getopt starts over: glibc */
	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 'n':
			options->name = optarg;
			break;
		case 'r':
			options->runtime_directory = optarg;
			break;
		case 'u':
			options->user = optarg;
			break;
		case 'l':
			options->life_fd = process_life_fd(optarg);
			if (options->life_fd < 0)
				return false;
			break;
		case 'v':
			options->is_verbose = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc && options->config && options->name && options->runtime_directory;
}

char *exporter_read_file(const char *path, const char *what)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	size_t size;
	int r = fd < 0 ? -errno : file_read_all(fd, SECRET_FILE_MAX, &text, &size);

	if (r < 0)
		fatal("cannot read the %s '%s': %s, stopping", what, path, strerror(-r));
	return text;
}

static void read_config(struct exporter *exporter, const struct options *options)
{
	static struct config config;
	struct policy_problems problems = {0};
	int r = config_read(options->config, &config, &problems);

	if (problems.count)
		fatal("%s:%u: %s, stopping", options->config, problems.items[0].line,
			problems.items[0].message);
	if (r < 0)
		fatal("cannot read '%s': %s, stopping", options->config, strerror(-r));
	exporter->output = config_find(&config, options->name);
	if (!exporter->output)
		fatal("there is no output '%s' in '%s', stopping", options->name, options->config);
	exporter->name = exporter->output->name;
	exporter->sink = sinks[exporter->output->kind];
}

static int timeout_of(struct exporter *exporter)
{
	int least = PROCESS_LIFE_MS, sink = exporter->sink->timeout_ms(exporter);

	if (sink >= 0 && sink < least)
		least = sink;
	if (exporter->is_untold && least > EXPORTER_PROGRESS_MS)
		least = EXPORTER_PROGRESS_MS;
	return least;
}

static void turn(struct exporter *exporter)
{
	struct pollfd polls[POLL_SINK + EXPORTER_POLL_MAX];
	unsigned int count;

	polls[POLL_STORE] = (struct pollfd){
		exporter->store.fd, channel_events(&exporter->store), 0};
	polls[POLL_SIGNAL] = (struct pollfd){exporter->signal_fd, POLLIN, 0};
	count = exporter->is_opened ? exporter->sink->poll_fill(exporter, polls + POLL_SINK) : 0;
	if (poll(polls, POLL_SINK + count, timeout_of(exporter)) < 0 && errno != EINTR)
		fatal("cannot poll: %m, stopping");
	if (polls[POLL_SIGNAL].revents)
		exporter->is_stopping = true;
	if (polls[POLL_STORE].revents)
		link_on_poll(exporter, polls[POLL_STORE].revents);
	if (exporter->is_opened)
		exporter->sink->work(exporter, polls + POLL_SINK, count);
	link_work(exporter);
	(void)process_sign(
		exporter->life_fd, 'L'); /* a console that is gone is told by its channels */
}

/* What is under way may arrive, for a while; the store hears of what did. */
static void finish(struct exporter *exporter)
{
	uint64_t end_ns = clock_steady_ns() + EXPORTER_STOP_MS * MS_NS;

	while (exporter->is_opened && !exporter->sink->finish(exporter) &&
		clock_steady_ns() < end_ns)
		turn(exporter);
	link_work(exporter);
	while (!channel_is_idle(&exporter->store) && clock_steady_ns() < end_ns)
		turn(exporter);
}

int exporter_main(int argc, char **argv)
{
	static struct exporter exporter;
	static char log_name[64];
	struct options options;

	if (!parse_options(argc, argv, &options)) {
		(void)fprintf(stderr, "an exporter is started by holdfast-console(8) serve\n");
		return 2;
	}
	(void)snprintf(log_name, sizeof(log_name), "holdfast-console[export %s]", options.name);
	log_open(log_name, options.is_verbose);
	(void)signal(SIGPIPE, SIG_IGN); /* can't fail */
	exporter.signal_fd = process_signals();
	exporter.life_fd = options.life_fd;
	read_config(&exporter, &options);
	exporter.sink->prepare(&exporter);
	link_connect(&exporter, options.runtime_directory);
	(void)umask(027); /* returns the old one */
	process_restrict(options.user, FILTER_IPC | exporter.sink->filter_groups);
	link_open(&exporter);
	(void)process_sign(
		exporter.life_fd, 'R'); /* a console that is gone is told by its channels */
	while (!exporter.is_stopping)
		turn(&exporter);
	finish(&exporter);
	return EXIT_SUCCESS;
}
