/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a terminal by device number, and one bounded line of clean text. */
#include "agent/sensor/tty.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/cleanup.h"
#include "common/log.h"

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

static int terminal_open(uint32_t dev, uint32_t uid)
{
	unsigned int device_major = dev >> 20, device_minor = dev & 0xfffff;
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
	if (fstat(fd, &status) < 0 || !S_ISCHR(status.st_mode) || status.st_uid != uid)
		return -EPERM;
	return take_fd(fd);
}

/* No escape sequence of a file's name may reach a terminal. */
static void clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static const char *verb(const struct record *record)
{
	switch (record->raw.channel) {
	case HF_CHANNEL_OPEN:
		return "open";
	case HF_CHANNEL_NETWORK:
		return "send to the network";
	case HF_CHANNEL_REMOVABLE:
		return "write to the removable device";
	case HF_CHANNEL_NETSHARE:
		return "write to the network share";
	default:
		return "do this with";
	}
}

void tty_tell(const struct sensor *sensor, const struct record *record)
{
	const char *label = "protected";
	char line[512];
	auto_close int fd = -EBADF;
	int size;

	if (!record->raw.tty || is_quiet(record->raw.tty))
		return;
	for (unsigned int bit = HF_LABEL_MAX; bit > 0; bit--)
		if ((record->raw.decided & (UINT64_C(1) << (bit - 1))) &&
			sensor->labels[bit - 1].is_known)
			label = sensor->labels[bit - 1].name;
	fd = terminal_open(record->raw.tty, record->raw.uid);
	if (fd < 0)
		return;
	size = snprintf(line, sizeof(line),
		"holdfast: refused: '%s' may not %s %.300s (label '%s'); see: holdfast why",
		record->comm, verb(record), record->path, label);
	if (size < 0)
		return;
	clean(line);
	size = (int)strlen(line);
	if (size > (int)sizeof(line) - 3)
		size = (int)sizeof(line) - 3;
	memcpy(line + size, "\r\n", 3);
	(void)!write(
		fd, line, (size_t)size + 2); /* a full terminal shows nothing, `why` still does */
}
