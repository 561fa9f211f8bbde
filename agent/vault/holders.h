/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes hold files of a folder: open, mapped, as their directory or root. For root: proc(5). */
#ifndef HOLDFAST_AGENT_VAULT_HOLDERS_H
#define HOLDFAST_AGENT_VAULT_HOLDERS_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#define HOLDERS_MAX 64 /* told of at a time */

struct holder {
	pid_t process;
	char program[64]; /* its name, as it says itself */
	char path[PATH_MAX];
	unsigned int more; /* further files of that process */
};

/*
 * Those that hold anything at or below an absolute path, or with NULL on the device, each process once, this
 * one left out. By the
 * names that the kernel has for what is open, and by device, so that a place seen from another mount
 * namespace counts as well. How many, at most HOLDERS_MAX; negative errno.
 */
int holders_find(const char *path, dev_t device, struct holder ret_holders[HOLDERS_MAX]);

#endif
