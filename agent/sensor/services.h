/* SPDX-License-Identifier: Apache-2.0 */
/* Services of a policy on their way from the engine into the kernel, with it or behind it. */
#ifndef HOLDFAST_AGENT_SENSOR_SERVICES_H
#define HOLDFAST_AGENT_SENSOR_SERVICES_H

#include "agent/sensor/kernel.h"
#include "common/bytes.h"

struct sensor;

/* What the engine says of them, whole in one or more messages. */
struct sensor_services {
	struct kernel_dest *dests; /* own */
	size_t count;
	uint64_t shut;
	uint64_t rehearse;
};

/* Drops what it has; usable afterwards. */
void sensor_services_clear(struct sensor_services *services);
/* Adds one message's worth. 1: it was the last one; 0; -EBADMSG, -ENOMEM. */
int sensor_services_add(struct sensor_services *services, struct bytes_reader *payload);

/* Messages that belong to the policy that is coming, or else change the one in force. */
void services_on_message(struct sensor *sensor, struct bytes_reader *payload);
void services_on_shut(struct sensor *sensor, struct bytes_reader *payload);

#endif
