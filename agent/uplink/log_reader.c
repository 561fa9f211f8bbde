/* SPDX-License-Identifier: Apache-2.0 */
/* Which file, where in it, which line. */
#include "agent/uplink/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE    (2 * LOG_READER_LINE_MAX)
#define TORN	       "~torn" /* at the end of a line that a crash cut */
#define SEVERITY_ALERT 4       /* OCSF: high */

struct log_reader {
	int directory_fd;
	int watch_fd;
	int fd; /* -EBADF: none open */
	ino_t inode;
	off_t offset; /* of what is behind the buffer */
	uint64_t wanted;
	uint64_t skipped;
	bool is_unsynced;
	bool is_skipping;  /* within a line that is too long */
	size_t begin, end; /* of what the buffer holds */
	char buffer[BUFFER_SIZE];
};

static int watch(const char *directory)
{
	auto_close int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, directory, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return -EBADF;
	return take_fd(fd);
}

int log_reader_open(const char *directory, struct log_reader **ret_reader)
{
	struct log_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	reader->fd = -EBADF;
	reader->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (reader->directory_fd < 0) {
		free(reader);
		return -errno;
	}
	reader->watch_fd = watch(directory);
	*ret_reader = reader;
	return 0;
}

int log_reader_fd(const struct log_reader *reader)
{
	return reader->watch_fd;
}

void log_reader_heard(struct log_reader *reader)
{
	char events[4096];

	while (reader->watch_fd >= 0 && read(reader->watch_fd, events, sizeof(events)) > 0)
		; /* which file, reading tells */
}

static void file_close(struct log_reader *reader)
{
	if (reader->fd >= 0)
		(void)close(reader->fd); /* read only; synced before */
	reader->fd = -EBADF;
	reader->begin = reader->end = 0;
	reader->is_skipping = false;
}

void log_reader_free(struct log_reader *reader)
{
	if (!reader)
		return;
	file_close(reader);
	(void)close(reader->directory_fd); /* read only */
	if (reader->watch_fd >= 0)
		(void)close(reader->watch_fd); /* likewise */
	free(reader);
}

uint64_t log_reader_skipped(const struct log_reader *reader)
{
	return reader->skipped;
}

void log_reader_seek(struct log_reader *reader, uint64_t sequence)
{
	file_close(reader);
	reader->wanted = sequence;
}

int log_reader_sync(struct log_reader *reader)
{
	if (!reader->is_unsynced || reader->fd < 0)
		return 0;
	if (fdatasync(reader->fd) < 0) /* of the file, whoever wrote it */
		return -errno;
	reader->is_unsynced = false;
	return 0;
}

