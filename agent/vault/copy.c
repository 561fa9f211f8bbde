/* SPDX-License-Identifier: Apache-2.0 */
/* What is compared comes from the disk: pages that are written are dropped first. */
#include "agent/vault/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "agent/sensor/mark_value.h"
#include "agent/vault/apart.h"
#include "common/cleanup.h"

#define BUFFER_SIZE   (1 << 20)
#define ATTRIBUTE_MAX 65536 /* XATTR_LIST_MAX and XATTR_SIZE_MAX of the kernel */

static int write_at(int fd, const char *bytes, size_t size, off_t at)
{
	while (size) {
		ssize_t put = pwrite(fd, bytes, size, at);

		if (put < 0)
			return -errno;
		bytes += put;
		at += put;
		size -= (size_t)put;
	}
	return 0;
}

/* From the first byte that is there to the hole behind it. Where to go on; -ENXIO at the end. */
static off_t copy_piece(int from_fd, int to_fd, off_t at, char *buffer)
{
	off_t begin = lseek(from_fd, at, SEEK_DATA), end;
	int r;

	if (begin < 0)
		return -errno;
	end = lseek(from_fd, begin, SEEK_HOLE);
	if (end < 0)
		return -errno;
	while (begin < end) {
		size_t want = end - begin < BUFFER_SIZE ? (size_t)(end - begin) : BUFFER_SIZE;
		ssize_t got = pread(from_fd, buffer, want, begin);

		if (got < 0)
			return -errno;
		if (!got)
			return -EAGAIN; /* it shrank */
		r = write_at(to_fd, buffer, (size_t)got, begin);
		if (r < 0)
			return r;
		begin += got;
	}
	return end;
}

static int copy_content(int from_fd, int to_fd, off_t size)
{
	auto_free char *buffer = malloc(BUFFER_SIZE);
	off_t at = 0;

	if (!buffer)
		return -ENOMEM;
	while (at < size) {
		at = copy_piece(from_fd, to_fd, at, buffer);
		if (at == -ENXIO)
			break;
		if (at < 0)
			return (int)at;
	}
	return ftruncate(to_fd, size) < 0 ? -errno : 0;
}

