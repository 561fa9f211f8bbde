/* SPDX-License-Identifier: Apache-2.0 */
/* By the name service: files, or whatever the machine has beside them. */
#include "policy/host/policy_users.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "common/cleanup.h"

static int uid_add(uint32_t **uids, size_t *count, uint32_t uid)
{
	uint32_t *larger;

	for (size_t i = 0; i < *count; i++)
		if ((*uids)[i] == uid)
			return 0;
	if (*count == POLICY_GROUP_MAX)
		return -E2BIG;
	larger = reallocarray(*uids, *count + 1, sizeof(**uids));
	if (!larger)
		return -ENOMEM;
	larger[(*count)++] = uid;
	*uids = larger;
	return 0;
}

/* Members by list, and those whose own group it is. */
static int resolve_group(const char *name, uint32_t **ret_uids, size_t *ret_count)
{
	struct group *group = getgrnam(name);
	auto_free uint32_t *uids = NULL;
	size_t count = 0;
	gid_t gid;
	int r = 0;

	if (!group)
		return -ENOENT;
	gid = group->gr_gid;
	for (char **member = group->gr_mem; *member && r == 0; member++) {
		struct passwd *user = getpwnam(*member);

		if (user)
			r = uid_add(&uids, &count, user->pw_uid);
	}
	setpwent();
	for (struct passwd *user; r == 0 && (user = getpwent());)
		if (user->pw_gid == gid)
			r = uid_add(&uids, &count, user->pw_uid);
	endpwent();
	if (r < 0)
		return r;
	*ret_uids = take_ptr(uids);
	*ret_count = count;
	return 0;
}

int policy_users_resolve(
	const char *name, bool is_group, uint32_t **ret_uids, size_t *ret_count, void *userdata)
{
	struct passwd *user;
	uint32_t *uids = NULL;
	size_t count = 0;
	int r;

	(void)userdata; /* the machine's own user database */
	if (is_group)
		return resolve_group(name, ret_uids, ret_count);
	user = getpwnam(name);
	if (!user)
		return -ENOENT;
	r = uid_add(&uids, &count, user->pw_uid);
	if (r < 0)
		return r;
	*ret_uids = uids;
	*ret_count = count;
	return 0;
}
