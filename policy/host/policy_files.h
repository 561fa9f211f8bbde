/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy from the file system, compiled, with everything that was read kept: the bytes can be
 * packed, and compiled again without their origin. Used by the engine, by `holdfast policy`, and by
 * whoever signs a policy (policy/bundle.h).
 */
#ifndef HOLDFAST_POLICY_HOST_POLICY_FILES_H
#define HOLDFAST_POLICY_HOST_POLICY_FILES_H

#include "common/cleanup.h"
#include "policy/compile.h"

#define POLICY_FILES_MAX   512	      /* files and include patterns of one policy */
#define POLICY_ARCHIVE_MAX (32 << 20) /* bytes of a stored policy */

struct policy_files;

struct policy_files *policy_files_new(void);
void policy_files_free(struct policy_files *files);
CLEANUP_DEFINE(struct policy_files, policy_files_free)

/* Reads from the file system and keeps what it read. */
void policy_files_source(struct policy_files *files, struct policy_source *ret_source);
/* Path that the kept policy begins with; "" when nothing was read. Borrowed. */
const char *policy_files_root(const struct policy_files *files);

/* One kept file; all borrowed. */
struct policy_file {
	const char *name;
	const char *text; /* NUL-terminated */
	size_t size;
};
/* From *at on, which begins at 0; false when there are no more files. */
bool policy_files_next(const struct policy_files *files, size_t *at, struct policy_file *ret_file);

/* All kept bytes in one piece, which the caller frees. 0, -EFBIG, -ENOMEM. */
int policy_files_pack(const struct policy_files *files, uint8_t **ret_bytes, size_t *ret_size);
/* Takes such a piece; policy_files_source() then answers from memory. -EBADMSG, -ENOMEM. */
int policy_files_unpack(struct policy_files *files, const void *bytes, size_t size);

/* The same by a file, which is written whole or not at all. 0 or negative errno. */
int policy_files_store(const struct policy_files *files, const char *path);
int policy_files_load(struct policy_files *files, const char *path);

#endif
