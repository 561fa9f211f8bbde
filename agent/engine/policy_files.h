/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy from the file system, compiled, with everything that was read kept: the bytes can be
 * stored as one file and compiled again without their origin. Used by the engine and by
 * `holdfast policy`.
 */
#ifndef HOLDFAST_AGENT_ENGINE_POLICY_FILES_H
#define HOLDFAST_AGENT_ENGINE_POLICY_FILES_H

#include "common/cleanup.h"
#include "policy/compile.h"

#define POLICY_FILES_MAX   512	      /* files and include patterns of one policy */
#define POLICY_ARCHIVE_MAX (32 << 20) /* bytes of a stored policy */
#define POLICY_GROUP_MAX   65536      /* users of one group */

struct policy_files;

struct policy_files *policy_files_new(void);
void policy_files_free(struct policy_files *files);
CLEANUP_DEFINE(struct policy_files, policy_files_free)

/* Reads from the file system and keeps what it read. */
void policy_files_source(struct policy_files *files, struct policy_source *ret_source);
/* Path that the kept policy begins with; "" when nothing was read. Borrowed. */
const char *policy_files_root(const struct policy_files *files);

/* Writes all kept bytes to path, whole or not at all. 0 or negative errno. */
int policy_files_store(const struct policy_files *files, const char *path);
/* Reads them back; policy_files_source() then answers from memory. -EBADMSG. */
int policy_files_load(struct policy_files *files, const char *path);

/* For struct policy_compiler: users and groups of this machine. */
int policy_files_resolve_user(
	const char *name, bool is_group, uint32_t **ret_uids, size_t *ret_count, void *userdata);

#endif
