/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of the agent's processes. */
#ifndef HOLDFAST_AGENT_SUPERVISOR_DIRECTORY_H
#define HOLDFAST_AGENT_SUPERVISOR_DIRECTORY_H

#include <sys/types.h>

#include "agent/supervisor/children.h"

/*
 * Makes a directory for that user, or takes over one that is there and root's or its own. 0, -EPERM
 * when it is somebody else's, or negative errno.
 */
int directory_make(const char *path, mode_t mode, const struct child_user *owner);

#endif
