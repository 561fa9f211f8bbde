/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where file systems are mounted, to complete the paths of records that end at a file system's root.
 * Pure.
 */
#ifndef HOLDFAST_AGENT_SENSOR_MOUNT_TABLE_H
#define HOLDFAST_AGENT_SENSOR_MOUNT_TABLE_H

#include "agent/sensor/mounts.h"
#include "bpf/events.h"
#include "common/cleanup.h"

#define MOUNT_TABLE_MAX 8192 /* mounts; paths below further ones are shown as cut */

struct mount_table;

/* NULL without memory. The caller frees. */
struct mount_table *mount_table_new(void);
/* Accepts NULL. */
void mount_table_free(struct mount_table *table);
CLEANUP_DEFINE(struct mount_table, mount_table_free)
/* Forgets all. */
void mount_table_clear(struct mount_table *table);
/* In the order of the mount table: the first that fits a path stands for it. Without memory: none. */
void mount_table_add(struct mount_table *table, const struct mount_entry *entry);
/*
 * A path within a file system becomes one from the root: whole, or cut where the file system is
 * mounted nowhere that we see. Any bytes are fit for it; it mends none.
 */
void mount_table_complete(const struct mount_table *table, struct hf_record *record);

#endif
