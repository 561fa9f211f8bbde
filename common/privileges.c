/* SPDX-License-Identifier: Apache-2.0 */
/* See capabilities(7) for the order: keep, change ids, then set. */
#include "common/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int privileges_find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	struct passwd *entry;

	errno = 0;
	entry = getpwnam(name);
	if (!entry)
		return errno ? -errno : -ENOENT;
	*ret_uid = entry->pw_uid;
	*ret_gid = entry->pw_gid;
	return 0;
}

int privileges_find_group(const char *name, gid_t *ret_gid)
{
	struct group *entry;

	errno = 0;
	entry = getgrnam(name);
	if (!entry)
		return errno ? -errno : -ENOENT;
	*ret_gid = entry->gr_gid;
	return 0;
}

static int drop_bounding_set(void)
{
	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) < 0 && errno != EPERM)
			return -errno; /* EPERM: no CAP_SETPCAP, nothing to gain from the set either */
	return 0;
}

static int set_capabilities(const cap_value_t *keep, size_t keep_count)
{
	cap_t caps = cap_init();
	int r = 0;

	if (!caps)
		return -ENOMEM;
	if (keep_count &&
		(cap_set_flag(caps, CAP_PERMITTED, (int)keep_count, keep, CAP_SET) < 0 ||
			cap_set_flag(caps, CAP_EFFECTIVE, (int)keep_count, keep, CAP_SET) < 0))
		r = -errno;
	if (r == 0 && cap_set_proc(caps) < 0)
		r = -errno;
	(void)cap_free(caps); /* memory only */
	return r;
}

static int become(const struct privileges *wanted)
{
	bool has_group = wanted->group != (gid_t)-1;

	if (setgroups(has_group ? 1 : 0, &wanted->group) < 0)
		return -errno;
	if (setresgid(wanted->gid, wanted->gid, wanted->gid) < 0)
		return -errno;
	if (setresuid(wanted->uid, wanted->uid, wanted->uid) < 0)
		return -errno;
	return 0;
}

int privileges_drop(const struct privileges *wanted)
{
	const struct rlimit none = {0, 0};
	int r;

	if (geteuid() == 0) {
		r = drop_bounding_set();
		if (r < 0)
			return r;
		if (prctl(PR_SET_KEEPCAPS, wanted->keep_count ? 1 : 0) < 0)
			return -errno;
		r = become(wanted);
		if (r < 0)
			return r;
	}
	r = set_capabilities(wanted->keep, wanted->keep_count);
	if (r < 0)
		return r;
	/* After the change of ids, which sets dumpable to what fs.suid_dumpable says. */
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}
