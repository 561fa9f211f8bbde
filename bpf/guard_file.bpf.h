/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Guards of the agent's files, directories, pins and of the ways to them: called by the hooks on
 * files, names and mounts, and hooks of its own where those have none.
 */
#ifndef HOLDFAST_BPF_GUARD_FILE_H
#define HOLDFAST_BPF_GUARD_FILE_H

#include "guard_process.bpf.h"

/* An inode itself is about to be changed, moved or taken away. */
static __noinline int guard_object(struct inode *inode, struct dentry *dentry, __u8 operation)
{
	struct act act = {.operation = operation, .dentry = dentry};
	__u32 wanted = HF_MARK_GUARDED;

	if (!guard_is_on())
		return 0;
	if (operation == HF_OPERATION_RENAME || operation == HF_OPERATION_UNLINK)
		wanted |= HF_MARK_ABOVE;
	if (!((guard_flags(inode) | guard_inherited(dentry)) & wanted) || is_managers_group(inode))
		return 0;
	return guard_self(&act);
}

#define HF_KEY_NAME_AT 12 /* "maintenance." */

/*
 * "holdfast..." and "maintenance.pub...", in directories that are not ours alone. Not
 * maintenance.token, which is to be put there.
 */
static __always_inline bool is_our_name(struct dentry *dentry)
{
	__u64 name = name_begin(&dentry->d_name);
	char what = 0;

	if (name != NAME6('m', 'a', 'i', 'n', 't', 'e'))
		return name == NAME6('h', 'o', 'l', 'd', 'f', 'a');
	bpf_probe_read_kernel(
		&what, sizeof(what), BPF_CORE_READ(dentry, d_name.name) + HF_KEY_NAME_AT);
	return what != 't';
}

/* Who runs the agent's programs is not yet who may end enforcement. */
static __noinline int guard_pins(struct act *act)
{
	if (is_agent() || door_is_open(HF_DOOR_REMOVE))
		return 0;
	return guard_judge(act, HF_PROTECTION_SELF);
}

/* A name in a directory is about to be made or to go. */
static __noinline int guard_name(struct inode *directory, struct dentry *dentry, __u8 operation)
{
	struct act act = {.operation = operation, .dentry = dentry};
	__u32 flags;

	if (!guard_is_on())
		return 0;
	flags = guard_flags(directory);
	if (!(flags & (HF_MARK_GUARDED | HF_MARK_NAMES)))
		return 0;
	if (!(flags & HF_MARK_GUARDED) && !is_our_name(dentry))
		return 0;
	if ((flags & HF_MARK_PINS) && operation == HF_OPERATION_UNLINK)
		return guard_pins(&act);
	return guard_self(&act);
}

/* What a rename would replace: perhaps nothing, so it is known by its key only. */
static __noinline int guard_replaced(struct dentry *dentry)
{
	struct act act = {.operation = HF_OPERATION_RENAME, .dentry = dentry};
	struct hf_inode_key key;
	struct hf_mark *mark;

	if (!guard_is_on())
		return 0;
	dentry_key(dentry, &key);
	mark = key.ino ? bpf_map_lookup_elem(&hf_index, &key) : NULL;
	if (!mark || !(mark->flags & (HF_MARK_GUARDED | HF_MARK_ABOVE)))
		return 0;
	return guard_self(&act);
}

/* A regular file was opened for writing. entry_flags: of its cache entry, which is at hand. */
static __noinline int guard_open(struct file *file, __u32 entry_flags)
{
	struct act act = {
		.operation = HF_OPERATION_WRITE,
		.dentry = file->f_path.dentry,
		.mnt = file->f_path.mnt,
	};

	if (!guard_is_on())
		return 0;
	switch (file->f_inode->i_sb->s_magic) {
	case PROC_SUPER_MAGIC:
		return guard_open_proc(file, file->f_inode);
	case CGROUP2_SUPER_MAGIC:
		return guard_open_cgroup(file);
	case TRACEFS_MAGIC:
	case DEBUGFS_MAGIC:
		act.operation = HF_OPERATION_TRACING;
		return is_agents_own() ? 0 : guard_judge(&act, HF_PROTECTION_TRACING);
	default:
		return entry_flags & HF_MARK_GUARDED ? guard_self(&act) : 0;
	}
}

/* Attribute flags (immutable) would stop the agent; a file system brought to a halt does as well,
 * but that is how snapshots of whole machines are made. */
static __noinline int guard_ioctl(struct file *file, unsigned int cmd)
{
	struct act act = {
		.operation = HF_OPERATION_FREEZE,
		.dentry = file->f_path.dentry,
		.mnt = file->f_path.mnt,
	};

	switch (cmd) {
	case FS_IOC_SETFLAGS:
	case FS_IOC32_SETFLAGS:
	case FS_IOC_FSSETXATTR:
		return guard_object(file->f_inode, act.dentry, HF_OPERATION_ATTRIBUTE);
	case FIFREEZE:
	case EXT4_IOC_SHUTDOWN:
		if (is_guarded_disk(file->f_inode->i_sb->s_dev))
			guard_note(&act);
	}
	return 0;
}

static __noinline int guard_path(const struct path *path, __u8 operation)
{
	return guard_object(path->dentry->d_inode, path->dentry, operation);
}

SEC("lsm/path_chmod")
int BPF_PROG(hf_guard_chmod, const struct path *path, unsigned short mode, int ret)
{
	return ret ? ret : guard_path(path, HF_OPERATION_ATTRIBUTE);
}

