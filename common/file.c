/* SPDX-License-Identifier: Apache-2.0 */
/* rename(2), or link(2) where nothing may be replaced. */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define ZEROS_SIZE (1 << 18)

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t put = write(fd, bytes, size);

		if (put < 0)
			return -errno;
		bytes += put;
		size -= (size_t)put;
	}
	return 0;
}

/* Before a byte is in it: nobody else's group reads it. */
static int give_to_group(int fd, const struct file_content *content)
{
	if (content->group == FILE_GROUP_NONE)
		return 0;
	if (fchown(fd, (uid_t)-1, content->group) < 0 || fchmod(fd, content->mode) < 0)
		return -errno;
	return 0;
}

int file_replace(int directory_fd, const char *name, const struct file_content *content)
{
	const mode_t mode = content->group == FILE_GROUP_NONE ? content->mode : 0600;
	auto_close int fd = -EBADF;
	char beside[NAME_MAX + 1];
	int r;

	if (snprintf(beside, sizeof(beside), "%s.new", name) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	(void)unlinkat(directory_fd, beside, 0); /* of an earlier try, with its mode */
	fd = openat(
		directory_fd, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	r = give_to_group(fd, content);
	if (r == 0)
		r = write_all(fd, content->bytes, content->size);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && content->is_new && linkat(directory_fd, beside, directory_fd, name, 0) < 0)
		r = -errno;
	if (r == 0 && !content->is_new && renameat(directory_fd, beside, directory_fd, name) < 0)
		r = -errno;
	if (r < 0 || content->is_new)
		(void)unlinkat(directory_fd, beside, 0); /* has its name, or is of no use */
	return r == 0 && fsync(directory_fd) < 0 ? -errno : r;
}

int file_read_all(int fd, size_t size_max, char **ret_text, size_t *ret_size)
{
	auto_free char *text = malloc(size_max + 2);
	size_t size = 0;
	ssize_t got = 1;

	if (!text)
		return -ENOMEM;
	while (got > 0 && size <= size_max) {
		got = read(fd, text + size, size_max + 1 - size);
		size += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		return -errno;
	if (size > size_max)
		return -EFBIG;
	text[size] = '\0';
	*ret_text = take_ptr(text);
	*ret_size = size;
	return 0;
}

int file_in_memory(const char *label, const void *bytes, size_t size)
{
	auto_close int fd = memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes, size);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	return take_fd(fd);
}

int file_overwrite(int fd)
{
	auto_free char *zeros = calloc(1, ZEROS_SIZE);
	off_t begin = 0, end;

	if (!zeros)
		return -ENOMEM;
	while ((begin = lseek(fd, begin, SEEK_DATA)) >= 0) {
		end = lseek(fd, begin, SEEK_HOLE);
		if (end < 0)
			return -errno;
		while (begin < end) {
			size_t want = end - begin < ZEROS_SIZE ? (size_t)(end - begin) : ZEROS_SIZE;
			ssize_t put = pwrite(fd, zeros, want, begin);

			if (put < 0)
				return -errno;
			begin += put;
		}
	}
	return errno == ENXIO ? 0 : -errno;
}
