/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to displays that were there before the kernel part: it walks all unix sockets once. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/sensor/kernel_private.h"
#include "common/cleanup.h"

int kernel_adopt_displays(const char *links)
{
	auto_close int iterator = -EBADF, fd = -EBADF;
	char path[PATH_MAX], nothing;

	if ((size_t)snprintf(path, sizeof(path), "%s/hf_adopt", links) >= sizeof(path))
		return -ENAMETOOLONG;
	iterator = bpf_obj_get(path);
	if (iterator < 0)
		return errno == ENOENT ? 0 : -errno; /* the baseline follows none */
	fd = bpf_iter_create(iterator);
	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t got = read(fd, &nothing, sizeof(nothing));

		if (got < 0 && (errno == EINTR || errno == EAGAIN)) /* EAGAIN: a very long walk */
			continue;
		return got < 0 ? -errno : 0;
	}
}
