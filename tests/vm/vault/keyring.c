/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A keyring of tests: the vault verbs alone, on the real code that gives keys to the kernel, with keys made
 * of nothing but the label's id. SIGUSR1: it has no keys any more, and takes back what it gave, as when the
 * lease ends; SIGUSR2: it has them again. Also --engine: answers to whatever holdfast-vault asks of an
 * engine, for machines without one: then the vault's line is read from a file.
 *
 * usage: hf-vault-keyring RUNTIME-DIRECTORY UID [ENGINE-ANSWER]
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/ipc/keyring.h"
#include "agent/ipc/request.h"
#include "agent/keyring/vault.h"
#include "common/answer_channel.h"
#include "common/channel.h"
#include "common/cleanup.h"
#include "common/local_socket.h"

#define PEER_MAX 16

static struct vault_claims claims;
static volatile sig_atomic_t wish; /* 0 nothing, else the signal */
static bool has_keys = true, is_asleep;
static const char *engine_line;

struct peer {
	int fd;
	bool is_engine; /* asked as one */
};

static void on_signal(int number)
{
	wish = number;
}

static int add(const struct keyring_request *request, int fd, struct keyring_answer *answer)
{
	struct vault_label_key key = {0};
	uint8_t secret[VAULT_LABEL_KEY_SIZE];
	struct bytes_reader reader;
	struct bytes_writer writer;
	uint8_t identifier[VAULT_IDENTIFIER_SIZE];
	int r;

	bytes_reader_init(&reader, request->bytes, request->size);
	bytes_get_blob(&reader, key.label, sizeof(key.label));
	key.generation = bytes_get_u32(&reader);
	if (!bytes_is_done(&reader))
		return -EBADMSG;
	if (!has_keys || is_asleep)
		return -ENOKEY;
	if (!key.generation)
		key.generation = 1;
	memcpy(secret, "HF-TEST-KEY-0123", 16); /* what the raw disk is searched for */
	memcpy(secret + 16, key.label, 16);
	key.bytes = secret;
	r = vault_claim(&claims, fd, &key, identifier);
	if (r < 0)
		return r;
	bytes_writer_init(&writer, answer->bytes, sizeof(answer->bytes));
	bytes_put_u32(&writer, key.generation);
	bytes_put_blob(&writer, identifier, sizeof(identifier));
	return (int)writer.used;
}

static int take(const struct keyring_request *request, int fd, struct keyring_answer *answer)
{
	struct bytes_writer writer;
	uint32_t flags;
	int r;

	if (request->size != VAULT_IDENTIFIER_SIZE)
		return -EBADMSG;
	r = vault_withdraw(&claims, fd, request->bytes, &flags);
	if (r < 0)
		return r;
	bytes_writer_init(&writer, answer->bytes, sizeof(answer->bytes));
	bytes_put_u32(&writer, flags);
	return (int)writer.used;
}

