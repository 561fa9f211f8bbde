/* SPDX-License-Identifier: Apache-2.0 */
/* Users and groups of this machine, for struct policy_compiler. */
#ifndef HOLDFAST_POLICY_HOST_POLICY_USERS_H
#define HOLDFAST_POLICY_HOST_POLICY_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_GROUP_MAX 65536 /* users of one group */

/* As struct policy_compiler's resolve_user. -ENOENT, -E2BIG, -ENOMEM. */
int policy_users_resolve(
	const char *name, bool is_group, uint32_t **ret_uids, size_t *ret_count, void *userdata);

#endif
