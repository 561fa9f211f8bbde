/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-console frontend: takes bytes from anybody. It holds the server's key, and sockets to
 * the store and the authority, which believe no more of it than they must; it opens files only to
 * read, and makes no connections. One event loop, no threads.
 */
#include "console/frontend/frontend.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/filter.h"
#include "console/frontend/route.h"
#include "console/frontend/state.h"
#include "console/frontend/tls.h"
#include "console/frontend/waiting.h"
#include "console/ipc/process.h"

#define TICK_US		250000
#define OTHER_FDS	64 /* besides connections */
#define SWEEP_TICKS	4  /* looking at every connection is not free */
#define REFUSALS_LOGGED 60 /* a minute, of devices; of strangers a third */

struct options {
	const char *listen[FRONTEND_LISTEN_MAX];
	unsigned int listen_count;
	const char *tls_directory, *user;
	int store_fd, authority_fd;
};

static struct log_limit library_log = {.burst = 20};

static const struct option known[] = {
	{"listen", required_argument, NULL, 'i'},
	{"tls-dir", required_argument, NULL, 't'},
	{"store-fd", required_argument, NULL, 's'},
	{"authority-fd", required_argument, NULL, 'a'},
	{"user", required_argument, NULL, 'u'},
	{"life-fd", required_argument, NULL, 'l'},
	{"limits", required_argument, NULL, 'm'},
	{"verbose", no_argument, NULL, 'v'},
	{NULL, 0, NULL, 0},
};

static int take_option(int option, struct frontend *frontend, struct options *options)
{
	switch (option) {
	case 'i':
		if (options->listen_count >= FRONTEND_LISTEN_MAX)
			return -EINVAL;
		options->listen[options->listen_count++] = optarg;
		return 0;
	case 't':
		options->tls_directory = optarg;
		return 0;
	case 's':
		return options->store_fd = process_fd(optarg);
	case 'a':
		return options->authority_fd = process_fd(optarg);
	case 'u':
		options->user = optarg;
		return 0;
	case 'l':
		return frontend->life_fd = process_life_fd(optarg);
	case 'm':
		return limits_parse(optarg, &frontend->limits);
	case 'v':
		log_open("holdfast-console[frontend]", true);
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse_options(int argc, char **argv, struct frontend *frontend, struct options *options)
{
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0)
		if (take_option(option, frontend, options) < 0)
			return -EINVAL;
	if (optind != argc || !options->listen_count || !options->tls_directory)
		return -EINVAL;
	return options->store_fd >= 0 && options->authority_fd >= 0 ? 0 : -EINVAL;
}

static void on_library_log(int severity, const char *message)
{
	if (severity >= EVENT_LOG_WARN && log_allowed(&library_log))
		log_warning("libevent: %s, going on", message);
}

static void on_library_fatal(int error)
{
	fatal("libevent cannot go on: %d, stopping", error);
}

/* Descriptors are what connections cost first. */
static void fit_limits(struct frontend *frontend)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		fatal("cannot ask how many files may be open: %m, stopping");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		fatal("cannot open as many files as may be: %m, stopping");
	if (files.rlim_max < 4 * OTHER_FDS)
		fatal("no more than %llu files may be open, stopping",
			(unsigned long long)files.rlim_max);
	/* those that are closed at once need a descriptor for that long */
	if (frontend->limits.connections + OTHER_FDS > files.rlim_max) {
		frontend->limits.connections = (uint32_t)files.rlim_max - 2 * OTHER_FDS;
		log_notice("%llu files may be open: no more than %u connections are taken",
			(unsigned long long)files.rlim_max, frontend->limits.connections);
	}
}

static int listen_at(const char *text)
{
	struct sockaddr_storage address = {0};
	int size = sizeof(address), on = 1;
	auto_close int fd = -EBADF;

	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&address, &size) < 0)
		return -EINVAL;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, (struct sockaddr *)&address, (socklen_t)size) < 0 ||
		listen(fd, SOMAXCONN) < 0)
		return -errno;
	return take_fd(fd);
}

static void listen_all(struct frontend *frontend, const struct options *options)
{
	for (unsigned int i = 0; i < options->listen_count; i++) {
		int fd = listen_at(options->listen[i]);
		int r = fd < 0 ? fd : http_server_listen(frontend->server, fd);

		if (r < 0)
			fatal("cannot listen at '%s': %s, stopping", options->listen[i],
				strerror(-r));
	}
}