static ssize_t read_whole(int fd, char *buffer, size_t size, off_t at)
{
	size_t have = 0;

	while (have < size) {
		ssize_t got = pread(fd, buffer + have, size - have, at + (off_t)have);

		if (got < 0)
			return -errno;
		if (!got)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

static int is_same(int a_fd, int b_fd)
{
	auto_free char *buffer = malloc((size_t)2 * BUFFER_SIZE);
	char *second = buffer + BUFFER_SIZE;
	off_t at = 0;

	if (!buffer)
		return -ENOMEM;
	(void)posix_fadvise(a_fd, 0, 0, POSIX_FADV_DONTNEED); /* what is dirty stays */
	(void)posix_fadvise(b_fd, 0, 0, POSIX_FADV_DONTNEED);
	for (;;) {
		ssize_t a = read_whole(a_fd, buffer, BUFFER_SIZE, at);
		ssize_t b = read_whole(b_fd, second, BUFFER_SIZE, at);

		if (a < 0 || b < 0)
			return (int)(a < 0 ? a : b);
		if (a != b || memcmp(buffer, second, (size_t)a) != 0)
			return 0;
		if (!a)
			return 1;
		at += a;
	}
}

static bool is_left_out(const char *attribute)
{
	return !strcmp(attribute, MARK_VALUE_NAME) || !strncmp(attribute, "btrfs.", 6);
}

/* By /proc/self/fd, as a symbolic link or a device can't be opened to be read. */
static int copy_attributes(const char *from, const char *to)
{
	auto_free char *names = malloc(ATTRIBUTE_MAX), *value = malloc(ATTRIBUTE_MAX);
	ssize_t size;

	if (!names || !value)
		return -ENOMEM;
	size = llistxattr(from, names, ATTRIBUTE_MAX);
	if (size < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *name = names; name < names + size; name += strlen(name) + 1) {
		ssize_t length;

		if (is_left_out(name))
			continue;
		length = lgetxattr(from, name, value, ATTRIBUTE_MAX);
		if (length < 0)
			return -errno;
		if (lsetxattr(to, name, value, (size_t)length, 0) < 0)
			return -errno;
	}
	return 0;
}

#define DESCRIPTOR_PATH_SIZE 64

static void descriptor_path(int fd, char ret_path[DESCRIPTOR_PATH_SIZE])
{
	(void)snprintf(ret_path, DESCRIPTOR_PATH_SIZE, "/proc/self/fd/%d/.", fd);
}

/* A path of a name in a directory that is held: lgetxattr(2) and its like have no *at(). */
static int name_path(int directory_fd, const char *name, char ret_path[PATH_MAX])
{
	return snprintf(ret_path, PATH_MAX, "/proc/self/fd/%d/%s", directory_fd, name) >= PATH_MAX
		       ? -ENAMETOOLONG
		       : 0;
}

/* Owner first, as chown(2) takes bits of the mode and capabilities away; times last. */
static int copy_rest(const struct copy_place *place, const struct stat *status)
{
	const struct timespec times[2] = {status->st_atim, status->st_mtim};
	char from[PATH_MAX], to[PATH_MAX];
	int r;

	if (fchownat(place->to_fd, COPY_NEW, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) <
		0)
		return -errno;
	r = name_path(place->from_fd, place->name, from);
	if (r == 0)
		r = name_path(place->to_fd, COPY_NEW, to);
	if (r == 0)
		r = copy_attributes(from, to);
	if (r < 0)
		return r;
	if (!S_ISLNK(status->st_mode) &&
		fchmodat(place->to_fd, COPY_NEW, status->st_mode & 07777, 0) < 0)
		return -errno;
	return utimensat(place->to_fd, COPY_NEW, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* As far as a copy shows it, and what tells of a change while it was made. */
static bool is_unchanged(const struct stat *before, const struct stat *after)
{
	return before->st_ino == after->st_ino && before->st_size == after->st_size &&
	       before->st_mtim.tv_sec == after->st_mtim.tv_sec &&
	       before->st_mtim.tv_nsec == after->st_mtim.tv_nsec &&
	       before->st_ctim.tv_sec == after->st_ctim.tv_sec &&
	       before->st_ctim.tv_nsec == after->st_ctim.tv_nsec;
}

struct job {
	const struct copy_place *place;
	const struct stat *status;
};

static int copy_content_and_rest(const void *what)
{
	const struct job *job = what;
	const struct copy_place *place = job->place;
	const struct stat *status = job->status;
	auto_close int from_fd = openat(
		place->from_fd, place->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOATIME);
	auto_close int to_fd = -EBADF;
	struct stat now;
	int r;

	if (from_fd < 0 || fstat(from_fd, &now) < 0)
		return -errno;
	if (!is_unchanged(status, &now))
		return -EAGAIN;
	to_fd = openat(
		place->to_fd, COPY_NEW, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to_fd < 0)
		return -errno;
	r = copy_content(from_fd, to_fd, status->st_size);
	if (r == 0)
		r = copy_rest(place, status);
	if (r < 0)
		return r;
	if (fstat(from_fd, &now) < 0)
		return -errno;
	return is_unchanged(status, &now) ? 0 : -EAGAIN;
}

static int copy_file(const struct copy_place *place, const struct stat *status)
{
	const struct job job = {place, status};

	return apart(copy_content_and_rest, &job);
}

static int compare_content(const void *what)
{
	const struct copy_place *place = what;
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOATIME;
	auto_close int from_fd = openat(place->from_fd, place->name, flags);
	auto_close int to_fd = openat(place->to_fd, place->name, flags);

	return from_fd < 0 || to_fd < 0 ? -errno : is_same(from_fd, to_fd);
}

int copy_is_same(const struct copy_place *place)
{
	return apart(compare_content, place);
}

static int copy_symlink(const struct copy_place *place)
{
	char target[PATH_MAX];
	ssize_t size = readlinkat(place->from_fd, place->name, target, sizeof(target) - 1);

	if (size < 0)
		return -errno;
	target[size] = '\0';
	return symlinkat(target, place->to_fd, COPY_NEW) < 0 ? -errno : 0;
}

static int copy_any(const struct copy_place *place, const struct stat *status)
{
	int r;

	switch (status->st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(place, status);
	case S_IFLNK:
		r = copy_symlink(place);
		break;
	case S_IFIFO:
	case S_IFCHR:
	case S_IFBLK:
		r = mknodat(place->to_fd, COPY_NEW, (status->st_mode & S_IFMT) | 0600,
			    status->st_rdev) < 0
			    ? -errno
			    : 0;
		break;
	default:
		return -ENOTSUP;
	}
	return r < 0 ? r : copy_rest(place, status);
}

/* Whole: it gets its name. */
static int give_name(const struct copy_place *place, const char *name)
{
	return renameat(place->to_fd, COPY_NEW, place->to_fd, name) < 0 ? -errno : 0;
}

int copy_object(const struct copy_place *place, const struct stat *status)
{
	return copy_object_as(place, status, place->name);
}

int copy_object_as(const struct copy_place *place, const struct stat *status, const char *name)
{
	int r;

	(void)unlinkat(place->to_fd, COPY_NEW, 0); /* of an earlier try */
	r = copy_any(place, status);
	if (r == 0)
		r = give_name(place, name);
	if (r < 0)
		(void)unlinkat(place->to_fd, COPY_NEW, 0); /* is there, or is not */
	return r;
}

int copy_link(const struct copy_place *place, int to_root_fd, const char *existing)
{
	(void)unlinkat(place->to_fd, COPY_NEW, 0); /* of an earlier try */
	if (linkat(to_root_fd, existing, place->to_fd, COPY_NEW, 0) < 0)
		return -errno;
	return give_name(place, place->name);
}

int copy_directory_end(int from_fd, int to_fd)
{
	char from[DESCRIPTOR_PATH_SIZE], to[DESCRIPTOR_PATH_SIZE];
	struct timespec times[2];
	struct stat status;
	int r;

	if (fstat(from_fd, &status) < 0)
		return -errno;
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	descriptor_path(from_fd, from);
	descriptor_path(to_fd, to);
	if (fchown(to_fd, status.st_uid, status.st_gid) < 0)
		return -errno;
	r = copy_attributes(from, to);
	if (r < 0)
		return r;
	return fchmod(to_fd, status.st_mode & 07777) < 0 || futimens(to_fd, times) < 0 ? -errno : 0;
}

bool copy_is_current(const struct stat *from, const struct stat *to)
{
	bool has_mode = !S_ISLNK(from->st_mode);

	return (from->st_mode & S_IFMT) == (to->st_mode & S_IFMT) && from->st_uid == to->st_uid &&
	       from->st_gid == to->st_gid && (!has_mode || from->st_mode == to->st_mode) &&
	       from->st_mtim.tv_sec == to->st_mtim.tv_sec &&
	       from->st_mtim.tv_nsec == to->st_mtim.tv_nsec &&
	       (!S_ISREG(from->st_mode) || from->st_size == to->st_size) &&
	       from->st_rdev == to->st_rdev;
}