static int generation_open(const struct log_reader *reader, unsigned int generation)
{
	char name[64];
	int fd;

	(void)snprintf(
		name, sizeof(name), generation ? "%s.%u" : "%s", LOG_READER_NAME, generation);
	fd = openat(reader->directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* The number behind the first "name": in a line. A quote within a value has a backslash before it. */
static bool number_in(const char *text, size_t size, const char *name, uint64_t *ret_number)
{
	const char *at = memmem(text, size, name, strlen(name));
	uint64_t number = 0;
	const char *end = text + size, *begin;

	if (!at)
		return false;
	begin = at += strlen(name);
	for (; at < end && *at >= '0' && *at <= '9' && at - begin < 19; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	*ret_number = number;
	return at > begin;
}

/* False for what is no event: a torn line, or one without its number. */
static bool line_parse(const char *text, size_t size, struct log_line *ret_line)
{
	static const char metadata[] = "\"metadata\":";
	const size_t torn = sizeof(TORN) - 1;
	const char *at = memmem(text, size, metadata, sizeof(metadata) - 1);
	uint64_t severity = 0;

	if (!at || text[0] != '{' || (size > torn && !memcmp(text + size - torn - 1, TORN, torn)))
		return false;
	/* Before anything of ours (unmapped), which has numbers of that name too. */
	if (!number_in(at, size - (size_t)(at - text), "\"sequence\":", &ret_line->sequence) ||
		!ret_line->sequence)
		return false;
	(void)number_in(text, size, "\"severity_id\":", &severity); /* none: no alert */
	ret_line->is_alert = severity >= SEVERITY_ALERT;
	ret_line->text = text;
	ret_line->size = size;
	return true;
}

/* The sequence of a file's first event; 0: it has none. */
static uint64_t first_sequence(int fd)
{
	static char block[LOG_READER_LINE_MAX];
	ssize_t got = pread(fd, block, sizeof(block), 0);
	struct log_line line;
	char *at = block, *newline;

	while (got > 0 && (newline = memchr(at, '\n', (size_t)got)) != NULL) {
		if (line_parse(at, (size_t)(newline - at) + 1, &line))
			return line.sequence;
		got -= newline - at + 1;
		at = newline + 1;
	}
	return 0;
}

static int file_take(struct log_reader *reader, int fd)
{
	struct stat status;

	file_close(reader);
	if (fstat(fd, &status) < 0) {
		(void)close(fd); /* read only */
		return -errno;
	}
	reader->fd = fd;
	reader->inode = status.st_ino;
	reader->offset = 0;
	return 0;
}

/* The youngest file that begins at or before what is wanted; else the oldest there is. */
static int file_find(struct log_reader *reader)
{
	int oldest = -ENOENT;

	for (unsigned int i = 0; i < LOG_READER_GENERATIONS; i++) {
		int fd = generation_open(reader, i);
		uint64_t first;

		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return fd;
		first = first_sequence(fd);
		if (oldest >= 0)
			(void)close(oldest); /* read only */
		oldest = fd;
		if (first && first <= reader->wanted)
			break;
	}
	return oldest < 0 ? oldest : file_take(reader, oldest);
}

/* Whether the engine still writes to the file that is open, or nobody writes. */
static bool is_current(const struct log_reader *reader)
{
	struct stat status;

	return fstatat(reader->directory_fd, LOG_READER_NAME, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	       status.st_ino == reader->inode;
}

/* Behind the end of a file that is not the current one: the next younger. 1, or 0: none yet. */
static int file_next(struct log_reader *reader)
{
	int younger = -ENOENT;

	for (unsigned int i = 0; i < LOG_READER_GENERATIONS; i++) {
		auto_close int fd = generation_open(reader, i);
		struct stat status;
		int r;

		if (fd == -ENOENT)
			continue;
		if (fd < 0 || fstat(fd, &status) < 0) {
			r = fd < 0 ? fd : -errno;
			if (younger >= 0)
				(void)close(younger); /* read only */
			return r;
		}
		if (status.st_ino == reader->inode) {
			if (younger < 0)
				return 0; /* the current one */
			r = log_reader_sync(reader);
			if (r == 0)
				r = file_take(reader, younger);
			return r < 0 ? r : 1;
		}
		if (younger >= 0)
			(void)close(younger); /* read only */
		younger = take_fd(fd);
	}
	if (younger >= 0)
		(void)close(younger); /* read only */
	if (younger < 0)
		return 0;
	file_close(reader); /* it is gone: whatever is the oldest now */
	return 1;
}

static int buffer_fill(struct log_reader *reader)
{
	ssize_t got;

	memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
	reader->end -= reader->begin;
	reader->begin = 0;
	if (reader->end == sizeof(reader->buffer)) { /* one line, and too long */
		reader->is_skipping = true;
		reader->end = 0;
	}
	got = pread(reader->fd, reader->buffer + reader->end, sizeof(reader->buffer) - reader->end,
		reader->offset);
	if (got < 0)
		return -errno;
	reader->end += (size_t)got;
	reader->offset += got;
	return got > 0;
}

/* A line of the buffer that is wanted. False: there is no whole one left. */
static bool buffer_line(struct log_reader *reader, struct log_line *ret_line)
{
	char *newline;

	while ((newline = memchr(reader->buffer + reader->begin, '\n',
			reader->end - reader->begin)) != NULL) {
		const char *text = reader->buffer + reader->begin;
		size_t size = (size_t)(newline - text) + 1;
		bool is_rest = reader->is_skipping;

		reader->begin += size;
		reader->is_skipping = false;
		if (is_rest || !line_parse(text, size, ret_line)) {
			reader->skipped++;
			continue;
		}
		if (ret_line->sequence < reader->wanted)
			continue;
		reader->wanted = ret_line->sequence + 1;
		reader->is_unsynced = true;
		return true;
	}
	return false;
}

int log_reader_next(struct log_reader *reader, struct log_line *ret_line)
{
	bool was_at_end = false;
	int r;

	for (;;) {
		if (reader->fd < 0) {
			r = file_find(reader);
			if (r < 0)
				return r == -ENOENT ? 0 : r;
		}
		if (buffer_line(reader, ret_line))
			return 1;
		r = buffer_fill(reader);
		if (r < 0)
			return r;
		if (r > 0) {
			was_at_end = false;
			continue;
		}
		if (is_current(reader))
			return 0;
		/* What was written between our end and the rotation is read before the next file. */
		if (!was_at_end) {
			was_at_end = true;
			continue;
		}
		r = file_next(reader);
		if (r <= 0)
			return r;
		was_at_end = false;
	}
}
