/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving up: user, groups, capabilities, core dumps. Each process calls it once, before the first
 * outside byte.
 */
#ifndef HOLDFAST_COMMON_PRIVILEGES_H
#define HOLDFAST_COMMON_PRIVILEGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/capability.h>
#include <sys/types.h>

/* User and group id of a system user; -ENOENT when packaging did not create it. */
int privileges_find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid);
/* Id of a group; -ENOENT, with *ret_gid as it was. */
int privileges_find_group(const char *name, gid_t *ret_gid);

struct privileges {
	uid_t uid;
	gid_t gid;
	gid_t group; /* one more group; (gid_t)-1 = none */
	const cap_value_t *keep;
	size_t keep_count;
};

/*
 * Becomes that user and keeps only those capabilities; no new privileges by exec, no core dumps.
 * 0 or negative errno, in which case the process must stop.
 */
int privileges_drop(const struct privileges *wanted);

#endif
