/* SPDX-License-Identifier: Apache-2.0 */
/* The socket and its clients. What a request means is verbs.c's. */
#include "agent/engine/server.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"

struct server {
	int fd;
	uint64_t last_id;
	struct client *clients[SERVER_CLIENT_MAX];
	unsigned int count;
};

static uint8_t frame_buffer[ANSWER_FRAME_MAX];

int server_new(struct engine *engine, struct server **ret_server)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct server *server;

	if (fd < 0)
		return -errno;
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
		    engine->runtime_directory, LOCAL_SOCKET_NAME) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	(void)unlink(
		address.sun_path); /* of an engine before us; bind tells if it is still there */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		chmod(address.sun_path, 0666) < 0 || listen(fd, SERVER_CLIENT_MAX) < 0)
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
	auto_close int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	struct client *client;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
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
	struct bytes_writer frame;

	answer_put_line(&frame, frame_buffer, sizeof(frame_buffer), json);
	(void)channel_send(
		&client->channel, &frame, -1); /* a client that is gone or does not read */
}

void client_line(struct client *client, struct json_object *object)
{
	client_text(client, json_object_to_json_string_ext(object,
				    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	(void)json_object_put(object); /* freed */
}

void client_end(struct client *client, int error, const char *format, ...)
{
	struct bytes_writer frame;
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	answer_put_end(&frame, frame_buffer, sizeof(frame_buffer), error, text);
	(void)channel_send(&client->channel, &frame, -1); /* as above */
	client->request_id = 0;
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
	int size = channel_receive(&client->channel, packet, sizeof(packet), &fd);
	int r;

	if (size == -EAGAIN)
		return true;
	if (size <= 0)
		return false;
	if (client->request.type) /* one at a time */
		return false;
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
		client_free(client);
		server->clients[i - 1] = server->clients[--server->count];
	}
	if (polls[0].revents & POLLIN)
		accept_one(server);
	for (unsigned int i = 0; i < server->count; i++)
		if (server->clients[i]->request.type == LOCAL_FOLLOW)
			verb_follow(engine, server->clients[i]);
}
