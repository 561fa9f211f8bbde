/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-uplink: started by holdfastd as its own user, with the group that may read the event log.
 * Descriptor 3 is the socket to keyring, 4 that to the supervisor, whose end means to stop.
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/uplink/keyring_client.h"
#include "agent/uplink/uplink.h"
#include "common/boot.h"
#include "common/clock.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/privileges.h"

#define KEYRING_FD    3
#define SUPERVISOR_FD 4
#define TURN_MS	      200
#define IDLE_MS	      1000 /* nothing is gathered, and the log wakes us */
#define SETUP_NS      (2 * CLOCK_SECOND_NS)
#define SHOW_NS	      CLOCK_SECOND_NS

static int parse_options(int argc, char **argv, struct uplink *uplink, bool *ret_is_verbose)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"state-dir", required_argument, NULL, 's'},
		{"runtime-dir", required_argument, NULL, 'r'},
		{"log-dir", required_argument, NULL, 'l'},
		{"verbose", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (option) {
		case 'c':
			uplink->config_path = optarg;
			break;
		case 's':
			uplink->state_directory = optarg;
			break;
		case 'r':
			uplink->runtime_directory = optarg;
			break;
		case 'l':
			uplink->log_directory = optarg;
			break;
		case 'v':
			*ret_is_verbose = true;
			break;
		default:
			return -EINVAL;
		}
	}
	return optind == argc && uplink->config_path && uplink->state_directory &&
			       uplink->runtime_directory && uplink->log_directory
		       ? 0
		       : -EINVAL;
}

static void restrict_self(void)
{
	const struct privileges wanted = {.uid = getuid(), .gid = getgid(), .group = (gid_t)-1};
	int r;

	if (getuid() == 0)
		fatal("does not run as root: holdfastd(8) starts it as user holdfast-uplink, "
		      "stopping");
	r = privileges_drop(&wanted);
	if (r < 0)
		fatal("cannot give up privileges: %s, stopping", strerror(-r));
	r = filter_load(
		FILTER_FILES | FILTER_IPC | FILTER_NAMES | FILTER_DATABASE | FILTER_NETWORK);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}

static int directory_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fatal("cannot open '%s': %m, stopping", path);
	return fd;
}

static void start(struct uplink *uplink)
{
	int r;

	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1 ||
		curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		fatal("libcurl and OpenSSL do not start, stopping");
	uplink->state_fd = directory_open(uplink->state_directory);
	uplink->runtime_fd = directory_open(uplink->runtime_directory);
	uplink->batch = malloc(SEGMENT_BATCH_MAX);
	uplink->network = network_new();
	r = log_reader_open(uplink->log_directory, &uplink->reader);
	if (r < 0 || !uplink->batch || !uplink->network)
		fatal("cannot open the event log in '%s': %s, stopping", uplink->log_directory,
			strerror(r < 0 ? -r : ENOMEM));
	keyring_client_start(KEYRING_FD);
	(void)boot_look(); /* without it, boots are not told apart */
	restrict_self();
	r = identity_read(uplink->state_fd, &uplink->identity);
	if (r < 0)
		fatal("cannot read the certificate in '%s': %s, stopping", uplink->state_directory,
			strerror(-r));
	network_identify(uplink->network, uplink->identity.chain, uplink->identity.chain_count);
	policy_poll_start(uplink);
	lease_start(uplink);
	setup_spool(uplink);
}

/* What the spool could not keep, or found damaged: the console is told by the numbers, people here. */
static void look_losses(struct uplink *uplink)
{
	struct spool_losses losses;

	if (!uplink->spool || !spool_take_losses(uplink->spool, &losses))
		return;
	uplink->gone += losses.pruned + losses.missing;
	if (losses.pruned)
		log_error("no room: the content of %llu events between %llu and %llu went",
			(unsigned long long)losses.pruned, (unsigned long long)losses.pruned_first,
			(unsigned long long)losses.pruned_last);
	if (losses.missing)
		log_error("%llu events between %llu and %llu will never be delivered: damaged, or "
			  "given up",
			(unsigned long long)losses.missing,
			(unsigned long long)losses.missing_first,
			(unsigned long long)losses.missing_last);
	if (losses.bad_bytes)
		log_warning("%llu bytes of %u segments were torn or damaged, and are set apart",
			(unsigned long long)losses.bad_bytes, losses.bad_segments);
}

/* Whether there is more to do at once. */
static bool turn(struct uplink *uplink)
{
	static struct log_limit feed_limit = {.burst = 2};
	static uint64_t setup_ns, show_ns;
	uint64_t now = clock_boot_ns();
	int r = 0;

	if (!setup_ns || now - setup_ns > SETUP_NS) {
		setup_ns = now;
		setup_config(uplink);
		lease_look(uplink);
		receipt_look(uplink);
		setup_spool(uplink);
	}
	if (uplink->feed) {
		r = feed_turn(uplink->feed);
		uplink->spool_error = r < 0 ? r : 0;
	}
	if (r < 0 && log_allowed(&feed_limit))
		log_error(
			"events do not get into the spool: %s, trying again; they stay in the log",
			strerror(-r));
	errand_begin(uplink);
	policy_poll_begin(uplink);
	if (now - show_ns > SHOW_NS) {
		show_ns = now;
		look_losses(uplink);
		show_status(uplink);
	}
	return r > 0;
}

static int wait_ms(const struct uplink *uplink)
{
	bool is_idle = log_reader_fd(uplink->reader) >= 0 &&
		       !(uplink->feed && feed_is_gathering(uplink->feed));

	if (uplink->identity.chain_count && lease_is_due(uplink, clock_boot_ns()))
		is_idle = false; /* asked for as soon as a pause is over */
	return is_idle ? IDLE_MS : TURN_MS;
}

static void stop(struct uplink *uplink)
{
	feed_free(uplink->feed);
	spool_free(uplink->spool); /* syncs */
	exchange_free(uplink->exchange);
	exchange_free(uplink->policy_exchange);
	network_free(uplink->network);
	log_reader_free(uplink->reader);
	identity_done(&uplink->identity);
	exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
	static struct uplink uplink;
	bool is_verbose = false, is_busy = false;

	if (parse_options(argc, argv, &uplink, &is_verbose) < 0 || fcntl(KEYRING_FD, F_GETFD) < 0 ||
		fcntl(SUPERVISOR_FD, F_GETFD) < 0) {
		(void)fprintf(stderr, "holdfast-uplink is started by holdfastd(8)\n");
		return 2;
	}
	log_open("holdfast-uplink", is_verbose);
	start(&uplink);
	for (;;) {
		struct pollfd polls[] = {{SUPERVISOR_FD, POLLIN, 0}, {KEYRING_FD, POLLIN, 0},
			{log_reader_fd(uplink.reader), POLLIN, 0}};
		struct exchange_answer answer;

		is_busy = turn(&uplink);
		network_wait(uplink.network, polls, log_reader_fd(uplink.reader) < 0 ? 2 : 3,
			is_busy ? 0 : wait_ms(&uplink));
		if (keyring_woke())
			uplink.keys_look_ns = 0;
		if (polls[2].revents)
			log_reader_heard(uplink.reader);
		if (uplink.exchange && exchange_take(uplink.exchange, &answer))
			errand_end(&uplink, &answer);
		if (uplink.policy_exchange && exchange_take(uplink.policy_exchange, &answer))
			policy_poll_end(&uplink, &answer);
		if (polls[0].revents)
			stop(&uplink);
	}
}
