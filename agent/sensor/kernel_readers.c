/* SPDX-License-Identifier: Apache-2.0 */
/* Who carries labels now, from the kernel part's iterator (bpf/reader.bpf.h). */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/sensor/kernel_private.h"
#include "common/cleanup.h"

#define READERS_AT_ONCE 64

int kernel_readers_open(struct kernel *kernel, const char *links)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/hf_readers", links) >= sizeof(path))
		return -ENAMETOOLONG;
	kernel->readers_fd = bpf_obj_get(path);
	return kernel->readers_fd < 0 ? -errno : 0;
}

int kernel_readers(struct kernel *kernel,
	int (*visit)(const struct hf_reader *reader, void *userdata), void *userdata)
{
	auto_close int fd = bpf_iter_create(kernel->readers_fd);
	struct hf_reader readers[READERS_AT_ONCE];
	size_t filled = 0; /* bytes: a read may end within a reader */

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t got = read(fd, (char *)readers + filled, sizeof(readers) - filled);
		size_t whole;

		if (got < 0 && (errno == EINTR || errno == EAGAIN)) /* EAGAIN: a very long walk */
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		filled += (size_t)got;
		whole = filled / sizeof(readers[0]);
		for (size_t i = 0; i < whole; i++) {
			int r = visit(&readers[i], userdata);

			if (r != 0)
				return r;
		}
		filled -= whole * sizeof(readers[0]);
		memmove(readers, &readers[whole], filled);
	}
}
