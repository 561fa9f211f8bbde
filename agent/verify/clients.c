/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of people's commands: who they are says the kernel. What a request means is verbs.c's. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent/verify/verifier.h"
#include "common/answer_channel.h"
#include "common/cleanup.h"
#include "common/local_socket.h"

#define QUEUE_MAX 65536 /* bytes that wait for one client */

static void client_free(struct client *client)
{
	channel_done(&client->channel);
	if (client->worker.fd >= 0)
		channel_done(&client->worker);
	explicit_bzero(client, sizeof(*client));
	free(client);
}

static unsigned int clients_of(const struct verifier *verifier, uint32_t uid)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < verifier->client_count; i++)
		if (verifier->clients[i]->uid == uid)
			count++;
	return count;
}

static void accept_one(struct verifier *verifier)
{
	struct ucred peer = {0};
	auto_close int fd = local_socket_accept(verifier->listen_fd, &peer);
	struct client *client;

	if (fd < 0 || verifier->client_count == CLIENT_MAX ||
		clients_of(verifier, peer.uid) >= CLIENT_OF_USER_MAX)
		return; /* closed: the command says that it is busy */
	client = calloc(1, sizeof(*client));
	if (!client)
		return;
	channel_init(&client->channel, take_fd(fd), QUEUE_MAX);
	client->uid = peer.uid;
	client->worker.fd = -EBADF;
	verifier->clients[verifier->client_count++] = client;
}

void client_line(struct client *client, struct json_object *object)
{
	answer_send_object(&client->channel, object, -1);
}

void client_end(struct client *client, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	answer_send_end(&client->channel, error, format, arguments);
	va_end(arguments);
	client->verb = 0;
	client->proof_id = 0;
	if (client->worker.fd >= 0) {
		channel_done(&client->worker);
		client->worker.fd = -EBADF;
	}
}

/* False when the client is gone or not worth keeping. */
static bool client_read(struct verifier *verifier, struct client *client)
{
	static struct verify_request request; /* too large for the stack */
	static uint8_t packet[VERIFY_FRAME_MAX];
	auto_close int fd = -EBADF; /* none is asked for */
	int size = channel_receive(&client->channel, packet, sizeof(packet), &fd);
	int r;

	if (size == -EAGAIN || size == -EINTR)
		return true;
	if (size <= 0 || client->verb) /* one at a time */
		return false;
	r = verify_request_decode(packet, (size_t)size, &request);
	explicit_bzero(packet, sizeof(packet));
	if (r < 0)
		client_end(client, r, "the request does not decode: %s", strerror(-r));
	else
		verb_run(verifier, client, &request);
	explicit_bzero(&request, sizeof(request));
	return true;
}

/* Two for each client: its own and its worker's. */
unsigned int clients_poll_fill(struct verifier *verifier, struct pollfd *polls, unsigned int most)
{
	unsigned int used = 0;

	polls[used++] = (struct pollfd){verifier->listen_fd, POLLIN, 0};
	for (unsigned int i = 0; i < verifier->client_count && used + 2 <= most; i++) {
		struct client *client = verifier->clients[i];

		polls[used++] = (struct pollfd){
			client->channel.fd, channel_events(&client->channel), 0};
		polls[used++] = (struct pollfd){client->worker.fd, POLLIN, 0};
	}
	return used;
}

static bool client_on_poll(
	struct verifier *verifier, struct client *client, const struct pollfd polls[2])
{
	if ((polls[0].revents & POLLOUT) && channel_flush(&client->channel) < 0)
		return false;
	if ((polls[0].revents & POLLIN) && !client_read(verifier, client))
		return false;
	if (!(polls[0].revents & POLLIN) && (polls[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
		return false;
	if (polls[1].revents && client->worker.fd == polls[1].fd)
		worker_on_poll(verifier, client, polls[1].revents);
	return true;
}

void clients_on_poll(struct verifier *verifier, const struct pollfd *polls, unsigned int count)
{
	/* Backwards: the last one takes the place of one that goes. */
	for (unsigned int i = (count - 1) / 2; i > 0; i--) {
		struct client *client = verifier->clients[i - 1];

		if (client_on_poll(verifier, client, polls + 1 + 2 * (i - 1)))
			continue;
		client_free(client);
		verifier->clients[i - 1] = verifier->clients[--verifier->client_count];
	}
	if (polls[0].revents & POLLIN)
		accept_one(verifier);
}

void clients_cancel(struct verifier *verifier, uint32_t uid)
{
	for (unsigned int i = 0; i < verifier->client_count; i++) {
		struct client *client = verifier->clients[i];

		if (client->worker.fd >= 0 && (uid == VERIFY_EVERYBODY || client->uid == uid))
			client_end(client, -ECANCELED,
				"your session was locked or left meanwhile: begin anew");
	}
}

void clients_on_taken(struct verifier *verifier, const struct verify_taken *taken)
{
	for (unsigned int i = 0; i < verifier->client_count; i++)
		if (verifier->clients[i]->proof_id == taken->id) {
			verb_on_taken(verifier, verifier->clients[i], taken);
			return;
		}
	/* the client is gone; it has verified all the same */
}
