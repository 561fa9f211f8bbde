/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files and directories are the agent's own and guarded by the kernel part: its executables,
 * state, log, key, pins, unit files, maintenance key, control group; and the ways to them.
 */
#ifndef HOLDFAST_AGENT_SENSOR_GUARD_H
#define HOLDFAST_AGENT_SENSOR_GUARD_H

#include "agent/sensor/kernel.h"
#include "common/cleanup.h"

#define GUARD_PATH_MAX 160

struct guard;

struct guard_places {
	const char *state_directory;
	const char *log_directory;
	const char *runtime_directory;
	const char *keyring_directory;
	const char *uplink_directory;
	const char *verify_directory;
	const char *policy_file; /* not guarded itself: administrators edit it */
	const char *key_file;
	const char *pin_directory;
};

/* As root, before the sandbox: finds out what there is. NULL without memory. */
struct guard *guard_new(const struct guard_places *places);
/* Accepts NULL. What is guarded stays so. */
void guard_free(struct guard *guard);
CLEANUP_DEFINE(struct guard, guard_free)

/*
 * Whose files (common/browser.h) are the agent's, 1 << enum browser: from the next guard_apply() on. They
 * are guarded where they lie at the time; what takes their place is to be said again.
 */
void guard_set_browsers(struct guard *guard, unsigned int browsers);

/*
 * Guards what is at those places now. Called at start, and when a maintenance door shuts, as what
 * was put there meanwhile is the agent then. 0, or the first negative errno of one that is there
 * but could not be guarded; ret_path says which (borrowed).
 */
int guard_apply(struct guard *guard, struct kernel *kernel, const char **ret_path);

#endif
