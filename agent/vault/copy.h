/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One object of a tree, copied into another directory: whole before it has its name there. Nothing here is
 * brought to the disk; who has copied a tree syncs its file system, and then compares.
 */
#ifndef HOLDFAST_AGENT_VAULT_COPY_H
#define HOLDFAST_AGENT_VAULT_COPY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define COPY_NEW "..holdfast-vault-new" /* the name that a copy has until it is whole */

/* One name in one directory, and the directory where its copy goes. Borrowed. */
struct copy_place {
	int from_fd;
	int to_fd;
	const char *name;
};

/*
 * Copies a regular file, symbolic link, FIFO or device, with owner, mode, times, holes and extended
 * attributes (access lists are such) but for the agent's own mark, which names the inode it was
 * written for. 0; -EAGAIN: it changed meanwhile; -ENOTSUP: a socket; -ENOSPC, negative errno.
 */
int copy_object(const struct copy_place *place, const struct stat *status);
/* Under another name. */
int copy_object_as(const struct copy_place *place, const struct stat *status, const char *name);
/* A further name of a file that is copied: existing is its path from to_root_fd. */
int copy_link(const struct copy_place *place, int to_root_fd, const char *existing);
/* Owner, mode, attributes and times of a directory, once all in it is copied. */
int copy_directory_end(int from_fd, int to_fd);

/* Whether the copy was made of an object that was as this one is now: by type, size, time, owner, mode. */
bool copy_is_current(const struct stat *from, const struct stat *to);
/* Whether both files of that name have the same bytes, as their disks have them once they are synced. 1, 0, negative errno. */
int copy_is_same(const struct copy_place *place);

#endif
