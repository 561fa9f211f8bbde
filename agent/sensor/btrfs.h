/* SPDX-License-Identifier: Apache-2.0 */
/* btrfs names no device of its files by stat(2): it is asked for the disks that it lies on. */
#ifndef HOLDFAST_AGENT_SENSOR_BTRFS_H
#define HOLDFAST_AGENT_SENSOR_BTRFS_H

#include <sys/types.h>

#define BTRFS_DISKS_MAX 32 /* of one file system; with more, it is not told */

/* The disks of the file system that a file is on; how many. -EOPNOTSUPP: it is no btrfs; negative errno. */
int btrfs_disks(const char *file, dev_t ret_disks[BTRFS_DISKS_MAX]);

#endif
