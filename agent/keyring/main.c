/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-keyring: started by holdfastd as its own user. Descriptor 3 is the socket to uplink; 4, where
 * this machine has one, its TPM; 5 the socket on which the engine and root's commands ask. Holds the device's private key, or has the TPM hold it, and signs
 * with it; no network, no other file than its key, and it ends when uplink does. All its memory is
 * locked, so that no key reaches the swap.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/keyring/device_key.h"
#include "agent/keyring/local.h"
#include "agent/keyring/vault.h"
#include "agent/keyring/wish.h"
#include "common/boot.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/privileges.h"

#define UPLINK_FD   3
#define TPM_FD	    4
#define LISTEN_FD   5
#define SECRET_HEAP 65536

struct options {
	const char *directory; /* of the device key */
	const char *config;    /* NULL: there is none, as in some tests */
	uid_t engine;	       /* its user; (uid_t)-1: nobody's */
	bool is_verbose;
};

/* False when uplink is gone. */
static bool uplink_serve(struct keyring *keyring)
{
	static struct keyring_request request;
	static struct keyring_answer answer;
	static uint8_t packet[KEYRING_FRAME_MAX];
	struct bytes_writer frame;
	ssize_t got = recv(UPLINK_FD, packet, sizeof(packet), MSG_DONTWAIT);
	int r;

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got <= 0)
		return false;
	r = keyring_request_decode(packet, (size_t)got, &request);
	if (r < 0)
		fatal("broken request from uplink: %s, stopping", strerror(-r));
	keyring_serve(keyring, PEER_UPLINK, &request, -EBADF, &answer);
	keyring_answer_put(&frame, packet, sizeof(packet), &answer);
	r = wire_end(&frame);
	return r > 0 && send(UPLINK_FD, packet, (size_t)r, MSG_NOSIGNAL) >= 0;
}

/* What is over goes; until when there is nothing more of that to do. */
static int patience_ms(struct keyring *keyring)
{
	int lease_ms = keyring_lease_tick(keyring), keys_ms = keys_tick(keyring->keys);

	return lease_ms >= 0 && (keys_ms < 0 || lease_ms < keys_ms) ? lease_ms : keys_ms;
}

