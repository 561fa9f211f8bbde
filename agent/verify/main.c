/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-verify: started by holdfastd as its own user when a label asks for verification. Descriptor 3 is
 * the socket to the engine, 4 that to holdfastd, which starts workers for it. Follows systemd-logind,
 * takes people's proofs on its socket, and tells the engine; keeps what people enrolled.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/verify/verifier.h"
#include "common/clock.h"
#include "common/filter.h"
#include "common/local_socket.h"
#include "common/log.h"
#include "common/privileges.h"

#define ENGINE_FD     3
#define SUPERVISOR_FD 4
#define IDLE_READ_US  UINT64_C(10000000) /* how often it is asked who is idle */

enum poll_slot { POLL_ENGINE, POLL_SUPERVISOR, POLL_BUS, POLL_CLIENTS };

#define POLL_MAX (POLL_CLIENTS + 1 + 2 * CLIENT_MAX)

static void on_ended(uint32_t uid, enum verify_cause cause, void *userdata)
{
	struct verifier *verifier = userdata;

	if (cause < VERIFY_CAUSE_CHOICE_MAX && !(verifier->config.ends & 1U << cause))
		return;
	engine_ended(verifier, uid, cause);
	clients_cancel(verifier, uid);
	/* The engine's socket has it; the kernel part does within the time that a machine takes to sleep. */
	if (cause == VERIFY_CAUSE_SUSPEND)
		sleep_let(&verifier->logind.sleep);
}

static void on_watching(bool is_watching, const char *why, void *userdata)
{
	engine_watching(userdata, is_watching, why);
}

static void restrict_self(void)
{
	const struct privileges wanted = {.uid = getuid(), .gid = getgid(), .group = (gid_t)-1};
	int r;

	if (getuid() == 0)
		fatal("does not run as root: holdfastd(8) starts it as user holdfast-verify, "
		      "stopping");
	r = privileges_drop(&wanted);
	if (r < 0)
		fatal("cannot give up privileges: %s, stopping", strerror(-r));
	r = filter_load(FILTER_FILES | FILTER_IPC | FILTER_NAMES | FILTER_PAIRS);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}

static void start(struct verifier *verifier, const char *state, const char *runtime)
{
	const struct local_access everybody = {.mode = 0666, .group = (gid_t)-1};
	const struct logind_events events = {on_ended, on_watching, verifier};

	verifier->state_fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (verifier->state_fd < 0)
		fatal("cannot open '%s': %m, stopping", state);
	verifier->listen_fd = local_socket_listen(
		runtime, VERIFY_SOCKET_NAME, &everybody, CLIENT_MAX);
	if (verifier->listen_fd < 0)
		fatal("cannot listen in '%s': %s, stopping", runtime,
			strerror(-verifier->listen_fd));
	restrict_self();
	channel_init(&verifier->engine, ENGINE_FD, 0);
	verifier->supervisor_fd = SUPERVISOR_FD;
	logind_init(&verifier->logind, &events);
}

/* While nobody is verified it does not matter who is idle. */
static uint64_t look_for_idle(struct verifier *verifier)
{
	const struct verify_config *config = &verifier->config;

	if (!(config->ends & 1U << VERIFY_CAUSE_IDLE) || !config->idle_s ||
		verifier->proven_until_ns < clock_boot_ns())
		return 0;
	sessions_find_idle(&verifier->logind.sessions, clock_steady_ns() / 1000,
		config->idle_s * UINT64_C(1000000), on_ended, verifier);
	return config->idle_s * UINT64_C(1000000) / 2 < IDLE_READ_US
		       ? config->idle_s * UINT64_C(1000000) / 2
		       : IDLE_READ_US;
}

static void loop(struct verifier *verifier)
{
	struct pollfd polls[POLL_MAX];

	for (;;) {
		uint64_t idle_us = look_for_idle(verifier);
		int wait_ms = logind_tick(&verifier->logind, idle_us);
		unsigned int count;

		polls[POLL_ENGINE] = (struct pollfd){
			ENGINE_FD, channel_events(&verifier->engine), 0};
		polls[POLL_SUPERVISOR] = (struct pollfd){SUPERVISOR_FD, POLLIN, 0};
		polls[POLL_BUS] = logind_poll(&verifier->logind);
		count = clients_poll_fill(verifier, polls + POLL_CLIENTS, POLL_MAX - POLL_CLIENTS);
		if (poll(polls, POLL_CLIENTS + count, wait_ms) < 0 && errno != EINTR)
			fatal("cannot poll: %m, stopping");
		if (polls[POLL_SUPERVISOR].revents)
			return; /* it says nothing: it is gone */
		engine_on_poll(verifier, polls[POLL_ENGINE].revents);
		/* Before people: who was locked out is not let in by a proof that came later. */
		(void)logind_tick(&verifier->logind, idle_us);
		clients_on_poll(verifier, polls + POLL_CLIENTS, count);
	}
}

int main(int argc, char **argv)
{
	static struct verifier verifier;
	bool is_verbose = argc == 4 && !strcmp(argv[3], "--verbose");

	if ((argc != 3 && !is_verbose) || fcntl(ENGINE_FD, F_GETFD) < 0 ||
		fcntl(SUPERVISOR_FD, F_GETFD) < 0) {
		(void)fprintf(stderr, "holdfast-verify is started by holdfastd(8)\n");
		return 2;
	}
	log_open("holdfast-verify", is_verbose);
	(void)signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of write(2) */
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL); /* reads its files before the filter */
	(void)umask(077);				     /* returns the old one */
	start(&verifier, argv[1], argv[2]);
	loop(&verifier);
	return EXIT_SUCCESS;
}
