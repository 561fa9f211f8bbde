/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's process. Trust: its frames come from the frontend, which may be in an attacker's
 * hands; batches come from devices, which may be too; requests from administrators. It may touch
 * its own directory and the sockets it was given, and nothing else: see store_main().
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/privileges.h"
#include "console/ipc/process.h"
#include "console/store/admin_server.h"
#include "console/store/export_server.h"
#include "console/store/service.h"
#include "console/store/word.h"

#define TICK_MS	  1000
#define LOOK_MS	  500 /* for what other consoles did */
#define EXPIRE_NS (600 * CLOCK_SECOND_NS)

enum poll_slot { POLL_FRONTEND, POLL_AUTHORITY, POLL_SIGNAL, POLL_ADMIN };

#define POLL_MAX (POLL_ADMIN + 1 + ADMIN_CLIENT_MAX + 1 + 2 * EXPORT_OUTPUT_MAX)

struct options {
	const char *store_directory, *runtime_directory, *user;
	int frontend_fd, authority_fd, life_fd;
	unsigned long ended;
	const char *ended_why;
	bool is_verbose;
};

static bool parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {{"store-dir", required_argument, NULL, 's'},
		{"runtime-dir", required_argument, NULL, 'r'},
		{"frontend-fd", required_argument, NULL, 'f'},
		{"authority-fd", required_argument, NULL, 'a'},
		{"life-fd", required_argument, NULL, 'l'}, {"user", required_argument, NULL, 'u'},
		{"ended", required_argument, NULL, 'e'},
		{"ended-why", required_argument, NULL, 'w'}, {"verbose", no_argument, NULL, 'v'},
		{0}};
	int option;

	*options = (struct options){
		.frontend_fd = -1, .authority_fd = -1, .life_fd = -1, .ended_why = ""};
	optind = 0; /* getopt starts over: glibc */
	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (option) {
		case 's':
			options->store_directory = optarg;
			break;
		case 'r':
			options->runtime_directory = optarg;
			break;
		case 'f':
			options->frontend_fd = process_fd(optarg);
			break;
		case 'a':
			options->authority_fd = process_fd(optarg);
			break;
		case 'l':
			options->life_fd = process_life_fd(optarg);
			break;
		case 'u':
			options->user = optarg;
			break;
		case 'e':
			options->ended = strtoul(optarg, NULL, 10);
			break;
		case 'w':
			options->ended_why = optarg;
			break;
		case 'v':
			options->is_verbose = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc && options->store_directory && options->runtime_directory &&
	       fcntl(options->frontend_fd, F_GETFD) >= 0;
}

static void listen_for_admins(struct service *service, const struct options *options)
{
	gid_t group = (gid_t)-1;
	int r;

	if (geteuid() == 0 && privileges_find_group(ADMIN_GROUP, &group) < 0)
		log_notice("there is no group " ADMIN_GROUP ": root alone administers");
	r = admin_server_new(options->runtime_directory, group, &service->admin);
	if (r < 0)
		fatal("cannot listen in '%s': %s, stopping", options->runtime_directory,
			strerror(-r));
}

static void listen_for_exporters(struct service *service, const struct options *options)
{
	int r = export_server_new(options->runtime_directory, &service->exports);

	if (r < 0)
		fatal("cannot listen in '%s': %s, stopping", options->runtime_directory,
			strerror(-r));
}

/* What of the network a database needs: see FILTER_* */
static unsigned int filter_of(const char *location)
{
	switch (location_way(location)) {
	case LOCATION_BY_SOCKET:
		return FILTER_NAMES;
	case LOCATION_BY_NETWORK:
		return FILTER_TCP;
	case LOCATION_BY_FILE:
		break;
	}
	return 0;
}

static void live(const struct service *service, char letter)
{
	if (process_sign(service->life_fd, letter) == -EPIPE)
		fatal("holdfast-console is gone, stopping");
}

/* Before the sandbox: names of hosts can't be asked for in it. */
static void find_database(const char *directory, char ret_location[LOCATION_SIZE])
{
	char location[LOCATION_SIZE];
	int r;

	r = location_read(directory, location);
	if (r < 0)
		fatal("there is no database in '%s': %s; run holdfast-console init first, stopping",
			directory, r == -EBADMSG ? "what its address says is none" : strerror(-r));
	r = location_pin(location, ret_location);
	if (r < 0)
		fatal("the name of the database's host has no address, stopping");
	if (location_leave_home(location) < 0)
		fatal("no memory, stopping");
}

/* A database on another machine may be away when this one starts: devices are told to come later. */
static int open_patiently(struct service *service, const char *location, enum store_access access,
	struct store **ret_store)
{
	bool is_told = false;
	int r;

	while ((r = store_open(location, access, ret_store)) == -EHOSTUNREACH) {
		struct pollfd signal = {service->signal_fd, POLLIN, 0};

		if (!is_told)
			log_warning("%s; trying again each second", store_error(r));
		is_told = true;
		live(service, 'L');
		if (poll(&signal, 1, TICK_MS) > 0)
			fatal("stopped before the database was there");
	}
	return r;
}

static void open_database(struct service *service, const char *location)
{
	int r;

	r = open_patiently(service, location, STORE_WRITE, &service->writer);
	if (r == 0)
		r = open_patiently(service, location, STORE_READ, &service->reader);
	if (r == -EPROTO)
		fatal("the database is of a newer holdfast-console, or none of its databases, "
		      "stopping");
	if (r < 0)
		fatal("cannot open the database%s%s: %s, stopping",
			store_is_address(location) ? "" : " ",
			store_is_address(location) ? "" : location,
			r == -EBADMSG ? "it is damaged: restore a backup" : store_error(r));
}

