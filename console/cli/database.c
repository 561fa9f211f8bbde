/* SPDX-License-Identifier: Apache-2.0 */
/* The database as a command reaches it: where it is written down, and as the store's own user. */
#include "console/cli/database.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "common/privileges.h"
#include "console/cli/cli.h"
#include "console/store/location.h"

int database_location(char ret_location[LOCATION_SIZE])
{
	char directory[PATH_MAX];

	cli_path(directory, sizeof(directory), CLI_STORE_DIRECTORY, "");
	return location_read(directory, ret_location);
}

/* A database on a socket asks the kernel who comes: root is nobody to it. */
int database_open(enum store_access access, struct store **ret_store)
{
	char location[LOCATION_SIZE];
	uid_t uid;
	gid_t gid;
	bool is_root = geteuid() == 0;
	int r;

	r = database_location(location);
	if (r < 0)
		return r;
	if (!store_is_address(location))
		is_root = false; /* stays who it is */
	r = location_leave_home(location);
	if (r == 0 && is_root)
		r = privileges_find_user(CLI_STORE_USER, &uid, &gid);
	if (r == 0 && is_root && (setegid(gid) < 0 || seteuid(uid) < 0))
		r = -errno;
	if (r == 0)
		r = store_open(location, access, ret_store);
	if (is_root && (seteuid(0) < 0 || setegid(0) < 0) && r == 0)
		r = -errno;
	return r;
}
