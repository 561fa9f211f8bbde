/* SPDX-License-Identifier: Apache-2.0 */
/* The engine asks who carries labels now. */
#ifndef HOLDFAST_AGENT_SENSOR_READERS_H
#define HOLDFAST_AGENT_SENSOR_READERS_H

#include "agent/sensor/sensor.h"

/* Sends MESSAGE_READERS; how many more there are goes into the answer. 0 or negative errno. */
int readers_tell(struct sensor *sensor, const struct message_request *request,
	struct message_answer *answer);

#endif
