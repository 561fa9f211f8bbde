/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/admin_names.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
	uid_t uid;
	char name[64];
} names[ADMIN_NAMES_MAX];
static size_t count;

static void add(const struct passwd *user)
{
	if (!user || count == ADMIN_NAMES_MAX)
		return;
	names[count].uid = user->pw_uid;
	(void)snprintf(names[count].name, sizeof(names[count].name), "%s", user->pw_name);
	count++;
}

void admin_names_load(gid_t gid)
{
	struct group *group = gid == (gid_t)-1 ? NULL : getgrgid(gid);

	count = 0;
	add(getpwuid(0));
	if (geteuid() != 0)
		add(getpwuid(geteuid()));
	for (char **member = group ? group->gr_mem : NULL; member && *member; member++)
		add(getpwnam(*member));
}

void admin_name(uid_t uid, char *ret_text, size_t size)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].uid == uid) {
			(void)snprintf(
				ret_text, size, "%s (uid %u)", names[i].name, (unsigned int)uid);
			return;
		}
	(void)snprintf(ret_text, size, "uid %u", (unsigned int)uid);
}
