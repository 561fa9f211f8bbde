/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a scanner built on fanotify permission events can do: allow everything. Marks the
 * mount it is given, says "listening", and answers until it is killed. See fanotify(7).
 *
 * usage: listener MOUNT
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <unistd.h>

static void answer(int group_fd, const struct fanotify_event_metadata *event)
{
	struct fanotify_response response = {.fd = event->fd, .response = FAN_ALLOW};

	if (event->fd < 0)
		return; /* the queue overflowed; nobody waits */
	if (event->mask & (FAN_OPEN_PERM | FAN_ACCESS_PERM))
		if (write(group_fd, &response, sizeof(response)) != sizeof(response))
			warn("cannot answer, going on");
	close(event->fd);
}

int main(int argc, char **argv)
{
	static struct fanotify_event_metadata events[64];
	int group_fd = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_LARGEFILE);

	if (argc != 2)
		errx(2, "usage: listener MOUNT");
	if (group_fd < 0)
		err(1, "cannot start fanotify");
	if (fanotify_mark(group_fd, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN_PERM | FAN_ACCESS_PERM,
		    AT_FDCWD, argv[1]) < 0)
		err(1, "cannot mark '%s'", argv[1]);
	puts("listening");
	fflush(stdout);
	for (;;) {
		ssize_t size = read(group_fd, events, sizeof(events));
		struct fanotify_event_metadata *event = events;

		if (size < 0)
			err(1, "cannot read events");
		for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size))
			answer(group_fd, event);
	}
}