/* Once for each need; one that gets lost costs a second, after which uplink asks by itself. */
static void wake_uplink(const struct keyring *keyring)
{
	static bool is_told;
	uint8_t packet[WIRE_HEADER_SIZE];
	struct bytes_writer frame;
	bool is_needed = keys_need(keyring->keys);

	if (is_needed && !is_told) {
		wire_begin(&frame, packet, sizeof(packet), KEYRING_WAKE);
		(void)send(
			UPLINK_FD, packet, (size_t)wire_end(&frame), MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	is_told = is_needed;
}

static void loop(struct keyring *keyring, struct local *local)
{
	for (;;) {
		struct pollfd polls[1 + LOCAL_POLL_MAX] = {{.fd = UPLINK_FD, .events = POLLIN}};
		unsigned int count = local_poll_fill(local, polls + 1);

		if (poll(polls, 1 + count, patience_ms(keyring)) < 0) {
			if (errno != EINTR)
				fatal("cannot wait for requests: %m, stopping");
			continue;
		}
		if (polls[0].revents && !uplink_serve(keyring))
			return;
		local_on_poll(local, keyring, polls + 1, count);
		wake_uplink(keyring);
		if (device_key_is_lost(keyring->device)) /* holdfastd opens what is there then */
			fatal("the TPM with the device key is gone, or does not answer, stopping");
	}
}

static void restrict_self(void)
{
	const struct privileges wanted = {.uid = getuid(), .gid = getgid(), .group = (gid_t)-1};
	int r;

	if (getuid() == 0)
		fatal("does not run as root: holdfastd(8) starts it as user holdfast-keyring, "
		      "stopping");
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		log_warning("cannot lock memory: %m, the key may reach the swap");
	if (CRYPTO_secure_malloc_init(SECRET_HEAP, 32) != 1)
		log_warning("no locked heap for the key, going on without");
	r = privileges_drop(&wanted);
	if (r < 0)
		fatal("cannot give up privileges: %s, stopping", strerror(-r));
	r = filter_load(FILTER_FILES | FILTER_IPC | FILTER_VAULT);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}

static int keys_open_memory(const char *config, struct keys **ret_keys)
{
	static struct wishes wishes;
	struct keyring_keys state;
	int r;

	if (config)
		wish_read(config, &wishes);
	r = keys_new(wishes.memory, ret_keys);
	if (r < 0)
		return r;
	keys_state(*ret_keys, &state);
	if (state.place == SECRET_UNLOCKED)
		log_warning("cannot lock memory for keys: they may reach the swap");
	else
		log_info("keys lie in %s memory", secret_place_name(state.place));
	return 0;
}

static int parse_options(int argc, char **argv, struct options *ret_options)
{
	static const struct option known[] = {{"config", required_argument, NULL, 'c'},
		{"engine-uid", required_argument, NULL, 'e'}, {"verbose", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0}};
	struct options options = {.engine = (uid_t)-1};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (option == 'c')
			options.config = optarg;
		else if (option == 'v')
			options.is_verbose = true;
		else if (option == 'e')
			options.engine = (uid_t)strtoul(optarg, NULL, 10); /* holdfastd's */
		else
			return -EINVAL;
	}
	if (optind + 1 != argc)
		return -EINVAL;
	options.directory = argv[optind];
	*ret_options = options;
	return 0;
}

/* The descriptor, if holdfastd passed one there. */
static int passed(int fd)
{
	return fcntl(fd, F_GETFD) < 0 ? -EBADF : fd;
}

/* A label's key goes: what was made of it goes first. */
static void on_drop(const uint8_t *label, void *userdata)
{
	vault_withdraw_label(userdata, label);
}

int main(int argc, char **argv)
{
	static struct vault_claims claims;
	auto_call(device_key_freep) struct device_key *key = NULL;
	auto_call(local_freep) struct local *local = NULL;
	auto_call(keys_freep) struct keys *keys = NULL;
	struct keyring keyring = {0};
	struct device_key_plan plan = {0};
	struct options options;
	int listen_fd, r;

	if (parse_options(argc, argv, &options) < 0 || passed(UPLINK_FD) < 0) {
		(void)fprintf(stderr, "holdfast-keyring is started by holdfastd(8)\n");
		return 2;
	}
	log_open("holdfast-keyring", options.is_verbose);
	(void)signal(SIGPIPE, SIG_IGN);		 /* a TPM that is gone is an error of write(2) */
	(void)setenv("TSS2_LOG", "all+none", 1); /* what fails is said once, in our words */
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL); /* reads its files before the filter */
	plan.directory = options.directory;
	plan.tpm_fd = passed(TPM_FD); /* before anything else is opened there */
	listen_fd = passed(LISTEN_FD);
	r = keys_open_memory(options.config, &keys);
	if (r < 0)
		fatal("no memory for keys: %s, stopping", strerror(-r));
	(void)boot_look(); /* who asks for a lease is told */
	restrict_self();
	(void)umask(077); /* returns the old one */
	r = device_key_open(&plan, &key);
	if (r < 0)
		fatal("cannot read the device key in '%s': %s, stopping", plan.directory,
			strerror(-r));
	r = local_new(listen_fd, options.engine, &local);
	if (r < 0)
		fatal("cannot take local requests: %s, stopping", strerror(-r));
	keyring.device = key;
	keyring.keys = keys;
	keyring.config = options.config;
	keyring.vaults = &claims;
	keys_on_drop(keys, on_drop, &claims);
	loop(&keyring, local);
	vault_withdraw_label(&claims, NULL);
	return EXIT_SUCCESS;
}
