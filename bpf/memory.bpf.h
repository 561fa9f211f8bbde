/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Memory that several processes map: stores into it have no hook. Processes that map the same
 * memory, one of them writably, form a group; a group is numbered, groups that meet become one,
 * and what one of the group has read, all of it have. exec leaves the group. Carriers join none:
 * a display server maps memory of every window.
 *
 * memfd, SysV and anonymous shared memory are files of a file system of the kernel's own, which
 * has no user-visible mount; what is written to them with write(2) lies in hf_places.
 */
#ifndef HOLDFAST_BPF_MEMORY_H
#define HOLDFAST_BPF_MEMORY_H

#include "carry.bpf.h"

static __always_inline bool is_memory_file(struct super_block *sb)
{
	return (sb->s_magic == TMPFS_MAGIC || sb->s_magic == HUGETLBFS_MAGIC) &&
	       (sb->s_flags & SB_KERNMOUNT);
}

static __always_inline int memory_write(struct inode *inode, __u64 taint)
{
	struct hf_inode_key key = {};

	inode_key(inode, &key);
	return place_put(&key, taint);
}

#ifndef HF_BASELINE

static __always_inline int memory_take(struct inode *inode)
{
	struct hf_inode_key key = {};

	inode_key(inode, &key);
	return place_take(&key, HF_HOP_SHARED_MEMORY);
}

static __always_inline int memory_read(struct inode *inode)
{
	return has_carried() && is_memory_file(inode->i_sb) ? memory_take(inode) : 0;
}

static __always_inline __u32 group_new(void)
{
	struct hf_state *state = state_get();
	__u32 group = 0;

	if (!state || number_take(&state->last_group, &group))
		return 0;
	return group + 1;
}

static __noinline struct hf_group *group_create(__u32 number)
{
	struct hf_group fresh = {};

	(void)bpf_map_update_elem(&hf_groups, &number, &fresh, BPF_NOEXIST); /* or there: fine */
	return bpf_map_lookup_elem(&hf_groups, &number);
}

/* Two groups have met: the younger becomes part of the older. */
static __noinline void group_join(__u32 one, __u32 other)
{
	__u32 root = group_root(one), part = group_root(other);
	struct hf_group *older, *younger;

	if (root == part)
		return;
	if (root > part) {
		__u32 swap = root;

		root = part;
		part = swap;
	}
	older = group_create(root);
	younger = group_create(part);
	if (!older || !younger) {
		count(HF_COUNTER_NO_MEMORY);
		return;
	}
	younger->parent = root;
	older->is_shared = 1;
	(void)labels_or(&older->labels, younger->labels);
}

/* Current maps this inode so that it sees what others store there, or others what it stores. */
static __noinline int group_map(struct inode *inode, bool is_writable)
{
	struct hf_inode *entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);
	struct hf_state *state = state_get();
	struct hf_group *group;
	struct hf_task *self;
	__u64 taint;
	__u32 tgid;

	if (!is_writable && (!entry || !entry->group))
		return 0;
	if (is_carrier())
		return 0;
	self = task_current_create();
	if (!entry)
		entry = bpf_inode_storage_get(
			&hf_inodes, inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!self || !entry || !state) {
		count(HF_COUNTER_NO_MEMORY);
		return -ENOMEM;
	}
	taint = taint_current();
	if (!entry->group)
		entry->group = self->group ? self->group : group_new();
	if (!self->group)
		self->group = entry->group;
	tgid = bpf_get_current_pid_tgid() >> 32;
	if (entry->group_owner && entry->group_owner != tgid)
		group_is_shared(entry->group);
	entry->group_owner = tgid;
	if (self->group != entry->group)
		group_join(self->group, entry->group);
	if (!taint)
		return 0;
	if (pass_judge(taint, HF_OPERATION_MAP))
		return -EPERM;
	group = group_create(group_root(self->group));
	if (!group || labels_or(&group->labels, taint))
		return -EPERM;
	state->has_labelled_group = 1;
	(void)origins_to_group(self); /* it may be shared soon, and no hook sees what goes there */
	introduce(self);
	return 0;
}

/* MAP_SHARED | MAP_ANONYMOUS: shared with the children to come. */
static __always_inline void group_map_anonymous(void)
{
	struct hf_task *self;

	if (is_carrier())
		return;
	self = task_current_create();
	if (self && !self->group)
		self->group = group_new();
}

#else /* the verifier of 5.10 finds no room for it on the stack of 512 bytes */

static __always_inline int memory_read(struct inode *inode)
{
	return 0;
}

static __always_inline int group_map(struct inode *inode, bool is_writable)
{
	return 0;
}

static __always_inline void group_map_anonymous(void)
{
}

#endif

#endif