static void open_keys(struct service *service, const char *directory)
{
	int r = seal_keys_open(directory, service->writer, &service->seals, &service->ingest);

	if (r < 0)
		fatal("cannot use the seal keys in '%s': %s, stopping", directory,
			r == -EBADMSG ? "one is no key" : strerror(-r));
}

/* Before the sandbox: OpenSSL reads its configuration at the first use of an algorithm. */
static void warm_up(void)
{
	uint8_t private_key[HPKE_KEY_SIZE], public_key[HPKE_KEY_SIZE];

	if (hpke_key_generate(private_key, public_key) < 0)
		fatal("OpenSSL does not work, stopping");
	explicit_bzero(private_key, sizeof(private_key));
}

/* Also when a device has sealed to a key that is not known here yet. */
static void follow_keys(void *userdata)
{
	static struct log_limit limit = {.burst = 6};
	struct service *service = userdata;
	int r = seal_keys_follow(&service->seals, service->writer, service->ingest);

	if (r == 0)
		return;
	failure_note(&service->failures, failure_of_error(r), "seal keys of other consoles: %s",
		store_error(r));
	if (log_allowed(&limit))
		log_error("cannot take the seal keys of other consoles: %s, trying again with the "
			  "next batch that needs one",
			store_error(r));
}

static void hear_others(struct service *service)
{
	static uint64_t last_ns;
	uint64_t now_ns = clock_steady_ns();

	if (!store_is_shared(service->writer) || now_ns - last_ns < LOOK_MS * UINT64_C(1000000))
		return;
	last_ns = now_ns;
	if (peer_hear_others(service))
		follow_keys(service);
}

/* What nobody waits for any more, now and then. */
static void expire(struct service *service)
{
	static uint64_t last_ns;
	uint64_t now = clock_boot_ns();
	unsigned int count;

	if (last_ns && now - last_ns < EXPIRE_NS)
		return;
	last_ns = now;
	count = seal_keys_expire(
		&service->seals, service->writer, service->ingest, (int64_t)clock_day_ms());
	if (count)
		log_notice("%u seal keys are destroyed: nobody seals to them any more", count);
}

static void loop(struct service *service)
{
	struct pollfd polls[POLL_MAX];
	int wait_ms = store_is_shared(service->writer) ? LOOK_MS : TICK_MS;
	bool is_more = false;

	live(service, 'R');
	for (;;) {
		unsigned int count, exports;

		polls[POLL_FRONTEND] = (struct pollfd){
			service->frontend.fd, channel_events(&service->frontend), 0};
		polls[POLL_AUTHORITY] = (struct pollfd){
			service->has_authority ? service->authority.fd : -1,
			channel_events(&service->authority), 0};
		polls[POLL_SIGNAL] = (struct pollfd){service->signal_fd, POLLIN, 0};
		count = admin_server_poll_fill(
			service->admin, polls + POLL_ADMIN, 1 + ADMIN_CLIENT_MAX);
		exports = export_server_poll_fill(service->exports, polls + POLL_ADMIN + count,
			POLL_MAX - POLL_ADMIN - count);
		if (poll(polls, POLL_ADMIN + count + exports, is_more ? 0 : wait_ms) < 0 &&
			errno != EINTR)
			fatal("cannot poll: %m, stopping");
		if (polls[POLL_SIGNAL].revents)
			return;
		if (polls[POLL_FRONTEND].revents)
			peer_on_poll(service, polls[POLL_FRONTEND].revents);
		if (polls[POLL_AUTHORITY].revents)
			word_on_poll(service, polls[POLL_AUTHORITY].revents);
		export_server_on_poll(service, polls + POLL_ADMIN + count, exports);
		admin_server_on_poll(service, polls + POLL_ADMIN, count);
		is_more = admin_server_work(service);
		export_server_work(service);
		hear_others(service);
		live(service, 'L');
		expire(service);
	}
}

int store_main(int argc, char **argv)
{
	static struct service service;
	char location[LOCATION_SIZE];
	struct options options;

	if (!parse_options(argc, argv, &options)) {
		(void)fprintf(stderr, "the store is started by holdfast-console(8) serve\n");
		return 2;
	}
	log_open("holdfast-console store", options.is_verbose);
	(void)signal(SIGPIPE, SIG_IGN); /* can't fail */
	service.signal_fd = process_signals();
	service.life_fd = options.life_fd;
	if (options.ended) {
		failure_note(&service.failures, CONSOLE_FAILURE_ENDED, "%s", options.ended_why);
		service.failures.counts[CONSOLE_FAILURE_ENDED].count = options.ended;
	}
	listen_for_admins(&service, &options);
	listen_for_exporters(&service, &options);
	warm_up();
	find_database(options.store_directory, location);
	(void)umask(077); /* returns the old one */
	process_restrict(options.user,
		FILTER_FILES | FILTER_IPC | FILTER_DATABASE | FILTER_MEMORY | filter_of(location));
	open_database(&service, location);
	open_keys(&service, options.store_directory);
	ingest_look_for_keys(service.ingest, follow_keys, &service);
	channel_init(&service.frontend, options.frontend_fd, 0);
	service.has_authority = options.authority_fd >= 0;
	if (service.has_authority)
		channel_init(&service.authority, options.authority_fd, 0);
	loop(&service);
	store_free(service.reader);
	store_free(service.writer);
	ingest_free(service.ingest);
	log_info("stopped");
	return EXIT_SUCCESS;
}
