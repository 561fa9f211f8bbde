/* SPDX-License-Identifier: Apache-2.0 */
/* proc_pid_mountinfo(5). Whatever type nobody here knows is as its device. */
#include "agent/sensor/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct type {
	const char *name;
	enum mount_kind kind;
};

static const struct type types[] = {
	{"nfs", MOUNT_NETSHARE},
	{"nfs4", MOUNT_NETSHARE},
	{"cifs", MOUNT_NETSHARE},
	{"smb3", MOUNT_NETSHARE},
	{"smbfs", MOUNT_NETSHARE},
	{"9p", MOUNT_NETSHARE},
	{"ceph", MOUNT_NETSHARE},
	{"afs", MOUNT_NETSHARE},
	{"coda", MOUNT_NETSHARE},
	{"fuse", MOUNT_NETSHARE},
	{"gfs2", MOUNT_NETSHARE},
	{"ocfs2", MOUNT_NETSHARE},
	{"lustre", MOUNT_NETSHARE},
	{"orangefs", MOUNT_NETSHARE},
	{"vboxsf", MOUNT_NETSHARE},
	{"virtiofs", MOUNT_NETSHARE},
	{"glusterfs", MOUNT_NETSHARE},
	{"beegfs", MOUNT_NETSHARE},
	{"tmpfs", MOUNT_LOCAL},
	{"ramfs", MOUNT_LOCAL},
	{"devtmpfs", MOUNT_LOCAL},
	{"hugetlbfs", MOUNT_LOCAL},
	{"overlay", MOUNT_LOCAL},
	{"rootfs", MOUNT_LOCAL},
	{"ecryptfs", MOUNT_LOCAL},
	{"aufs", MOUNT_LOCAL},
	{"zfs", MOUNT_LOCAL},
	{"proc", MOUNT_PSEUDO},
	{"sysfs", MOUNT_PSEUDO},
	{"cgroup", MOUNT_PSEUDO},
	{"cgroup2", MOUNT_PSEUDO},
	{"devpts", MOUNT_PSEUDO},
	{"mqueue", MOUNT_PSEUDO},
	{"securityfs", MOUNT_PSEUDO},
	{"debugfs", MOUNT_PSEUDO},
	{"tracefs", MOUNT_PSEUDO},
	{"bpf", MOUNT_PSEUDO},
	{"pstore", MOUNT_PSEUDO},
	{"efivarfs", MOUNT_PSEUDO},
	{"configfs", MOUNT_PSEUDO},
	{"fusectl", MOUNT_PSEUDO},
	{"binfmt_misc", MOUNT_PSEUDO},
	{"autofs", MOUNT_PSEUDO},
	{"nsfs", MOUNT_PSEUDO},
	{"rpc_pipefs", MOUNT_PSEUDO},
	{"selinuxfs", MOUNT_PSEUDO},
};

enum mount_kind mounts_kind(const char *type)
{
	if (!strncmp(type, "fuse.", 5)) /* fuseblk has a device */
		return MOUNT_NETSHARE;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].name, type))
			return types[i].kind;
	return MOUNT_DEVICE;
}

/* "\040" and its like back to bytes. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
			from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

int mounts_parse(const char *line, struct mount_entry *ret_entry)
{
	unsigned int device_major, device_minor;
	struct mount_entry entry;
	const char *rest;

	/* widths: the arrays' sizes less one */
	if (sscanf(line, "%*d %*d %u:%u %4095s %4095s", &device_major, &device_minor, entry.root,
		    entry.point) != 4)
		return -EBADMSG;
	rest = strstr(line, " - ");
	if (!rest || sscanf(rest, " - %63s %4095s", entry.type, entry.source) != 2)
		return -EBADMSG;
	if (device_major > 0xfff || device_minor > 0xfffff)
		return -EBADMSG;
	entry.dev = device_major << 20 | device_minor;
	unescape(entry.root);
	unescape(entry.point);
	unescape(entry.source);
	*ret_entry = entry;
	return 0;
}
