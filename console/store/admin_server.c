/* SPDX-License-Identifier: Apache-2.0 */
/* The socket and its clients. What a request means is admin_verbs.c's. */
#include "console/store/admin_server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/answer_channel.h"
#include "common/cleanup.h"
#include "common/local_socket.h"
#include "console/store/admin_names.h"

#define GROUPS_MAX 1024 /* of one peer; more are not looked at */

struct admin_server {
	int fd;
	gid_t group;
	struct admin_client *clients[ADMIN_CLIENT_MAX];
	unsigned int count;
};

/* The group's members may connect, and are asked for again when they have. */
int admin_server_new(const char *runtime_directory, gid_t group, struct admin_server **ret_server)
{
	const struct local_access access = {
		.mode = group == (gid_t)-1 ? 0600 : 0660, .group = group};
	auto_close int fd = local_socket_listen(
		runtime_directory, ADMIN_SOCKET_NAME, &access, ADMIN_CLIENT_MAX);
	struct admin_server *server;

	if (fd < 0)
		return fd;
	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->fd = take_fd(fd);
	server->group = group;
	admin_names_load(group);
	*ret_server = server;
	return 0;
}

/* Asked of the kernel, not of the user database, which the sandbox does not reach. */
static bool is_member(int fd, gid_t gid, gid_t group)
{
	static gid_t groups[GROUPS_MAX];
	socklen_t size = sizeof(groups);

	if (group == (gid_t)-1)
		return false;
	if (gid == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	for (size_t i = 0; i < size / sizeof(groups[0]); i++)
		if (groups[i] == group)
			return true;
	return false;
}

static void accept_one(struct admin_server *server)
{
	struct ucred peer = {0};
	auto_close int fd = local_socket_accept(server->fd, &peer);
	struct admin_client *client;

	if (fd < 0)
		return;
	if (server->count == ADMIN_CLIENT_MAX)
		return; /* closed: the command says that the store is busy */
	client = calloc(1, sizeof(*client));
	if (!client)
		return;
	channel_init(&client->channel, fd, ADMIN_QUEUE_MAX);
	client->uid = peer.uid;
	admin_name(peer.uid, client->who, sizeof(client->who));
	if (peer.uid != 0 && peer.uid != geteuid() && !is_member(fd, peer.gid, server->group)) {
		admin_end(client, -EPERM, "that is for root and members of group " ADMIN_GROUP);
		(void)take_fd(fd);
		channel_done(&client->channel);
		free(client);
		return;
	}
	(void)take_fd(fd); /* the channel's */
	server->clients[server->count++] = client;
}

void admin_text(struct admin_client *client, const char *json)
{
	answer_send_text(&client->channel, json, -1);
}

void admin_line_with(struct admin_client *client, struct json_object *object, int fd)
{
	answer_send_object(&client->channel, object, fd);
}

void admin_line(struct admin_client *client, struct json_object *object)
{
	answer_send_object(&client->channel, object, -1);
}

void admin_end(struct admin_client *client, int error, const char *format, ...)
{
	va_list arguments;

	if (error == -EDEADLK && client->may_repeat) {
		client->is_undone = true;
		return;
	}
	va_start(arguments, format);
	answer_send_end(&client->channel, error, format, arguments);
	va_end(arguments);
	client->request.type = 0;
}

/* False when the client is gone or not worth keeping. */
static bool client_read(struct service *service, struct admin_client *client)
{
	static uint8_t packet[ADMIN_REQUEST_MAX];
	auto_close int fd = -EBADF;
	int size = channel_receive(&client->channel, packet, sizeof(packet), &fd);
	int r;

	if (size == -EAGAIN)
		return true;
	if (size <= 0 || client->request.type) /* one at a time */
		return false;
	r = admin_request_decode(packet, (size_t)size, &client->request);
	if (r < 0) {
		admin_end(client, r, "the request does not decode: %s", strerror(-r));
	} else {
		client->fd = fd;
		admin_verb_begin(service, client);
	}
	return true;
}

unsigned int admin_server_poll_fill(
	struct admin_server *server, struct pollfd *polls, unsigned int most)
{
	unsigned int used = 0;

	if (most)
		polls[used++] = (struct pollfd){server->fd, POLLIN, 0};
	for (unsigned int i = 0; i < server->count && used < most; i++)
		polls[used++] = (struct pollfd){server->clients[i]->channel.fd,
			channel_events(&server->clients[i]->channel), 0};
	return used;
}

static bool client_on_poll(struct service *service, struct admin_client *client, short events)
{
	if ((events & POLLOUT) && channel_flush(&client->channel) < 0)
		return false;
	if (events & POLLIN)
		return client_read(service, client);
	return !(events & (POLLHUP | POLLERR | POLLNVAL));
}

void admin_server_on_poll(struct service *service, const struct pollfd *polls, unsigned int count)
{
	struct admin_server *server = service->admin;

	/* Backwards: the last one takes the place of one that goes. */
	for (unsigned int i = count - 1; i > 0; i--) {
		struct admin_client *client = server->clients[i - 1];

		if (!polls[i].revents || client_on_poll(service, client, polls[i].revents))
			continue;
		channel_done(&client->channel);
		free(client);
		server->clients[i - 1] = server->clients[--server->count];
	}
	if (polls[0].revents & POLLIN)
		accept_one(server);
}

struct admin_client *admin_server_asked(struct admin_server *server, uint64_t asked)
{
	for (unsigned int i = 0; i < server->count; i++)
		if (server->clients[i]->asked == asked)
			return server->clients[i];
	return NULL;
}

bool admin_server_work(struct service *service)
{
	struct admin_server *server = service->admin;
	bool is_more = false;

	for (unsigned int i = 0; i < server->count; i++) {
		struct admin_client *client = server->clients[i];

		if (client->request.type && client->channel.queued_bytes < ADMIN_QUEUE_HIGH)
			is_more |= admin_verb_work(service, client);
	}
	return is_more;
}
