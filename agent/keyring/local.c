/* SPDX-License-Identifier: Apache-2.0 */
/* Connections and their frames. What a request means, and who may say it, is verbs.c's. */
#include "agent/keyring/local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/channel.h"
#include "common/cleanup.h"
#include "common/local_socket.h"
#include "common/log.h"

struct peer {
	int fd;
	enum keyring_peer who;
};

struct local {
	int listen_fd;
	uid_t engine;
	unsigned int count;
	struct peer peers[LOCAL_PEER_MAX];
};

int local_new(int listen_fd, uid_t engine, struct local **ret_local)
{
	struct local *local = calloc(1, sizeof(*local));

	if (!local)
		return -ENOMEM;
	local->listen_fd = listen_fd;
	local->engine = engine;
	*ret_local = local;
	return 0;
}

void local_free(struct local *local)
{
	if (!local)
		return;
	for (unsigned int i = 0; i < local->count; i++)
		(void)close(local->peers[i].fd); /* answered, or not waiting */
	if (local->listen_fd >= 0)
		(void)close(local->listen_fd); /* only listens */
	free(local);
}

static void accept_one(struct local *local)
{
	static struct log_limit limit = {.burst = 6};
	struct ucred who = {0};
	auto_close int fd = local_socket_accept(local->listen_fd, &who);

	if (fd < 0)
		return;
	if (who.uid != 0 && who.uid != local->engine) {
		if (log_allowed(&limit))
			log_warning("process %d of user %u wanted to ask, who may not: closed",
				(int)who.pid, who.uid);
		return;
	}
	if (local->count == LOCAL_PEER_MAX) {
		if (log_allowed(&limit))
			log_warning("%d ask already: process %d is closed", LOCAL_PEER_MAX,
				(int)who.pid);
		return;
	}
	local->peers[local->count++] = (struct peer){
		.fd = take_fd(fd), .who = who.uid == local->engine ? PEER_ENGINE : PEER_ROOT};
}

/* False when it is gone, says what is no request, or does not read its answers. */
static bool peer_serve(struct keyring *keyring, const struct peer *peer)
{
	static struct keyring_request request;
	static struct keyring_answer answer;
	static uint8_t packet[KEYRING_FRAME_MAX];
	struct channel channel = {.fd = peer->fd};
	auto_close int fd = -EBADF;
	struct bytes_writer frame;
	int size = channel_receive(&channel, packet, sizeof(packet), &fd);
	int r;

	if (size == -EAGAIN)
		return true;
	if (size <= 0 || keyring_request_decode(packet, (size_t)size, &request) < 0)
		return false;
	keyring_serve(keyring, peer->who, &request, fd, &answer);
	keyring_answer_put(&frame, packet, sizeof(packet), &answer);
	r = wire_end(&frame);
	if (r > 0)
		r = channel_packet(peer->fd, packet, (size_t)r, -1);
	explicit_bzero(request.bytes, sizeof(request.bytes));
	return r == 0;
}

unsigned int local_poll_fill(const struct local *local, struct pollfd polls[LOCAL_POLL_MAX])
{
	unsigned int used = 0;

	polls[used++] = (struct pollfd){.fd = local->listen_fd, .events = POLLIN};
	for (unsigned int i = 0; i < local->count; i++)
		polls[used++] = (struct pollfd){.fd = local->peers[i].fd, .events = POLLIN};
	return used;
}

void local_on_poll(struct local *local, struct keyring *keyring, const struct pollfd *polls,
	unsigned int count)
{
	/* Backwards: the last one takes the place of one that goes. */
	for (unsigned int i = count - 1; i > 0; i--) {
		struct peer *peer = &local->peers[i - 1];

		if (!polls[i].revents || peer_serve(keyring, peer))
			continue;
		(void)close(peer->fd); /* nothing waits for it */
		*peer = local->peers[--local->count];
	}
	if (polls[0].revents & POLLIN)
		accept_one(local);
}
