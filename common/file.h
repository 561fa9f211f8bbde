/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are there whole or not at all, on disk and in memory. */
#ifndef HOLDFAST_COMMON_FILE_H
#define HOLDFAST_COMMON_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FILE_GROUP_NONE ((gid_t)-1)

struct file_content {
	const void *bytes;
	size_t size;
	mode_t mode; /* less the umask where no group is given */
	gid_t group; /* FILE_GROUP_NONE: as it comes */
	bool is_new; /* only when there is none of that name */
};

/*
 * Writes NAME.new, brings it to the disk and gives it its name in that directory, durably: a crash
 * leaves the old file or the new one. One writer at a time. -EEXIST for is_new; negative errno, with
 * what was there before kept.
 */
int file_replace(int directory_fd, const char *name, const struct file_content *content);

/*
 * All that is to be read from fd, with a NUL behind it, which size does not count. The caller frees.
 * -EFBIG when it is more than size_max; negative errno.
 */
int file_read_all(int fd, size_t size_max, char **ret_text, size_t *ret_size);

/*
 * Zeros over the bytes that are there, so that no block that is given back tells them, where the file system writes in
 * place. The file keeps its size. 0 or negative errno.
 */
int file_overwrite(int fd);

/*
 * A file without a name, sealed: who maps it relies on that it does not change or shrink under them.
 * A descriptor, at its end, the caller's to close; negative errno. See memfd_create(2).
 */
int file_in_memory(const char *label, const void *bytes, size_t size);

#endif
