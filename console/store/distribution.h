/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the published policies is a device's: the newest one above what it has whose groups it is
 * of (a policy without groups is for all) and whose percentage covers it. Versions on a device only go
 * up: when a percentage is lowered, a tag taken away, or a later policy is for others, a device keeps
 * what it has; what goes back is a rollback, which is a new version with earlier content.
 */
#ifndef HOLDFAST_CONSOLE_STORE_DISTRIBUTION_H
#define HOLDFAST_CONSOLE_STORE_DISTRIBUTION_H

#include "console/store/store.h"

#define DISTRIBUTION_LOOK 64 /* newest policies looked at for a device: among these is its own */
#define DISTRIBUTION_KEPT 4  /* bundles at hand as memory */

/*
 * Stable for a device and a version: who is covered by a percentage is by every higher one; another
 * version begins with other devices.
 */
bool distribution_covers(const uint8_t uid[CONSOLE_UID_SIZE], uint64_t version, uint32_t percent);
/* *ret_version: 0 when there is none. 0 or negative errno of the store. */
int distribution_find(struct store *store, int64_t device, const uint8_t uid[CONSOLE_UID_SIZE],
	uint64_t have, uint64_t *ret_version);

/* What a bundle says of itself, into version, name, digest, key, times and size. -EBADMSG. */
int distribution_read(const void *bytes, size_t size, struct store_policy *ret_policy);
/* Letters, digits, '.', '_' and '-'; not empty. */
bool distribution_is_tag(const char *text);

/* Bundles as sealed files in memory, for others to read. */
struct distribution_files {
	struct {
		uint64_t version; /* 0 = free */
		uint32_t size;
		int fd;
	} kept[DISTRIBUTION_KEPT];
	unsigned int next; /* to make room for another */
};

/* *ret_fd is borrowed until the next call. 0 or negative errno. */
int distribution_file(struct distribution_files *files, struct store *store, uint64_t version,
	int *ret_fd, uint32_t *ret_size);

#endif
