/* SPDX-License-Identifier: Apache-2.0 */
/* Appending, rotating and mending; nothing about what is in a line. */
#include "agent/engine/event_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/clock.h"

struct event_log {
	int directory_fd;
	int fd;
	size_t size;  /* up to the end of the last whole line */
	bool is_torn; /* there is more behind it */
	size_t size_max;
	unsigned int generations;
	bool is_dirty;
	uint64_t dirty_since_ns;
};

static void generation_name(unsigned int generation, char ret_name[64])
{
	if (generation)
		(void)snprintf(ret_name, 64, "%s.%u", EVENT_LOG_NAME, generation);
	else
		(void)snprintf(ret_name, 64, "%s", EVENT_LOG_NAME);
}

static int current_open(struct event_log *log)
{
	struct stat status;
	int fd = openat(log->directory_fd, EVENT_LOG_NAME,
		O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		(void)close(fd); /* nothing written */
		return -EINVAL;
	}
	log->fd = fd;
	log->size = (size_t)status.st_size;
	return 0;
}

/* What lies behind the last whole line goes; where it can't, it becomes a line of its own. */
static int torn_mend(struct event_log *log)
{
	static const char mark[] = EVENT_LOG_TORN "\n";
	const ssize_t size = sizeof(mark) - 1;
	struct stat status;
	ssize_t put;

	if (!log->is_torn)
		return 0;
	if (ftruncate(log->fd, (off_t)log->size) < 0) {
		put = write(log->fd, mark, (size_t)size);
		if (put != size)
			return put < 0 ? -errno : -ENOSPC;
		if (fstat(log->fd, &status) < 0)
			return -errno;
		log->size = (size_t)status.st_size;
	}
	log->is_torn = false;
	return 0;
}

/* Everything behind the last newline was not written to its end. */
static int torn_find(struct event_log *log, size_t *ret_torn_bytes)
{
	char block[4096];
	size_t end = log->size;

	while (end) {
		size_t size = end < sizeof(block) ? end : sizeof(block);
		ssize_t got = pread(log->fd, block, size, (off_t)(end - size));
		char *newline;

		if (got != (ssize_t)size)
			return got < 0 ? -errno : -EIO;
		newline = memrchr(block, '\n', size);
		if (newline) {
			end = end - size + (size_t)(newline - block) + 1;
			break;
		}
		end -= size;
	}
	*ret_torn_bytes = log->size - end;
	log->is_torn = end != log->size;
	log->size = end;
	return 0;
}

int event_log_open(const char *directory, const struct event_log_limits *limits,
	struct event_log **ret_log, size_t *ret_torn_bytes)
{
	auto_call(event_log_freep) struct event_log *log = calloc(1, sizeof(*log));
	size_t torn = 0;
	int r;

	if (!log)
		return -ENOMEM;
	log->fd = -EBADF;
	log->size_max = limits && limits->size_max ? limits->size_max : EVENT_LOG_SIZE_MAX;
	log->generations = limits && limits->generations ? limits->generations
							 : EVENT_LOG_GENERATIONS;
	log->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (log->directory_fd < 0)
		return -errno;
	/* An engine before us may be about to end: two must not write. */
	if (flock(log->directory_fd, LOCK_EX) < 0)
		return -errno;
	r = current_open(log);
	if (r < 0)
		return r;
	r = torn_find(log, &torn);
	if (r < 0)
		return r;
	(void)torn_mend(log); /* else before the next line is written */
	*ret_torn_bytes = torn;
	*ret_log = take_ptr(log);
	return 0;
}

void event_log_free(struct event_log *log)
{
	if (!log)
		return;
	(void)event_log_sync(log, true); /* nothing more to do about it */
	if (log->fd >= 0)
		(void)close(log->fd); /* synced */
	if (log->directory_fd >= 0)
		(void)close(log->directory_fd); /* read only */
	free(log);
}

int event_log_sync(struct event_log *log, bool is_all)
{
	if (!log->is_dirty || log->fd < 0)
		return 0;
	if (!is_all && clock_boot_ns() - log->dirty_since_ns < EVENT_LOG_SYNC_NS)
		return 0;
	if (fdatasync(log->fd) < 0)
		return -errno;
	log->is_dirty = false;
	return 0;
}

