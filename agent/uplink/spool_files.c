/* SPDX-License-Identifier: Apache-2.0 */
/* The real file system: one directory, held open. */
#include "agent/uplink/spool_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/cleanup.h"

static int directory_of(void *disk)
{
	return (int)(intptr_t)disk;
}

static int file_open(void *disk, const char *name, bool is_write)
{
	int fd = openat(directory_of(disk), name,
		(is_write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		(void)close(fd); /* nothing written */
		return -EINVAL;
	}
	return fd;
}

static int file_create(void *disk, const char *name)
{
	int fd;

	if (unlinkat(directory_of(disk), name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(
		directory_of(disk), name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

static void file_close(void *disk, int file)
{
	(void)disk;	   /* one directory is like another */
	(void)close(file); /* what matters was synced */
}

static int64_t file_size(void *disk, int file)
{
	struct stat status;

	(void)disk; /* as above */
	return fstat(file, &status) < 0 ? -errno : (int64_t)status.st_size;
}

static int64_t file_read(void *disk, int file, void *ret_bytes, size_t size, uint64_t offset)
{
	size_t done = 0;

	(void)disk; /* as above */
	while (done < size) {
		ssize_t got = pread(
			file, (char *)ret_bytes + done, size - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		done += (size_t)got;
	}
	return (int64_t)done;
}

static int file_write(void *disk, int file, const void *bytes, size_t size, uint64_t offset)
{
	size_t done = 0;

	(void)disk; /* as above */
	while (done < size) {
		ssize_t put = pwrite(
			file, (const char *)bytes + done, size - done, (off_t)(offset + done));

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -ENOSPC;
		done += (size_t)put;
	}
	return 0;
}

static int file_allocate(void *disk, int file, uint64_t size)
{
	(void)disk; /* as above */
	return -posix_fallocate(file, 0, (off_t)size);
}

static int file_sync(void *disk, int file)
{
	(void)disk; /* as above */
	return fdatasync(file) < 0 ? -errno : 0;
}

static int file_rename(void *disk, const char *from, const char *to)
{
	return renameat(directory_of(disk), from, directory_of(disk), to) < 0 ? -errno : 0;
}

static int file_unlink(void *disk, const char *name)
{
	return unlinkat(directory_of(disk), name, 0) < 0 ? -errno : 0;
}

static int directory_sync(void *disk)
{
	return fsync(directory_of(disk)) < 0 ? -errno : 0;
}

static int directory_list(
	void *disk, void (*visit)(const char *name, void *userdata), void *userdata)
{
	/* another open file: the position within a directory is the open file's */
	auto_close int fd = openat(directory_of(disk), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	DIR *entries;
	int r;

	if (fd < 0)
		return -errno;
	entries = fdopendir(fd);
	if (!entries)
		return -errno;
	(void)take_fd(fd); /* it is the stream's */
	for (errno = 0; (entry = readdir(entries)); errno = 0)
		visit(entry->d_name, userdata);
	r = -errno;
	(void)closedir(entries); /* read only */
	return r;
}

int spool_files_open(const char *directory, bool is_writer, struct spool_files *ret_files)
{
	auto_close int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (is_writer && flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	*ret_files = (struct spool_files){
		.disk = (void *)(intptr_t)take_fd(fd),
		.open = file_open,
		.create = file_create,
		.close = file_close,
		.size = file_size,
		.read = file_read,
		.write = file_write,
		.allocate = file_allocate,
		.sync = file_sync,
		.rename = file_rename,
		.unlink = file_unlink,
		.sync_directory = directory_sync,
		.list = directory_list,
	};
	return 0;
}

void spool_files_close(struct spool_files *files)
{
	(void)close(directory_of(files->disk)); /* read only */
}
