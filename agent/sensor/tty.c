/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a terminal by device number, and one bounded line of clean text on it. */
#include "agent/sensor/tty.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/text.h"

#define UNIX98_MAJOR 136 /* Documentation/admin-guide/devices.txt: 136-143 are /dev/pts */
#define UNIX98_LAST  143

struct terminal {
	uint32_t dev;
	struct log_limit limit;
};

static struct terminal terminals[TTY_MAX];
static unsigned int terminal_next;

static bool is_quiet(uint32_t dev)
{
	struct terminal *terminal = NULL;

	for (unsigned int i = 0; i < TTY_MAX; i++)
		if (terminals[i].dev == dev)
			terminal = &terminals[i];
	if (!terminal) {
		terminal = &terminals[terminal_next++ % TTY_MAX];
		*terminal = (struct terminal){.dev = dev, .limit = {.burst = TTY_LINES_A_MINUTE}};
	}
	return !log_allowed(&terminal->limit);
}

/* The kernel's name of a character device, from sysfs. */
static bool name_by_sysfs(
	unsigned int device_major, unsigned int device_minor, char *ret_path, size_t size)
{
	char path[64], text[512], *line;
	auto_close int fd = -EBADF;
	ssize_t got;

	(void)snprintf(
		path, sizeof(path), "/sys/dev/char/%u:%u/uevent", device_major, device_minor);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return false;
	text[got] = '\0';
	line = strstr(text, "DEVNAME=");
	if (!line)
		return false;
	line += strlen("DEVNAME=");
	line[strcspn(line, "\n")] = '\0';
	return (size_t)snprintf(ret_path, size, "/dev/%s", line) < size;
}

/* Of whoever acted or of whom they logged in as: sudo's user is root, its terminal is not. */
static bool is_theirs(const struct message_tell *tell, uid_t owner)
{
	return owner == tell->uid || (tell->loginuid != UINT32_MAX && owner == tell->loginuid);
}

static int terminal_open(const struct message_tell *tell)
{
	unsigned int device_major = tell->tty >> 20, device_minor = tell->tty & 0xfffff;
	auto_close int fd = -EBADF;
	struct stat status;
	char path[128];

	if (device_major >= UNIX98_MAJOR && device_major <= UNIX98_LAST)
		(void)snprintf(path, sizeof(path), "/dev/pts/%u",
			(device_major - UNIX98_MAJOR) * 256 + device_minor);
	else if (!name_by_sysfs(device_major, device_minor, path, sizeof(path)))
		return -ENOENT;
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 || !S_ISCHR(status.st_mode) || !is_theirs(tell, status.st_uid))
		return -EPERM;
	return take_fd(fd);
}

void tty_tell(const struct message_tell *tell)
{
	static char line[MESSAGE_TELL_SIZE + 32];
	auto_close int fd = -EBADF;
	size_t size;

	if (!tell->tty || is_quiet(tell->tty))
		return;
	fd = terminal_open(tell);
	if (fd < 0)
		return;
	/* No escape sequence of a file's name may reach a terminal. */
	(void)text_clean(line, sizeof(line) - 2, tell->text);
	size = strlen(line);
	memcpy(line + size, "\r\n", 2);
	(void)!write(fd, line, size + 2); /* a full terminal shows nothing, `why` still does */
}
