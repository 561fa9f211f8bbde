/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a block device sits: inside the machine, on a plug, or behind a network; by the buses above
 * it, not by what it says of itself. Devices on top of others (partitions, device mapper, RAID,
 * loop) are what is below them.
 */
#ifndef HOLDFAST_AGENT_SENSOR_TOPOLOGY_H
#define HOLDFAST_AGENT_SENSOR_TOPOLOGY_H

#include <libudev.h>

#include "agent/ipc/messages.h"

#define TOPOLOGY_DEPTH_MAX 16 /* devices on devices */

struct topology {
	uint8_t channel; /* HF_CHANNEL_LOCAL_FILE, _REMOVABLE or _NETSHARE */
	char reason[MESSAGE_TEXT_SIZE];
	char vendor[5], product[5]; /* of the USB device, "" = none */
	char serial[MESSAGE_TEXT_SIZE];
};

/* Never fails: what can't be told is removable. */
void topology_of_block(struct udev_device *device, struct topology *ret_topology);

#endif
