/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of those who may administer, looked up before the sandbox, which has no user database. Who
 * joins the group later goes by number until the next start.
 */
#ifndef HOLDFAST_CONSOLE_STORE_ADMIN_NAMES_H
#define HOLDFAST_CONSOLE_STORE_ADMIN_NAMES_H

#include <stddef.h>
#include <sys/types.h>

#define ADMIN_NAMES_MAX 256 /* members of the group; more go by number */

/* group: (gid_t)-1 = none beside root and the process's own user. */
void admin_names_load(gid_t group);
/* "anna (uid 1000)", "uid 1000" when there is no name; cut. */
void admin_name(uid_t uid, char *ret_text, size_t size);

#endif