static int run(const struct keyring_request *request, int passed, struct keyring_answer *answer)
{
	switch (request->verb) {
	case KEYRING_VAULT_ADD:
		return add(request, passed, answer);
	case KEYRING_VAULT_REMOVE:
		return take(request, passed, answer);
	case KEYRING_KEYS_SLEEP:
		is_asleep = request->bytes[0];
		if (is_asleep)
			vault_withdraw_label(&claims, NULL);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static bool serve_keyring(int fd)
{
	static struct keyring_request request;
	static struct keyring_answer answer;
	static uint8_t packet[KEYRING_FRAME_MAX];
	struct channel channel = {.fd = fd};
	auto_close int passed = -EBADF;
	struct bytes_writer frame;
	int r = channel_receive(&channel, packet, sizeof(packet), &passed);

	if (r == -EAGAIN)
		return true;
	if (r <= 0 || keyring_request_decode(packet, (size_t)r, &request) < 0)
		return false;
	answer = (struct keyring_answer){0};
	r = run(&request, passed, &answer);
	answer.error = r < 0 ? r : 0;
	answer.size = (uint16_t)(r < 0 ? 0 : r);
	keyring_answer_put(&frame, packet, sizeof(packet), &answer);
	r = wire_end(&frame);
	return r > 0 && channel_packet(fd, packet, (size_t)r, -1) == 0;
}

static bool serve_engine(int fd)
{
	static struct local_request request;
	static uint8_t packet[LOCAL_REQUEST_MAX], out[ANSWER_FRAME_MAX];
	struct channel channel = {.fd = fd};
	auto_close int passed = -EBADF;
	struct bytes_writer frame;
	int r = channel_receive(&channel, packet, sizeof(packet), &passed);

	if (r == -EAGAIN)
		return true;
	if (r <= 0 || local_request_decode(packet, (size_t)r, &request) < 0)
		return false;
	if (request.type == LOCAL_VAULT_TELL)
		(void)printf("told %u: %s: %s\n", request.event, request.vault, request.reason);
	(void)fflush(stdout);
	if (request.type == LOCAL_VAULTS) {
		answer_put_line(&frame, out, sizeof(out), engine_line);
		r = wire_end(&frame);
		if (r < 0 || channel_packet(fd, out, (size_t)r, -1) < 0)
			return false;
	}
	answer_put_end(&frame, out, sizeof(out), 0, "");
	r = wire_end(&frame);
	return r > 0 && channel_packet(fd, out, (size_t)r, -1) == 0;
}

static int listen_at(const char *directory, const char *name)
{
	const struct local_access access = {.mode = 0600, .group = (gid_t)-1};
	int fd = local_socket_listen(directory, name, &access, PEER_MAX);

	if (fd < 0) {
		(void)fprintf(stderr, "%s/%s: %s\n", directory, name, strerror(-fd));
		exit(EXIT_FAILURE);
	}
	return fd;
}

static void loop(int keyring_fd, int engine_fd)
{
	struct peer peers[PEER_MAX];
	unsigned int count = 0;

	for (;;) {
		struct pollfd polls[2 + PEER_MAX] = {
			{keyring_fd, POLLIN, 0}, {engine_fd, POLLIN, 0}};
		struct ucred who;

		for (unsigned int i = 0; i < count; i++)
			polls[2 + i] = (struct pollfd){peers[i].fd, POLLIN, 0};
		(void)poll(polls, 2 + count, 200); /* interrupted: once more around */
		if (wish)
			has_keys = wish == SIGUSR2;
		wish = 0;
		if (!has_keys || is_asleep)
			vault_withdraw_label(&claims, NULL);
		for (unsigned int i = count; i > 0; i--) {
			struct peer *peer = &peers[i - 1];

			if (!polls[1 + i].revents || (peer->is_engine ? serve_engine(peer->fd)
								      : serve_keyring(peer->fd)))
				continue;
			(void)close(peer->fd); /* nobody waits */
			*peer = peers[--count];
		}
		for (int i = 0; i < 2 && count < PEER_MAX; i++) {
			int fd = polls[i].revents & POLLIN ? local_socket_accept(polls[i].fd, &who)
							   : -1;

			if (fd >= 0)
				peers[count++] = (struct peer){fd, i == 1};
		}
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	int keyring_fd, engine_fd = -1;
	uid_t uid;

	if (argc != 3 && argc != 4)
		return 2;
	keyring_fd = listen_at(argv[1], KEYRING_SOCKET);
	if (argc == 4) {
		engine_line = argv[3];
		engine_fd = listen_at(argv[1], LOCAL_SOCKET_NAME);
	}
	(void)sigaction(SIGUSR1, &action, NULL);
	(void)sigaction(SIGUSR2, &action, NULL);
	uid = (uid_t)strtoul(argv[2], NULL, 10);
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		return EXIT_FAILURE;
	(void)puts("ready");
	(void)fflush(stdout);
	loop(keyring_fd, engine_fd);
}
