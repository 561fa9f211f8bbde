/* SPDX-License-Identifier: Apache-2.0 */
/* The socket and its clients. What a request means is verbs.c's. */
#include "agent/engine/server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/engine/overlays.h"
#include "common/answer_channel.h"
#include "common/cleanup.h"
#include "common/local_socket.h"

struct server {
	int fd;
	uint64_t last_id;
	struct client *clients[SERVER_CLIENT_MAX];
	unsigned int count;
};

int server_new(struct engine *engine, struct server **ret_server)
{
	const struct local_access everybody = {.mode = 0666, .group = (gid_t)-1};
	auto_close int fd = local_socket_listen(
		engine->runtime_directory, LOCAL_SOCKET_NAME, &everybody, SERVER_CLIENT_MAX);
	struct server *server;

	if (fd < 0)
		return fd;
	/* Accepted sockets inherit it: a request tells which process sent it. */
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)) < 0)
		return -errno;
	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->fd = take_fd(fd);
	*ret_server = server;
	return 0;
}

static void client_free(struct client *client)
{
	channel_done(&client->channel);
	free(client);
}

void server_free(struct server *server)
{
	if (!server)
		return;
	for (unsigned int i = 0; i < server->count; i++)
		client_free(server->clients[i]);
	(void)close(server->fd); /* only listens */
	free(server);
}

static unsigned int clients_of(const struct server *server, uint32_t uid)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < server->count; i++)
		if (server->clients[i]->uid == uid)
			count++;
	return count;
}

static void accept_one(struct server *server)
{
	struct ucred peer = {0};
	auto_close int fd = local_socket_accept(server->fd, &peer);
	struct client *client;

	if (fd < 0)
		return;
	if (server->count == SERVER_CLIENT_MAX ||
		(peer.uid != 0 && clients_of(server, peer.uid) >= SERVER_CLIENT_OF_USER_MAX))
		return; /* closed: the command says that the engine is busy */
	client = calloc(1, sizeof(*client));
	if (!client)
		return;
	channel_init(&client->channel, take_fd(fd), SERVER_QUEUE_MAX);
	client->uid = peer.uid;
	client->pid = (uint32_t)peer.pid;
	server->clients[server->count++] = client;
}

void client_text(struct client *client, const char *json)
{
	answer_send_text(&client->channel, json, -1);
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
	client->request_id = 0;
	client->ticket_id = 0;
	client->request.type = 0;
}

void client_ask(
	struct engine *engine, struct client *client, struct message_request *request, int fd)
{
	if (!engine->has_hello) {
		client_end(client, -EAGAIN, "the sensor is not ready yet, try again");
		return;
	}
	request->id = client->request_id = ++engine->server->last_id;
	link_request(engine, request, fd);
}

const struct client *server_client(const struct engine *engine, unsigned int index)
{
	return index < engine->server->count ? engine->server->clients[index] : NULL;
}

struct client *server_client_of_ticket(const struct engine *engine, uint64_t ticket_id)
{
	for (unsigned int i = 0; i < engine->server->count; i++)
		if (engine->server->clients[i]->ticket_id == ticket_id)
			return engine->server->clients[i];
	return NULL;
}

void server_on_answer(struct engine *engine, const struct message_answer *answer)
{
	for (unsigned int i = 0; i < engine->server->count; i++)
		if (engine->server->clients[i]->request_id == answer->id) {
			verb_on_answer(engine, engine->server->clients[i], answer);
			return;
		}
	/* the client is gone */
}

void server_on_readers(struct engine *engine, const struct message_readers *readers)
{
	for (unsigned int i = 0; i < engine->server->count; i++)
		if (engine->server->clients[i]->request_id == readers->id)
			verb_on_readers(engine, engine->server->clients[i], readers);
}

/* False when the client is gone or not worth keeping. */
static bool client_read(struct engine *engine, struct client *client)
{
	static uint8_t packet[LOCAL_REQUEST_MAX];
	auto_close int fd = -EBADF;
	pid_t sender = 0;
	int size = channel_receive_from(&client->channel, packet, sizeof(packet), &fd, &sender);
	int r;

	if (size == -EAGAIN)
		return true;
	if (size <= 0)
		return false;
	if (client->request.type) /* one at a time */
		return false;
	client->sender = (uint32_t)sender;
	r = local_request_decode(packet, (size_t)size, &client->request);
	if (r < 0) {
		client_end(client, r, "the request does not decode: %s", strerror(-r));
		return true;
	}
	verb_run(engine, client, fd);
	return true;
}

unsigned int server_poll_fill(struct server *server, struct pollfd *polls, unsigned int most)
{
	unsigned int used = 0;

	if (most)
		polls[used++] = (struct pollfd){server->fd, POLLIN, 0};
	for (unsigned int i = 0; i < server->count && used < most; i++)
		polls[used++] = (struct pollfd){server->clients[i]->channel.fd,
			channel_events(&server->clients[i]->channel), 0};
	return used;
}

static bool client_on_poll(struct engine *engine, struct client *client, short events)
{
	if ((events & POLLOUT) && channel_flush(&client->channel) < 0)
		return false;
	if (events & POLLIN)
		return client_read(engine, client);
	return !(events & (POLLHUP | POLLERR | POLLNVAL));
}

void server_on_poll(struct engine *engine, const struct pollfd *polls, unsigned int count)
{
	struct server *server = engine->server;

	/* Backwards: the last one takes the place of one that goes. */
	for (unsigned int i = count - 1; i > 0; i--) {
		struct client *client = server->clients[i - 1];

		if (!polls[i].revents || client_on_poll(engine, client, polls[i].revents))
			continue;
		server->clients[i - 1] = server->clients[--server->count];
		overlays_gone(engine, client);
		client_free(client);
	}
	if (polls[0].revents & POLLIN)
		accept_one(server);
	for (unsigned int i = 0; i < server->count; i++)
		if (server->clients[i]->request.type == LOCAL_FOLLOW)
			verb_follow(engine, server->clients[i]);
}
