/* SPDX-License-Identifier: Apache-2.0 */
/* The mount table of proc(5), one line at a time. Pure: no I/O. */
#ifndef HOLDFAST_AGENT_SENSOR_MOUNTS_H
#define HOLDFAST_AGENT_SENSOR_MOUNTS_H

#include <limits.h>
#include <stdint.h>

struct mount_entry {
	uint32_t dev; /* kernel encoding: major << 20 | minor, of the super block */
	char type[64];
	char root[PATH_MAX]; /* what of the file system is mounted */
	char point[PATH_MAX];
	char source[PATH_MAX];
};

enum mount_kind {
	MOUNT_DEVICE,	/* as its block device */
	MOUNT_LOCAL,	/* memory, or judged again at the file system below */
	MOUNT_NETSHARE, /* others may read it, or a program decides where it goes */
	MOUNT_PSEUDO,	/* no files of anyone */
};

/* 0, or -EBADMSG for a line that is none of mountinfo. */
int mounts_parse(const char *line, struct mount_entry *ret_entry);
enum mount_kind mounts_kind(const char *type);

#endif
