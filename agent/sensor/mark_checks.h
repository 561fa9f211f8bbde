/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mark on a file is looked at when the file is first used: stripped, forged or copied marks
 * are told, and written anew from the index. What decides is the kernel's index in any case; a
 * mark can only ever add labels to it.
 */
#ifndef HOLDFAST_AGENT_SENSOR_MARK_CHECKS_H
#define HOLDFAST_AGENT_SENSOR_MARK_CHECKS_H

#include "agent/sensor/sensor.h"
#include "common/cleanup.h"

#define MARK_CHECKS_WAITING_MAX 64   /* uses not looked at yet; one more pushes out the oldest */
#define MARK_CHECKS_KNOWN_MAX	4096 /* inodes whose mark was good, as of their ctime */

/* NULL without memory. The caller frees. */
struct mark_checks *mark_checks_new(void);
void mark_checks_free(struct mark_checks *checks);
CLEANUP_DEFINE(struct mark_checks, mark_checks_free)

/* This inode was used under this name. Checked later: its mark may be on its way to the file. */
void mark_checks_add(struct mark_checks *checks, const struct hf_inode_key *key, const char *path);

/* Looks at what waits, once every record that the kernel made so far has been acted on. */
void mark_checks_step(struct sensor *sensor);

/* Looks at what path_fd (O_PATH) is, at once. */
void mark_checks_now(struct sensor *sensor, int path_fd, const char *path);

#endif