static void make_server(struct frontend *frontend, const struct options *options)
{
	SSL_CTX *tls;
	int r;

	frontend->tls_directory_fd = open(
		options->tls_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = frontend->tls_directory_fd < 0 ? -errno
					   : tls_new(frontend->tls_directory_fd, NULL, &tls);
	if (r < 0)
		fatal("cannot use the server's certificate and key in '%s': %s, stopping",
			options->tls_directory, strerror(-r));
	r = http_server_new(
		frontend->base, &frontend->limits, ROUTE_BODY_MAX, tls, &frontend->server);
	if (r == -EPROTO)
		fatal("this libevent is older than 2.1.12-stable-8+deb12u1 and 2.1.13, "
		      "which mend eight flaws in its HTTP: update it, stopping");
	if (r < 0)
		fatal("cannot make an HTTP server: %s, stopping", strerror(-r));
	http_server_handle(frontend->server, dispatch, frontend);
}

static void trust(struct frontend *frontend, SSL_CTX *tls)
{
	if (tls_trust(tls, &frontend->chain) < 0)
		fatal("the authority's certificates are none, stopping");
}

static void on_hangup(int number, short events, void *userdata)
{
	struct frontend *frontend = userdata;
	SSL_CTX *tls;
	int r;

	(void)number;
	(void)events;
	r = tls_new(frontend->tls_directory_fd, http_server_tls(frontend->server), &tls);
	if (r < 0) {
		log_error("cannot read the server's certificate and key again: %s, keeping those "
			  "in use",
			strerror(-r));
		return;
	}
	trust(frontend, tls);
	http_server_set_tls(frontend->server, tls);
	log_notice("read the server's certificate again: new connections get it");
}

static void on_terminate(int number, short events, void *userdata)
{
	struct frontend *frontend = userdata;

	(void)number;
	(void)events;
	(void)event_base_loopbreak(frontend->base); /* can't fail in the loop */
}

static void on_tick(int fd, short events, void *userdata)
{
	static unsigned int ticks;
	struct frontend *frontend = userdata;

	(void)fd;
	(void)events;
	exchange_sweep(frontend);
	policy_sweep(frontend);
	if (++ticks % SWEEP_TICKS == 0)
		http_server_sweep(frontend->server);
	(void)process_sign(
		frontend->life_fd, 'L'); /* a console that is gone is told by its channels */
}

/* The events that are there for good. */
static void watch(struct frontend *frontend)
{
	static const struct timeval tick = {.tv_usec = TICK_US};
	struct event *hangup = evsignal_new(frontend->base, SIGHUP, on_hangup, frontend);
	struct event *terminate = evsignal_new(frontend->base, SIGTERM, on_terminate, frontend);
	struct event *ticks = event_new(frontend->base, -1, EV_PERSIST, on_tick, frontend);

	if (!hangup || !terminate || !ticks || event_add(hangup, NULL) < 0 ||
		event_add(terminate, NULL) < 0 || event_add(ticks, &tick) < 0)
		fatal("no memory, stopping");
}

static void start(struct frontend *frontend, const struct options *options)
{
	uint64_t seed;

	(void)signal(SIGPIPE, SIG_IGN);
	event_set_log_callback(on_library_log);
	event_set_fatal_callback(on_library_fatal);
	fit_limits(frontend);
	frontend->base = event_base_new();
	frontend->pending = pending_table_new(frontend->limits.in_flight);
	frontend->waiting = waiting_new(frontend->limits.connections);
	if (!frontend->base || !frontend->pending || !frontend->waiting)
		fatal("no memory, stopping");
	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		fatal("cannot get random bytes: %m, stopping");
	rate_init(&frontend->failures, seed);
	make_server(frontend, options);
	watch(frontend);
	if (peer_open(frontend, &frontend->store, options->store_fd) < 0 ||
		peer_open(frontend, &frontend->authority, options->authority_fd) < 0)
		fatal("no memory, stopping");
	listen_all(frontend, options);
	process_restrict(options->user, FILTER_IPC | FILTER_SERVE | FILTER_READ);
	/* From here on bytes come in. */
	peers_wait_for_chain(frontend);
	trust(frontend, http_server_tls(frontend->server));
	if (enrol_make_cacerts(frontend) < 0)
		fatal("the authority's certificates are none, stopping");
	(void)process_sign(
		frontend->life_fd, 'R'); /* a console that is gone is told by its channels */
	log_info("taking connections");
}

int frontend_main(int argc, char **argv)
{
	static struct frontend frontend;
	struct options options = {.store_fd = -1, .authority_fd = -1};

	frontend = (struct frontend){
		.limits = limits_default,
		.store = {.name = "store", .take = exchange_take_store},
		.authority = {.name = "authority", .take = exchange_take_authority},
		.device_log = {.burst = REFUSALS_LOGGED},
		.stranger_log = {.burst = REFUSALS_LOGGED / 3},
		.tls_directory_fd = -1,
		.life_fd = -1,
	};
	log_open("holdfast-console[frontend]", false);
	if (parse_options(argc, argv, &frontend, &options) < 0) {
		log_error("started with arguments that it does not know, stopping");
		return 2;
	}
	start(&frontend, &options);
	if (event_base_dispatch(frontend.base) < 0)
		fatal("cannot wait for events, stopping");
	/* what is under way is cut: devices send again */
	return EXIT_SUCCESS;
}
