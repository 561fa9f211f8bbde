/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The agent guards itself, against root too: who the agent is, which inodes are its own, and what
 * becomes of an attempt. An attempt is refused, recorded or let be as the gates say for its kind;
 * the maintenance door opens all that is about the agent itself for a while.
 */
#ifndef HOLDFAST_BPF_GUARD_H
#define HOLDFAST_BPF_GUARD_H

#include "guard_maps.bpf.h"
#include "judge.bpf.h"

#define HF_MOUNTS_UP 8 /* mounts between a guarded file and the root */

static __always_inline __u8 guard_action(__u32 protection)
{
	struct hf_gates *gates = bpf_map_lookup_elem(&hf_gates, &slot_zero);

	return gates ? gates->protect[protection & (HF_PROTECTION_MAX - 1)] : HF_VERDICT_ALLOW;
}

/* The first test of most guards: on a machine that does not guard itself it is the whole cost. */
static __always_inline bool guard_is_on(void)
{
	return guard_action(HF_PROTECTION_SELF) != HF_VERDICT_ALLOW;
}

static __always_inline bool door_is_open(__u32 acts)
{
	struct hf_door *door = bpf_map_lookup_elem(&hf_door, &slot_zero);

	return door && (door->acts & acts) && door->until_ktime_ns > bpf_ktime_get_boot_ns();
}

/* Start times are never 0: that is a child of the agent's which became something else. */
#define HF_FOREIGN 0

static __always_inline bool guard_knows(struct task_struct *task)
{
	__u32 tgid = kernel_read(task, tgid);
	__u64 *start = bpf_map_lookup_elem(&hf_guard_tasks, &tgid);

	return start && *start == kernel_read(task, group_leader, start_boottime);
}

/* One of the agent's processes: known itself, or a child that has yet to become what it will be. */
static __noinline bool is_guarded(struct task_struct *task)
{
	__u32 tgid = kernel_read(task, tgid);
	__u64 *start = bpf_map_lookup_elem(&hf_guard_tasks, &tgid);

	if (start)
		return *start == kernel_read(task, group_leader, start_boottime);
	return guard_knows(kernel_read(task, real_parent));
}

static __noinline bool is_agents_own(void)
{
	return is_guarded(current_task());
}

/* Takes the verdict and records it. 0 or -EPERM. No frame of its own: there are eight in all. */
static __always_inline int guard_judge(struct act *act, __u32 protection)
{
	act->verdict = guard_action(protection);
	if (act->verdict == HF_VERDICT_ALLOW)
		return 0;
	count(HF_COUNTER_GUARD);
	report(act, HF_RECORD_GUARD);
	return act->verdict == HF_VERDICT_BLOCK ? -EPERM : 0;
}

/* The agent itself, or while the door stands open for it. */
static __always_inline bool guard_lets(const struct act *act)
{
	__u32 acts = HF_DOOR_UPGRADE | HF_DOOR_REMOVE;

	if (act->operation == HF_OPERATION_SIGNAL)
		acts |= HF_DOOR_STOP;
	return is_agents_own() || door_is_open(acts);
}

/* Somebody reaches for what is the agent's own. */
static __noinline int guard_self(struct act *act)
{
	return guard_lets(act) ? 0 : guard_judge(act, HF_PROTECTION_SELF);
}

/* What can't be refused without doing harm: it is recorded. */
static __noinline void guard_note(struct act *act)
{
	if (!guard_is_on() || guard_lets(act))
		return;
	act->verdict = HF_VERDICT_AUDIT;
	count(HF_COUNTER_GUARD);
	report(act, HF_RECORD_GUARD);
}

/* Brings the inode's own mark from the index into its cache entry, once a generation. */
static __always_inline void inode_load(struct inode *inode, struct hf_inode *entry)
{
	struct hf_inode_key key;
	struct hf_mark *mark;

	inode_key(inode, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	entry->own = mark ? mark->labels : 0;
	entry->mark_flags = (mark ? mark->flags : 0) | HF_INODE_LOADED;
	entry->app = mark ? mark->app : HF_APP_UNKNOWN;
}

/*
 * HF_MARK_GUARD flags of an inode, from its cache entry. Directories get one here, as what is in
 * them is asked for again and again; a file that is removed unopened is not worth it.
 */
static __noinline __u32 guard_flags(struct inode *inode)
{
	bool is_directory = (inode->i_mode & S_IFMT) == S_IFDIR;
	struct hf_inode *entry = bpf_inode_storage_get(
		&hf_inodes, inode, NULL, is_directory ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	struct hf_inode_key key;
	struct hf_mark *mark;

	if (entry && !(entry->mark_flags & HF_INODE_LOADED))
		inode_load(inode, entry);
	if (entry)
		return entry->mark_flags;
	inode_key(inode, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	return mark ? mark->flags : 0;
}

/* Files made in a guarded directory are guarded without a mark of their own. */
static __always_inline __u32 guard_inherited(struct dentry *dentry)
{
	struct dentry *parent = dentry->d_parent;

	if (parent == dentry || !guard_is_on())
		return 0;
	return guard_flags(parent->d_inode) & HF_MARK_GUARDED;
}

static __always_inline bool is_guarded_disk(__u32 dev)
{
	struct hf_guarded *guarded = bpf_map_lookup_elem(&hf_guarded, &slot_zero);

	if (!guarded || !dev)
		return false;
	for (__u32 i = 0; i < HF_GUARD_DISKS; i++)
		if (i < guarded->disk_count && guarded->disks[i] == dev)
			return true;
	return false;
}

static __always_inline void guard_disk(struct hf_guarded *guarded, __u32 dev)
{
	__u32 at = guarded->disk_count;

	if (!dev || is_guarded_disk(dev))
		return;
	if (at >= HF_GUARD_DISKS) {
		count(HF_COUNTER_GUARD_FULL);
		return;
	}
	guarded->disks[at] = dev;
	guarded->disk_count = at + 1;
}

static __always_inline void guard_mounts(struct vfsmount *mnt)
{
	struct mount *mount = (void *)((__u64)mnt - bpf_core_field_offset(struct mount, mnt));
	__u32 one = 1;

	for (__u32 i = 0; i < HF_MOUNTS_UP; i++) {
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);
		__u32 id = BPF_CORE_READ(mount, mnt_id);

		if (bpf_map_update_elem(&hf_guard_mounts, &id, &one, BPF_ANY))
			count(HF_COUNTER_GUARD_FULL);
		if (above == mount)
			return;
		mount = above;
	}
}

/* The disk, and the whole of which it is a part, that a guarded file is on; and its mounts. */
static __noinline void guard_learn(struct file *file)
{
	struct hf_guarded *guarded = bpf_map_lookup_elem(&hf_guarded, &slot_zero);
	struct block_device *device = file->f_inode->i_sb->s_bdev;

	if (guarded && device) {
		guard_disk(guarded, BPF_CORE_READ(device, bd_dev));
		if (bpf_core_field_exists(((struct gendisk *)0)->part0))
			guard_disk(guarded, BPF_CORE_READ(device, bd_disk, part0, bd_dev));
	}
	guard_mounts(file->f_path.mnt);
}

#endif
