/* SPDX-License-Identifier: Apache-2.0 */
/* inotify(7) on directories. Package managers write beside and rename: both ends are seen. */
#include "agent/sensor/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/cleanup.h"

#define WATCH_EVENTS                                                                        \
	(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_ATTRIB | \
		IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW)

struct watch {
	int fd;
	unsigned int count;
	int wds[WATCH_MAX]; /* the kernel gives the same number for the same directory */
};

struct watch *watch_new(void)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd < 0) {
		free(watch);
		return NULL;
	}
	return watch;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	(void)close(watch->fd); /* and with it all watches */
	free(watch);
}

int watch_fd(const struct watch *watch)
{
	return watch->fd;
}

int watch_add(struct watch *watch, const char *directory)
{
	int wd;

	if (watch->count >= WATCH_MAX)
		return -ENOSPC;
	wd = inotify_add_watch(watch->fd, directory, WATCH_EVENTS);
	if (wd < 0)
		return -errno;
	for (unsigned int i = watch->count; i > 0; i--)
		if (watch->wds[i - 1] == wd)
			return 0;
	watch->wds[watch->count++] = wd;
	return 0;
}

static void forget(struct watch *watch, int wd)
{
	for (unsigned int i = 0; i < watch->count; i++)
		if (watch->wds[i] == wd)
			watch->wds[i--] = watch->wds[--watch->count];
}

bool watch_drain(struct watch *watch)
{
	_Alignas(struct inotify_event) char buffer[64 * 1024];
	bool is_changed = false;
	ssize_t size;

	while ((size = read(watch->fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < size;) {
			const struct inotify_event *event = (const void *)(buffer + at);

			if (event->mask & IN_IGNORED)
				forget(watch, event->wd);
			else
				is_changed = true;
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	return is_changed;
}

unsigned int watch_count(const struct watch *watch)
{
	return watch->count;
}
