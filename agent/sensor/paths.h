/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of the policy to descriptors, with nobody able to change what is meant in between: one
 * component after the other from the root, no symbolic links.
 */
#ifndef HOLDFAST_AGENT_SENSOR_PATHS_H
#define HOLDFAST_AGENT_SENSOR_PATHS_H

#include <stdbool.h>

#define PATHS_MATCH_MAX 4096  /* paths that one pattern may stand for */
#define PATHS_ENTRY_MAX 65536 /* directory entries looked at for one pattern */

/* O_PATH descriptor of name in directory (-1 = absolute name). -ELOOP: a symbolic link. */
int paths_open(int directory_fd, const char *name);
/*
 * Makes an O_PATH descriptor of a regular file or directory readable. -EOPNOTSUPP for anything
 * else: opening a device or a pipe may do something or block.
 */
int paths_reopen(int path_fd);

struct paths_visitor {
	/* A path that the pattern stands for, and what is there (borrowed, O_PATH). */
	void (*match)(const char *path, int path_fd, void *userdata);
	/* A directory in which a change can change the answer. May be NULL. */
	void (*directory)(const char *path, void *userdata);
	void *userdata;
};

/* 0, also with no match; -E2BIG when a bound was hit and matches are missing; -ELOOP, -EACCES ... */
int paths_expand(const char *pattern, const struct paths_visitor *visitor);

#endif
