/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories in which applications are exempt from labels: found by the policy's patterns, told to
 * the kernel part, and followed as they come and go.
 */
#ifndef HOLDFAST_AGENT_SENSOR_EXEMPTS_H
#define HOLDFAST_AGENT_SENSOR_EXEMPTS_H

#include "agent/sensor/sensor.h"

/* NULL without memory. */
struct exempts *exempts_new(void);
void exempts_free(struct exempts *exempts);
/* Nobody is exempt until exempts_apply(). */
void exempts_withdraw(struct sensor *sensor);
/* What the patterns of the policy in force stand for now. */
void exempts_apply(struct sensor *sensor);

#endif
