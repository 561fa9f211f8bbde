/* SPDX-License-Identifier: Apache-2.0 */
/* One question, one answer; nothing about what is asked. */
#include "agent/ipc/keyring_ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "common/channel.h"
#include "common/cleanup.h"
#include "common/local_socket.h"

#define ANSWER_MS 40000 /* more than a TPM may take: agent/keyring/tpm_channel.c */

int keyring_connect(const char *runtime_directory, int flags)
{
	auto_close int fd = local_socket_connect(runtime_directory, KEYRING_SOCKET, flags);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (fd < 0)
		return fd;
	/* of who called listen(2): unix(7) */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	return peer.uid == 0 ? take_fd(fd) : -EPERM;
}

static int receive(int fd, struct keyring_answer *ret_answer)
{
	struct pollfd wanted = {.fd = fd, .events = POLLIN};
	uint8_t packet[KEYRING_FRAME_MAX];
	ssize_t got;
	int r;

	do
		r = poll(&wanted, 1, ANSWER_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	got = recv(fd, packet, sizeof(packet), 0);
	if (got <= 0)
		return got < 0 ? -errno : -ECONNRESET;
	r = keyring_answer_decode(packet, (size_t)got, ret_answer);
	explicit_bzero(packet, sizeof(packet));
	return r;
}

int keyring_ask(int fd, const struct keyring_request *request, int pass_fd,
	struct keyring_answer *ret_answer)
{
	uint8_t packet[KEYRING_FRAME_MAX];
	struct bytes_writer frame;
	int r;

	keyring_request_put(&frame, packet, sizeof(packet), request);
	r = wire_end(&frame);
	if (r < 0)
		return r;
	r = channel_packet(fd, packet, (size_t)r, pass_fd);
	if (r < 0)
		return r == -EPIPE ? -ECONNRESET : r;
	r = receive(fd, ret_answer);
	if (r < 0)
		return r;
	return ret_answer->error < 0 ? ret_answer->error : ret_answer->size;
}