#ifndef HF_BASELINE
SEC("lsm/path_chown")
int BPF_PROG(hf_guard_chown, const struct path *path, __u64 uid, __u64 gid, int ret)
{
	return ret ? ret : guard_path(path, HF_OPERATION_ATTRIBUTE);
}
#else /* 5.10 attaches to no function that is passed a structure; this one is told of times too */
SEC("lsm/inode_setattr")
int BPF_PROG(hf_guard_chown, struct dentry *dentry, const void *attributes, int ret)
{
	return ret ? ret : guard_object(dentry->d_inode, dentry, HF_OPERATION_ATTRIBUTE);
}
#endif

SEC("lsm/path_truncate")
int BPF_PROG(hf_guard_truncate, const struct path *path, int ret)
{
	return ret ? ret : guard_path(path, HF_OPERATION_ATTRIBUTE);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(hf_guard_rmdir, struct inode *directory, struct dentry *dentry, int ret)
{
	if (ret)
		return ret;
	if (guard_name(directory, dentry, HF_OPERATION_UNLINK))
		return -EPERM;
	return guard_object(dentry->d_inode, dentry, HF_OPERATION_UNLINK);
}

/* Marks on files are the agent's to write, on any file. */
static __noinline int guard_attribute(struct dentry *dentry, const char *name)
{
	struct act act = {.operation = HF_OPERATION_ATTRIBUTE, .dentry = dentry};
	char mark[] = "security.bpf.holdfast", given[sizeof(mark)] = "";
	bool is_mark = true;

	if (!guard_is_on())
		return 0;
	bpf_probe_read_kernel_str(given, sizeof(given), name);
	for (__u32 i = 0; i < sizeof(mark); i++)
		is_mark = is_mark && given[i] == mark[i];
	if (is_mark)
		return guard_self(&act);
	return guard_object(dentry->d_inode, dentry, HF_OPERATION_ATTRIBUTE);
}

#ifndef HF_BASELINE
SEC("lsm/inode_removexattr")
int BPF_PROG(hf_guard_removexattr, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	return ret ? ret : guard_attribute(dentry, name);
}
#endif

/* In the agent's own mount namespace, or in one from which mounts come through to it. */
static __always_inline bool is_seen_by_agent(struct vfsmount *mnt)
{
	struct hf_guarded *guarded = bpf_map_lookup_elem(&hf_guarded, &slot_zero);

	return guarded && (guarded->mount_ns == mount_namespace() || (mnt->mnt_flags & MNT_SHARED));
}

/* Something is about to be mounted over a place. */
static __noinline int guard_cover(struct dentry *dentry, struct vfsmount *mnt)
{
	struct act act = {.operation = HF_OPERATION_MOUNT, .dentry = dentry, .mnt = mnt};

	if (!guard_is_on() || !is_seen_by_agent(mnt))
		return 0;
	if (!(guard_flags(dentry->d_inode) & (HF_MARK_GUARDED | HF_MARK_ABOVE)))
		return 0;
	return guard_self(&act);
}

/* A mount that leads to guarded files is about to go from its place. */
static __noinline int guard_uncover(struct vfsmount *mnt, __u8 operation)
{
	struct mount *mount = (void *)((__u64)mnt - bpf_core_field_offset(struct mount, mnt));
	__u32 id = BPF_CORE_READ(mount, mnt_id);
	struct act act = {.operation = operation, .dentry = mnt->mnt_root, .mnt = mnt};

	if (!guard_is_on() || !bpf_map_lookup_elem(&hf_guard_mounts, &id))
		return 0;
	if (is_service_manager()) {
		guard_note(&act);
		return 0;
	}
	return guard_self(&act);
}

/* What mount(2) would move comes as a mere text: it is refused where the agent would see it. */
static __noinline int guard_mount(const struct path *path, unsigned long flags)
{
	struct act act = {
		.operation = HF_OPERATION_MOUNT, .dentry = path->dentry, .mnt = path->mnt};
	struct mount *mount = (void *)((__u64)path->mnt - bpf_core_field_offset(struct mount, mnt));
	__u32 id = BPF_CORE_READ(mount, mnt_id);

	if (!guard_is_on())
		return 0;
	if (flags & MS_REMOUNT) {
		act.operation = HF_OPERATION_FREEZE;
		if (bpf_map_lookup_elem(&hf_guard_mounts, &id))
			guard_note(&act);
		return 0;
	}
	if (flags & MS_PROPAGATION)
		return 0;
	if ((flags & MS_MOVE) && is_seen_by_agent(path->mnt))
		return guard_self(&act);
	return guard_cover(path->dentry, path->mnt);
}

SEC("lsm/sb_umount")
int BPF_PROG(hf_guard_umount, struct vfsmount *mnt, int flags, int ret)
{
	return ret ? ret : guard_uncover(mnt, HF_OPERATION_UNMOUNT);
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(hf_guard_pivotroot, const struct path *old_path, const struct path *new_path, int ret)
{
	struct act act = {
		.operation = HF_OPERATION_MOUNT, .dentry = new_path->dentry, .mnt = new_path->mnt};

	if (ret)
		return ret;
	if (!guard_is_on() || !is_seen_by_agent(new_path->mnt) || is_service_manager())
		return 0;
	return guard_self(&act);
}

#endif
