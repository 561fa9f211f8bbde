/* SPDX-License-Identifier: Apache-2.0 */
/* Paths that the policy labels: found, marked, kept marked when they come later, unmarked when the
 * policy lets go of them. */
#ifndef HOLDFAST_AGENT_SENSOR_PLACES_H
#define HOLDFAST_AGENT_SENSOR_PLACES_H

#include "agent/sensor/sensor.h"

#define PLACES_MAX 65536 /* paths marked by one policy */

/* NULL without memory. */
struct places *places_new(void);
void places_free(struct places *places);
/* Marks what policy's patterns stand for now. */
void places_apply(struct sensor *sensor, const struct sensor_policy *policy);
/* Something changed on disk: the same again for the policy in force. */
void places_again(struct sensor *sensor);
/* Takes the policy's marks from paths that the policy in force no longer names. */
void places_retire(struct sensor *sensor);
/* The same for one path that a policy before this process named. */
void places_retire_path(struct sensor *sensor, const char *path, uint64_t labels);

#endif
