/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every change asks for all of it anew: what counts is small, changes are rare, and a table that is
 * put together of single changes can be wrong for ever.
 */
#include "agent/scout/dump.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define STAGE_NS (2 * CLOCK_SECOND_NS) /* for one answer; then all over */
#define BUFFER	 65536
#define RECEIVE	 (1 << 20)

static int socket_open(uint32_t groups)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int size = RECEIVE;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)); /* less will do, too */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	return fd;
}

int dump_open(struct dump *dump)
{
	memset(dump, 0, sizeof(*dump));
	dump->is_dirty = true;
	dump->events_fd = socket_open(RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR |
				      RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE);
	if (dump->events_fd < 0)
		return dump->events_fd;
	dump->asked_fd = socket_open(0);
	return dump->asked_fd < 0 ? dump->asked_fd : 0;
}

/* From the kernel and nobody else: other processes may send to such a socket. */
static ssize_t receive(int fd, void *buffer, size_t size)
{
	struct sockaddr_nl from;
	socklen_t from_size = sizeof(from);
	ssize_t got = recvfrom(
		fd, buffer, size, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &from_size);

	if (got < 0)
		return -errno;
	if (from_size != sizeof(from) || from.nl_pid != 0)
		return 0;
	return (size_t)got > size ? -EMSGSIZE : got;
}

void dump_on_event(struct dump *dump)
{
	static uint8_t buffer[BUFFER];

	for (;;) {
		ssize_t got = receive(dump->events_fd, buffer, sizeof(buffer));

		if (got == -EAGAIN || got == -EINTR)
			return;
		dump->is_dirty = true; /* also when more came than there was room for (ENOBUFS) */
		if (got < 0 && got != -ENOBUFS && got != -EMSGSIZE)
			fatal("cannot read what changes in the network: %s, stopping",
				strerror((int)-got));
	}
}

static void ask(struct dump *dump)
{
	static const uint16_t types[DUMP_WHOLE] = {
		[DUMP_LINKS] = RTM_GETLINK,
		[DUMP_ADDRESSES] = RTM_GETADDR,
		[DUMP_ROUTES] = RTM_GETROUTE,
		[DUMP_NEIGHBOURS] = RTM_GETNEIGH,
	};
	struct {
		struct nlmsghdr header;
		struct ifinfomsg body; /* AF_UNSPEC; the largest of them */
	} question = {.header = {
			      .nlmsg_len = sizeof(question),
			      .nlmsg_type = types[dump->stage],
			      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		      }};

	dump->begun_ns = clock_boot_ns();
	if (send(dump->asked_fd, &question, sizeof(question), MSG_DONTWAIT) < 0)
		fatal("cannot ask the kernel for the network: %m, stopping");
}

/* What an earlier question is still answered with is not to be taken for this one's. */
static void drain(struct dump *dump)
{
	static uint8_t buffer[BUFFER];

	while (receive(dump->asked_fd, buffer, sizeof(buffer)) != -EAGAIN)
		;
}

void dump_tick(struct dump *dump)
{
	if (dump->begun_ns && clock_boot_ns() - dump->begun_ns > STAGE_NS) {
		dump->begun_ns = 0;
		dump->is_dirty = true;
	}
	if (dump->begun_ns || !dump->is_dirty)
		return;
	drain(dump);
	dump->is_dirty = false;
	dump->stage = DUMP_LINKS;
	memset(&dump->tables, 0, sizeof(dump->tables));
	ask(dump);
}

bool dump_on_answer(struct dump *dump)
{
	static uint8_t buffer[BUFFER];

	for (;;) {
		ssize_t got = receive(dump->asked_fd, buffer, sizeof(buffer));
		enum netlink_end end;

		if (got == -EAGAIN || got == -EINTR)
			return false;
		if (!dump->begun_ns)
			continue;
		end = got < 0 ? NETLINK_FAILED : netlink_read(buffer, (size_t)got, &dump->tables);
		if (end == NETLINK_FAILED) {
			dump->begun_ns = 0;
			dump->is_dirty = true; /* begun again in the next turn */
			return false;
		}
		if (end == NETLINK_MORE)
			continue;
		dump->stage++;
		if (dump->stage == DUMP_WHOLE) {
			dump->begun_ns = 0;
			return true;
		}
		ask(dump);
	}
}