/* The youngest number that is free, as a crash or an error within a rotation leaves one; or the oldest. */
static unsigned int generation_free(const struct event_log *log)
{
	unsigned int generation;
	struct stat status;
	char name[64];

	for (generation = 1; generation + 1 < log->generations; generation++) {
		generation_name(generation, name);
		if (fstatat(log->directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			break;
	}
	return generation;
}

/*
 * Older ones move first and no further than to a free number, so that neither a crash in between
 * nor any number of failed tries loses a file.
 */
static int rotate(struct event_log *log)
{
	char from[64], to[64];
	int r;

	r = event_log_sync(log, true);
	if (r < 0)
		return r;
	for (unsigned int i = log->generations > 1 ? generation_free(log) : 0; i > 0; i--) {
		generation_name(i - 1, from);
		generation_name(i, to);
		if (renameat(log->directory_fd, from, log->directory_fd, to) < 0 && errno != ENOENT)
			return -errno;
	}
	if (log->generations == 1 && unlinkat(log->directory_fd, EVENT_LOG_NAME, 0) < 0)
		return -errno;
	(void)close(log->fd); /* synced */
	log->fd = -EBADF;
	(void)fsync(log->directory_fd); /* the renames are as good as the disk can hold */
	return current_open(log);
}

int event_log_append(struct event_log *log, const char *lines, size_t size)
{
	ssize_t put;
	int r;

	if (!size || lines[size - 1] != '\n')
		return -EINVAL;
	if (log->fd < 0) { /* an earlier rotation failed half-way */
		r = current_open(log);
		if (r < 0)
			return r;
	}
	r = torn_mend(log);
	if (r < 0)
		return r;
	if (log->size && log->size + size > log->size_max) {
		r = rotate(log);
		if (r < 0)
			return r;
	}
	put = write(log->fd, lines, size);
	if (put != (ssize_t)size) {
		r = put < 0 ? -errno : -ENOSPC;
		log->is_torn = put > 0;
		(void)torn_mend(log); /* else before the next line is written */
		return r;
	}
	log->size += size;
	if (!log->is_dirty) {
		log->is_dirty = true;
		log->dirty_since_ns = clock_boot_ns();
	}
	return 0;
}

static bool is_torn_line(const char *line, size_t size)
{
	const size_t mark = sizeof(EVENT_LOG_TORN) - 1;

	return size >= mark && !memcmp(line + size - mark, EVENT_LOG_TORN, mark);
}

static void visit_lines(const char *text, size_t size,
	void (*visit)(const char *line, size_t size, void *userdata), void *userdata)
{
	while (size) {
		const char *newline = memchr(text, '\n', size);
		size_t length = newline ? (size_t)(newline - text) : size;

		if (!newline)
			return;
		if (length && !is_torn_line(text, length))
			visit(text, length, userdata);
		text += length + 1;
		size -= length + 1;
	}
}

/* The last size_max bytes of one generation that begin with the start of a line. */
static int tail_read(int fd, size_t size_max, char **ret_text, size_t *ret_size)
{
	auto_free char *text = NULL;
	struct stat status;
	size_t size, skip = 0;

	if (fstat(fd, &status) < 0)
		return -errno;
	size = (size_t)status.st_size;
	if (size > size_max)
		size = size_max + 1; /* the byte before says whether a line begins there */
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	if (pread(fd, text, size, status.st_size - (off_t)size) != (ssize_t)size)
		return -EIO;
	if (size > size_max) {
		const char *newline = memchr(text, '\n', size);

		skip = newline ? (size_t)(newline - text) + 1 : size;
	}
	memmove(text, text + skip, size - skip);
	*ret_size = size - skip;
	*ret_text = take_ptr(text);
	return 0;
}

/* How much of which generation; visited oldest first. Numbers may be free: see rotate(). */
static int tail_of(const struct event_log *log, unsigned int generation, size_t size_max,
	void (*visit)(const char *line, size_t size, void *userdata), void *userdata)
{
	auto_close int fd = -EBADF;
	auto_free char *text = NULL;
	struct stat status;
	char name[64];
	size_t size = 0;
	int r;

	generation_name(generation, name);
	fd = openat(log->directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd >= 0 && fstat(fd, &status) < 0)
		return -errno;
	if (fd >= 0)
		size = (size_t)status.st_size;
	if (size_max > size && generation + 1 < log->generations) {
		r = tail_of(log, generation + 1, size_max - size, visit, userdata);
		if (r < 0)
			return r;
	}
	if (!size)
		return 0;
	r = tail_read(fd, size_max, &text, &size);
	if (r < 0)
		return r;
	visit_lines(text, size, visit, userdata);
	return 0;
}

int event_log_tail(const struct event_log *log, size_t size_max,
	void (*visit)(const char *line, size_t size, void *userdata), void *userdata)
{
	return tail_of(log, 0, size_max, visit, userdata);
}
