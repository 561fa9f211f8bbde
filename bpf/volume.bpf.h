/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which channel a file system is: local, removable or network share. The sensor classifies block
 * devices from udev before anything can be mounted from them; what it has not classified is told
 * from its magic number, and a block device nobody knows counts as removable.
 */
#ifndef HOLDFAST_BPF_VOLUME_H
#define HOLDFAST_BPF_VOLUME_H

#include "label.bpf.h"

/* Kernel interfaces, not storage: nothing written there leaves the machine as a file. */
static __always_inline bool is_pseudo(struct super_block *sb)
{
	switch (sb->s_magic) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case SECURITYFS_MAGIC:
	case TRACEFS_MAGIC:
	case DEBUGFS_MAGIC:
	case BPF_FS_MAGIC:
	case SELINUX_MAGIC:
	case EFIVARFS_MAGIC:
	case CONFIGFS_MAGIC:
	case MQUEUE_MAGIC:
		return true;
	default:
		/* memfd and SysV shared memory travel between processes: the ipc channel's matter. */
		return sb->s_magic == TMPFS_MAGIC && (sb->s_flags & SB_KERNMOUNT);
	}
}

static __always_inline __u8 channel_by_magic(struct super_block *sb, __u8 *ret_reason)
{
	switch (sb->s_magic) {
	case NFS_SUPER_MAGIC:
	case CIFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
	case CEPH_SUPER_MAGIC:
	case V9FS_MAGIC:
	case FUSE_SUPER_MAGIC:
	case AFS_FS_MAGIC:
	case CODA_SUPER_MAGIC:
	case VBOXSF_SUPER_MAGIC:
		return HF_CHANNEL_NETSHARE;
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
	case OVERLAYFS_SUPER_MAGIC: /* judged again at the real file below */
	case HUGETLBFS_MAGIC:
	case BTRFS_SUPER_MAGIC: /* no s_bdev: the sensor's s_dev entry says when it is removable */
		return HF_CHANNEL_LOCAL_FILE;
	default:
		*ret_reason = HF_REASON_UNCLASSIFIED;
		return HF_CHANNEL_REMOVABLE;
	}
}

/* Fills act->channel, act->allow and act->reason for a write to this file system. */
static __always_inline void volume_channel(struct super_block *sb, struct act *act)
{
	__u32 dev = sb->s_dev;
	struct hf_volume *volume = bpf_map_lookup_elem(&hf_volumes, &dev);
	struct block_device *device = sb->s_bdev;

	if (!volume && device) {
		dev = device->bd_dev;
		volume = bpf_map_lookup_elem(&hf_volumes, &dev);
	}
	if (volume) {
		act->channel = volume->channel;
		act->allow = volume->allow;
		return;
	}
	act->channel = channel_by_magic(sb, &act->reason);
}

#endif
