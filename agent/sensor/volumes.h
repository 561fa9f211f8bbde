/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which block devices and mounted file systems are ways out: kept up to date from udev and the
 * mount table, told to the kernel part and the engine.
 */
#ifndef HOLDFAST_AGENT_SENSOR_VOLUMES_H
#define HOLDFAST_AGENT_SENSOR_VOLUMES_H

#include "agent/sensor/sensor.h"

#define VOLUMES_MAX HF_VOLUME_MAX

/* Connects to udev and opens the mount table; NULL when neither is there. Before the sandbox. */
struct volumes *volumes_new(void);
void volumes_free(struct volumes *volumes);

/* To poll: udev for POLLIN, mounts for POLLPRI (proc(5)). -1 = none. */
int volumes_udev_fd(const struct volumes *volumes);
int volumes_mounts_fd(const struct volumes *volumes);

/* Classifies all there is. */
void volumes_scan(struct sensor *sensor);
void volumes_on_udev(struct sensor *sensor);
void volumes_on_mounts(struct sensor *sensor);
/* A new policy has other device matchers. */
void volumes_apply(struct sensor *sensor);

/* Completes a record's path from the mount table: see mount_table.h. */
void volumes_complete(const struct volumes *volumes, struct hf_record *record);
/* What the file system with this s_dev is called over reboots; "" when not known. */
void volumes_identity(
	const struct volumes *volumes, uint32_t dev, char ret_identity[MESSAGE_TEXT_SIZE]);

#endif
