/* SPDX-License-Identifier: Apache-2.0 */
#include "partner.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static char message[PARTNER_MAX];

static int write_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, message + done, size - done);

		if (n <= 0)
			return n ? -errno : -EPIPE;
		done += (size_t)n;
	}
	return 0;
}

static int read_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, message + done, size - done);

		if (n <= 0)
			return n ? -errno : -EPIPE;
		done += (size_t)n;
	}
	return 0;
}

static void send_back(int from, int to)
{
	for (;;) {
		ssize_t n = read(from, message, sizeof(message));

		if (n <= 0 || write_all(to, (size_t)n) < 0)
			_exit(0); /* the other side is gone */
	}
}

/* Our two ends are closed in it, or it would never see that we are gone. */
static void start(struct partner ours, struct partner its)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "cannot fork");
	if (child == 0) {
		close(ours.to);
		close(ours.from);
		send_back(its.from, its.to);
	}
	close(its.to);
	if (its.from != its.to)
		close(its.from);
}

struct partner partner_by_pipes(void)
{
	int there[2], back[2];
	struct partner ours;

	if (pipe2(there, O_CLOEXEC) < 0 || pipe2(back, O_CLOEXEC) < 0)
		err(1, "cannot make pipes");
	ours = (struct partner){.to = there[1], .from = back[0]};
	start(ours, (struct partner){.to = back[1], .from = there[0]});
	return ours;
}

struct partner partner_by_sockets(void)
{
	int pair[2];
	struct partner ours;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		err(1, "cannot make a pair of sockets");
	ours = (struct partner){.to = pair[0], .from = pair[0]};
	start(ours, (struct partner){.to = pair[1], .from = pair[1]});
	return ours;
}

int partner_round(const struct partner *partner, size_t size)
{
	int r = write_all(partner->to, size);

	return r < 0 ? r : read_all(partner->from, size);
}
