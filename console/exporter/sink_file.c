/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Lines in a file. A frame's lines are written and synced before they count as delivered. After a
 * kill in between, the file's own last line says what it has, and half a line is taken off: so
 * none is missing and none is there twice. The file is this process's alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/filter.h"
#include "common/log.h"
#include "console/exporter/exporter.h"

/* A frame's events, each with what stands around it; more of a frame grow the buffer. */
#define BUFFER_BEGIN (1 << 20)
#define LINE_ROOM    (EXPORT_JSON_MAX + FORMAT_AROUND)
#define TAIL_ROOM    (1 << 20) /* the last frame, with what stands around its events */
#define LANE_BITS    48

static struct {
	int fd;	    /* -EBADF: to be opened */
	off_t size; /* whole lines */
	char *lines;
	size_t used, room;
	uint64_t position; /* behind what is in lines */
	uint32_t count;
	bool is_full;	  /* a frame is there that has not been written */
	bool is_sync_due; /* written, not yet synced */
} file = {.fd = -EBADF};

/* NAME.1 is the newest of the older ones. */
static int older_path(const struct exporter *exporter, unsigned int number, char *ret_path)
{
	int size = snprintf(ret_path, PATH_MAX, "%s.%u", exporter->output->path, number);

	return size > 0 && size < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Where the last whole line ends; 0 when there is none. */
static int find_end(int fd, off_t size, off_t *ret_end)
{
	static char tail[2 * LINE_ROOM];
	off_t from = size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0;
	ssize_t got = pread(fd, tail, sizeof(tail), from);
	const char *end;

	*ret_end = 0;
	if (got < 0)
		return -errno;
	end = memrchr(tail, '\n', (size_t)got);
	if (!end)
		return from ? -EBADMSG : 0; /* no line of ours is so long */
	*ret_end = from + (end - tail) + 1;
	return 0;
}

/* Ids of one console lie together: lanes of the store, see store.h. */
static void keep_newest(struct export_open *open, const struct export_identity *identity)
{
	for (unsigned int i = 0; i < open->last_count; i++) {
		if (open->last[i].id >> LANE_BITS != identity->id >> LANE_BITS)
			continue;
		open->last[i] = *identity;
		return;
	}
	if (open->last_count < EXPORT_LAST_MAX)
		open->last[open->last_count++] = *identity;
}

/*
 * Whose lines stand at the end, the newest of each console that stores: what the store has not yet
 * noted as delivered is the frame that was written last.
 */
static int read_identities(int fd, off_t size, struct export_open *open)
{
	static char tail[TAIL_ROOM];
	off_t from = size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0;
	ssize_t got = pread(fd, tail, (size_t)(size - from), from);
	const char *line = tail, *end;
	struct export_identity identity;

	if (got != size - from)
		return got < 0 ? -errno : -EIO;
	if (from) { /* cut: a line's end */
		end = memchr(tail, '\n', (size_t)got);
		line = end ? end + 1 : tail + got;
	}
	for (; line < tail + got; line = end + 1) {
		end = memchr(line, '\n', (size_t)(tail + got - line));
		if (!end || format_line_read(line, (size_t)(end - line) + 1, &identity) < 0)
			return -EBADMSG;
		keep_newest(open, &identity);
	}
	return open->last_count ? 0 : -ENOENT;
}

static int sync_directory(const char *path)
{
	char directory[PATH_MAX];
	auto_close int fd = -EBADF;
	char *slash;

	(void)snprintf(directory, sizeof(directory), "%s", path); /* is no longer */
	slash = strrchr(directory, '/');
	slash[slash == directory] = '\0'; /* a path begins with one */
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Opens or makes it, and takes half a line off its end. */
static int file_open(const struct exporter *exporter)
{
	auto_close int fd = open(exporter->output->path,
		O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
	struct stat status;
	off_t end;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	r = find_end(fd, status.st_size, &end);
	if (r == 0 && end < status.st_size && ftruncate(fd, end) < 0)
		r = -errno;
	if (r == 0 && fdatasync(fd) < 0) /* what it shows to have is to stay */
		r = -errno;
	if (r == 0)
		r = sync_directory(exporter->output->path);
	if (r < 0)
		return r;
	if (end < status.st_size)
		log_notice("took %lld bytes of half a line off the end of '%s'",
			(long long)(status.st_size - end), exporter->output->path);
	file.size = end;
	file.fd = take_fd(fd);
	return 0;
}

static void file_close(void)
{
	if (file.fd >= 0)
		(void)close(file.fd); /* synced, or to be written again */
	file.fd = -EBADF;
}

static int rotate(const struct exporter *exporter)
{
	char from[PATH_MAX], to[PATH_MAX];
	int r = 0;

	for (unsigned int i = (unsigned int)exporter->output->keep; i > 0 && r == 0; i--) {
		r = older_path(exporter, i, to);
		if (r == 0 && i > 1)
			r = older_path(exporter, i - 1, from);
		else if (r == 0)
			(void)snprintf(from, sizeof(from), "%s", exporter->output->path);
		if (r == 0 && rename(from, to) < 0 && errno != ENOENT)
			r = -errno;
	}
	if (r == 0 && !exporter->output->keep && unlink(exporter->output->path) < 0)
		r = -errno;
	if (r < 0)
		return r;
	file_close();
	return file_open(exporter);
}

/* Another one lies at the path now, or none: somebody else's rotation. */
static bool is_moved(const struct exporter *exporter)
{
	struct stat ours, theirs;

	return fstat(file.fd, &ours) < 0 || stat(exporter->output->path, &theirs) < 0 ||
	       ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev;
}

static int make_ready(const struct exporter *exporter)
{
	int r = 0;

	if (file.fd >= 0 && is_moved(exporter))
		file_close();
	if (file.fd < 0)
		r = file_open(exporter);
	if (r == 0 && exporter->output->rotate_bytes && file.size &&
		(uint64_t)file.size + file.used > exporter->output->rotate_bytes)
		r = rotate(exporter);
	return r;
}

/* All of it, or the file is as it was. */
static int write_lines(void)
{
	size_t done = 0;

	while (done < file.used) {
		ssize_t got = write(file.fd, file.lines + done, file.used - done);
		int r = got < 0 ? -errno : 0;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			/* when this fails, half a line is taken off before the next one */
			if (ftruncate(file.fd, file.size) < 0)
				file_close();
			return r;
		}
		done += (size_t)got;
	}
	file.size += (off_t)file.used;
	return 0;
}

static void write_frame(struct exporter *exporter)
{
	int r = 0;

	if (file.count && !file.is_sync_due) {
		r = make_ready(exporter);
		if (r == 0)
			r = write_lines();
		file.is_sync_due = r == 0;
	}
	if (r == 0 && file.is_sync_due && fdatasync(file.fd) < 0) {
		/* What is in the page cache may be gone, and a second sync would not tell: fsync(2). */
		r = -errno;
		if (ftruncate(file.fd, file.size - (off_t)file.used) < 0)
			log_warning("cannot take back what was not synced in '%s': %m, ignoring",
				exporter->output->path);
		file_close();
		file.is_sync_due = false;
	}
	if (r < 0) {
		exporter_failed(exporter, "cannot write '%s': %s", exporter->output->path,
			r == -EINVAL ? "it is no regular file" : strerror(-r));
		return;
	}
	if (file.count)
		exporter_works(exporter);
	exporter_progress(exporter, file.position, file.count);
	file.used = file.count = 0;
	file.is_full = file.is_sync_due = false;
}

static void sink_prepare(struct exporter *exporter)
{
	(void)exporter; /* opened as who it will be */
	file.room = BUFFER_BEGIN;
	file.lines = malloc(file.room);
	if (!file.lines)
		fatal("no memory, stopping");
}

static void sink_resume(struct exporter *exporter, struct export_open *open_)
{
	char path[PATH_MAX];
	auto_close int older = -EBADF;
	off_t end;
	struct stat status;
	int r = file_open(exporter);

	if (r < 0) {
		exporter_failed(
			exporter, "cannot open '%s': %s", exporter->output->path, strerror(-r));
		return;
	}
	r = read_identities(file.fd, file.size, open_);
	/* just rotated: what it had last is in the older one */
	if (r == -ENOENT && older_path(exporter, 1, path) == 0) {
		older = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (older >= 0 && fstat(older, &status) == 0 &&
			find_end(older, status.st_size, &end) == 0)
			r = read_identities(older, end, open_);
	}
	if (r == -EBADMSG)
		log_warning("'%s' has lines at its end that are not of this console, going on "
			    "behind them",
			exporter->output->path);
}

/* What was delivered before comes again: in a file of its own, whose end is its own. */
static void sink_begin(struct exporter *exporter, bool is_rewound)
{
	char path[PATH_MAX + 64];

	if (!is_rewound || file.fd < 0 || !file.size)
		return;
	(void)snprintf(path, sizeof(path), "%s.before-%llu", exporter->output->path,
		(unsigned long long)clock_day_ms());
	if (rename(exporter->output->path, path) < 0)
		fatal("cannot rename '%s' to '%s': %m, stopping", exporter->output->path, path);
	log_notice(
		"'%s' is '%s' now: events come again from there on", exporter->output->path, path);
	file_close();
}

static bool sink_has_room(struct exporter *exporter)
{
	(void)exporter;
	return !file.is_full;
}

static void sink_take(struct exporter *exporter, const struct export_event *event)
{
	(void)exporter;
	while (file.room - file.used < event->size + FORMAT_AROUND) {
		char *more = realloc(file.lines, file.room * 2); /* a frame is 128 kB */

		if (!more)
			fatal("no memory, stopping");
		file.lines = more;
		file.room *= 2;
	}
	file.used += format_line(file.lines + file.used, file.room - file.used, event);
	file.count++;
}

static void sink_end_frame(struct exporter *exporter, uint64_t position)
{
	file.position = position;
	file.is_full = true;
	if (exporter_may_try(exporter))
		write_frame(exporter);
}

static unsigned int sink_poll_fill(struct exporter *exporter, struct pollfd *polls)
{
	(void)exporter;
	(void)polls;
	return 0;
}

static int sink_timeout_ms(struct exporter *exporter)
{
	return file.is_full ? exporter_wait_ms(exporter) : -1;
}

static void sink_work(struct exporter *exporter, const struct pollfd *polls, unsigned int count)
{
	(void)polls;
	(void)count;
	if (file.is_full && exporter_may_try(exporter))
		write_frame(exporter);
}

static bool sink_finish(struct exporter *exporter)
{
	return !file.is_full || exporter->error[0];
}

const struct sink sink_file = {
	.filter_groups = FILTER_FILES,
	.prepare = sink_prepare,
	.resume = sink_resume,
	.begin = sink_begin,
	.has_room = sink_has_room,
	.take = sink_take,
	.end_frame = sink_end_frame,
	.poll_fill = sink_poll_fill,
	.timeout_ms = sink_timeout_ms,
	.work = sink_work,
	.finish = sink_finish,
};
