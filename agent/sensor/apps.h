/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applications: which inode is which program. An executable is trusted when it is a regular file
 * of root, and it and every directory above it can be changed by root alone.
 */
#ifndef HOLDFAST_AGENT_SENSOR_APPS_H
#define HOLDFAST_AGENT_SENSOR_APPS_H

#include "agent/sensor/sensor.h"

#define APPS_MAX 8192 /* verified executables */

/* NULL without memory. */
struct apps *apps_new(void);
void apps_free(struct apps *apps);
/* Takes identities away that policy, which is about to come, does not give to the same path. */
void apps_withdraw(struct sensor *sensor, const struct sensor_policy *policy);
/* Verifies what the policy in force names and gives identities; also when something changed. */
void apps_apply(struct sensor *sensor);

#endif
