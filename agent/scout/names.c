/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/scout/names.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/filter.h"
#include "common/log.h"

#define AGAIN_NS (300 * CLOCK_SECOND_NS)
#define RETRY_NS (20 * CLOCK_SECOND_NS) /* of a name that was not found */

/* IPv4 as ::ffff:a.b.c.d. False: neither of the two. */
static bool address_of(const struct addrinfo *info, uint8_t ret_address[16])
{
	const struct sockaddr_in6 *six = (const void *)info->ai_addr;
	const struct sockaddr_in *four = (const void *)info->ai_addr;

	if (info->ai_family == AF_INET6) {
		memcpy(ret_address, &six->sin6_addr, 16);
		return true;
	}
	if (info->ai_family != AF_INET)
		return false;
	memset(ret_address, 0, 16);
	ret_address[10] = ret_address[11] = 0xff;
	memcpy(ret_address + 12, &four->sin_addr, 4);
	return true;
}

static void resolve(struct scout_name *name)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *found = NULL;

	name->count = 0;
	name->is_known = getaddrinfo(name->name, NULL, &hints, &found) == 0;
	for (struct addrinfo *at = found; at && name->count < SCOUT_RESOLVED_MAX; at = at->ai_next)
		if (address_of(at, name->addresses[name->count]))
			name->count++;
	if (found)
		freeaddrinfo(found);
}

/* The child: a name comes, its addresses go, until the other end is closed. */
static void serve(int fd)
{
	static uint8_t buffer[WIRE_FRAME_MAX];
	static struct scout_name name;
	int r;

	(void)close(3); /* the engine's; nothing is said there from here */
	r = filter_load(FILTER_FILES | FILTER_IPC | FILTER_NAMES | FILTER_NETWORK);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
	for (;;) {
		struct bytes_writer frame;
		ssize_t got = recv(fd, name.name, sizeof(name.name) - 1, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			exit(EXIT_SUCCESS);
		name.name[got] = '\0';
		resolve(&name);
		wire_begin(&frame, buffer, sizeof(buffer), SCOUT_NAME);
		scout_put_name(&frame, &name);
		r = wire_end(&frame);
		if (r < 0 || send(fd, buffer, frame.used, MSG_NOSIGNAL) < 0)
			exit(EXIT_FAILURE);
	}
}

int names_start(struct names *names)
{
	int fds[2];
	pid_t child;

	*names = (struct names){.fd = -EBADF};
	if (setenv("RES_OPTIONS", "timeout:2 attempts:2", 1) < 0 ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		(void)close(fds[0]);
		serve(fds[1]);
	}
	(void)close(fds[1]);
	names->fd = fds[0];
	return 0;
}

void names_want(struct names *names, const struct scout_want *want)
{
	names->count = want->name_count;
	for (size_t i = 0; i < names->count; i++) {
		(void)snprintf(names->names[i].name, SCOUT_NAME_SIZE, "%s", want->names[i]);
		names->names[i].due_ns = 0;
	}
}

void names_again(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		names->names[i].due_ns = 0;
}

void names_tick(struct names *names)
{
	uint64_t now = clock_boot_ns();

	for (size_t i = 0; i < names->count && !names->is_asked; i++) {
		if (now < names->names[i].due_ns)
			continue;
		names->names[i].due_ns = now + AGAIN_NS;
		if (send(names->fd, names->names[i].name, strlen(names->names[i].name),
			    MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			fatal("who resolves names is gone: %m, stopping");
		names->is_asked = true;
	}
}

bool names_on_answer(struct names *names, struct scout_name *ret_name)
{
	static uint8_t buffer[WIRE_FRAME_MAX];
	struct bytes_reader payload;
	uint16_t type;
	ssize_t got = recv(names->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0 || wire_open(buffer, (size_t)got, &type, &payload) < 0 || type != SCOUT_NAME)
		fatal("who resolves names is gone, stopping");
	scout_get_name(&payload, ret_name);
	if (!bytes_is_done(&payload))
		fatal("broken frame from who resolves names, stopping");
	names->is_asked = false;
	for (size_t i = 0; i < names->count && !ret_name->is_known; i++)
		if (!strcmp(names->names[i].name, ret_name->name) &&
			names->names[i].due_ns > clock_boot_ns() + RETRY_NS)
			names->names[i].due_ns = clock_boot_ns() + RETRY_NS;
	return true;
}
