/* SPDX-License-Identifier: Apache-2.0 */
#include "common/signals.h"

#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>

int signals_open(const int signals[])
{
	sigset_t wanted;
	int fd;

	(void)sigemptyset(&wanted); /* can't fail */
	for (; *signals; signals++)
		if (sigaddset(&wanted, *signals) < 0)
			return -errno;
	if (sigprocmask(SIG_BLOCK, &wanted, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}
