/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks newly labelled directories for what a label does not reach by itself: files with another
 * name elsewhere (hard links) and file systems mounted inside. In slices, so that the loop goes on.
 */
#ifndef HOLDFAST_AGENT_SENSOR_TREE_H
#define HOLDFAST_AGENT_SENSOR_TREE_H

#include <stdbool.h>

#include "agent/sensor/sensor.h"

#define TREE_ROOT_MAX  1024 /* directories waiting for their walk */
#define TREE_DEPTH_MAX 128  /* directories open at a time */
#define TREE_SLICE_MAX 256  /* entries looked at before the loop goes on */

/* NULL without memory. */
struct tree *tree_new(void);
void tree_free(struct tree *tree);
/* Queues a walk of path with these labels. -ENOBUFS past TREE_ROOT_MAX. */
int tree_add(struct tree *tree, const char *path, uint64_t labels);
bool tree_is_busy(const struct tree *tree);
/* One slice. */
void tree_step(struct sensor *sensor);

#endif
