/* SPDX-License-Identifier: Apache-2.0 */
/* Small, and fatal(): nothing here has anybody to tell but the log. */
#include "console/ipc/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/signals.h"
#include "common/privileges.h"

void process_restrict(const char *user, unsigned int filter_groups)
{
	struct privileges wanted = {.uid = getuid(), .gid = getgid(), .group = (gid_t)-1};
	int r;

	if (user) {
		r = privileges_find_user(user, &wanted.uid, &wanted.gid);
		if (r < 0)
			fatal("cannot find user '%s': %s, stopping", user, strerror(-r));
	}
	r = privileges_drop(&wanted);
	if (r < 0)
		fatal("cannot give up privileges: %s, stopping", strerror(-r));
	r = filter_load(filter_groups);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}

/* Whoever reads the signs must not be able to stop us by not reading. */
int process_life_fd(const char *text)
{
	int fd = process_fd(text);
	int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -EINVAL;
	return fd;
}

int process_fd(const char *text)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || end == text || *end || number < 0 || number > INT_MAX)
		return -EINVAL;
	if (fcntl((int)number, F_SETFD, FD_CLOEXEC) < 0)
		return -EINVAL;
	return (int)number;
}

int process_sign(int life_fd, char sign)
{
	static uint64_t last_ns;
	uint64_t now_ns = clock_steady_ns();

	if (life_fd < 0 || (sign == 'L' && now_ns - last_ns < PROCESS_LIFE_MS * UINT64_C(1000000)))
		return 0;
	last_ns = now_ns;
	/* what else fails is a full pipe, with enough signs in it */
	return write(life_fd, &sign, 1) < 0 && errno == EPIPE ? -EPIPE : 0;
}

int process_signals(void)
{
	static const int wanted[] = {SIGTERM, SIGINT, 0};
	int fd = signals_open(wanted);

	if (fd < 0)
		fatal("cannot wait for signals: %s, stopping", strerror(-fd));
	return fd;
}
