/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that the spool asks of a file system: one directory, files by name. Behind a table, so that a
 * test can be a disk that loses what was not synced.
 */
#ifndef HOLDFAST_AGENT_UPLINK_SPOOL_FILES_H
#define HOLDFAST_AGENT_UPLINK_SPOOL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every call: 0 or more = success, negative errno. Names have no directory in them. */
struct spool_files {
	void *disk; /* given to each call */
	/* A file that is there, to read, or to read and write. Its number, to be closed. */
	int (*open)(void *disk, const char *name, bool is_write);
	/* A new file in place of any other of that name, to read and write. */
	int (*create)(void *disk, const char *name);
	void (*close)(void *disk, int file);
	int64_t (*size)(void *disk, int file);
	/* Bytes, fewer only at the end of the file. */
	int64_t (*read)(void *disk, int file, void *ret_bytes, size_t size, uint64_t offset);
	/* All or an error; then any part may be written. */
	int (*write)(void *disk, int file, const void *bytes, size_t size, uint64_t offset);
	/* Makes it that large, of zeros, with the space on disk taken. */
	int (*allocate)(void *disk, int file, uint64_t size);
	int (*sync)(void *disk, int file);
	int (*rename)(void *disk, const char *from, const char *to);
	int (*unlink)(void *disk, const char *name);
	int (*sync_directory)(void *disk);
	/* Calls visit with each name. */
	int (*list)(void *disk, void (*visit)(const char *name, void *userdata), void *userdata);
};

/*
 * A directory of the real file system. is_writer: and locked against other writers, -EBUSY when
 * there is one. 0 or negative errno.
 */
int spool_files_open(const char *directory, bool is_writer, struct spool_files *ret_files);
/* Closes and unlocks; files of spool_files_open() only. */
void spool_files_close(struct spool_files *files);

#endif
