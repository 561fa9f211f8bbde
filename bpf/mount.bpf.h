/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Mounting below a labelled directory would end the walk upwards at the new file system's root,
 * so it is refused; and loop devices that a labelled reader would write through.
 */
#ifndef HOLDFAST_BPF_MOUNT_H
#define HOLDFAST_BPF_MOUNT_H

#include "guard_file.bpf.h"
#include "taint.bpf.h"

static __noinline int mount_at(struct dentry *dentry, struct vfsmount *mnt)
{
	struct act act = {
		.channel = HF_CHANNEL_MOUNT,
		.operation = HF_OPERATION_MOUNT,
		.dentry = dentry,
		.mnt = mnt,
	};

	act.labels = labels_of(dentry, dentry->d_inode, &act.reason);
	if (!act.labels || is_agent())
		return 0;
	return judge(&act);
}

SEC("lsm/sb_mount")
int BPF_PROG(hf_sb_mount, const char *dev_name, const struct path *path, const char *type,
	unsigned long flags, void *data, int ret)
{
	if (ret)
		return ret;
	if (guard_mount(path, flags))
		return -EPERM;
	if (flags & (MS_REMOUNT | MS_PROPAGATION))
		return 0;
	return mount_at(path->dentry, path->mnt);
}

SEC("lsm/move_mount")
int BPF_PROG(hf_move_mount, const struct path *from_path, const struct path *to_path, int ret)
{
	if (ret)
		return ret;
	if (guard_uncover(from_path->mnt, HF_OPERATION_MOUNT) ||
		guard_cover(to_path->dentry, to_path->mnt))
		return -EPERM;
	return mount_at(to_path->dentry, to_path->mnt);
}

#endif
