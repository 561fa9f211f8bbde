/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Memory that several processes map: stores into it have no hook. Processes that map the same
 * memory, one of them writably, form a group; a group is numbered, groups that meet become one,
 * and what one of the group has read, all of it have. exec and exit leave the group. Carriers join none:
 * a display server maps memory of every window.
 *
 * memfd, SysV and anonymous shared memory are files of a file system of the kernel's own, which
 * has no user-visible mount; what is written to them with write(2) lies in hf_places.
 */
#ifndef HOLDFAST_BPF_MEMORY_H
#define HOLDFAST_BPF_MEMORY_H

#include "carry.bpf.h"

#ifndef HF_BASELINE

static const bool has_groups = true;

/* Who maps the file sees what current, a labelled reader, writes to it. 0 or -ENOMEM. */
static __noinline int group_write(struct inode *inode, __u64 taint)
{
	struct hf_inode *entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);

	if (!entry || !entry->group || (group_labels(entry->group) & taint) == taint)
		return 0;
	return group_add(entry->group, taint);
}

static __always_inline int memory_write(struct inode *inode, __u64 taint)
{
	struct hf_bank *bank = bank_get();
	struct hf_inode_key key = {};

	inode_key(inode, &key);
	if (place_put(&key, taint))
		return -EPERM;
	if (bank)
		taint &= bank->channels[HF_CHANNEL_PASS].follow;
	return group_write(inode, taint) ? -EPERM : 0;
}

/* What those of a group have read, when current has not: no hook sees it stored. */
static __noinline struct hf_carried *group_carried(__u32 number)
{
	__u64 labels = number ? group_labels(number) : 0;
	struct hf_carried *known;
	__u32 root;

	if (!(labels & ~taint_current()))
		return NULL;
	root = group_root(number);
	known = value_of(&hf_group_from, &root, &carried_none);
	if (known && place_add(known, labels))
		count(HF_COUNTER_NO_MEMORY);
	return known;
}

/* What those of a group have read comes to current. 0 or -EPERM. */
static __always_inline int group_take(__u32 number)
{
	struct hf_carried *carried = group_carried(number);

	return carried ? deliver(carried, HF_HOP_SHARED_MEMORY) : 0;
}

/* A memory file comes to current: what was written there, and what was stored. 0 or -EPERM. */
static __always_inline int memory_take(struct inode *inode)
{
	struct hf_inode_key key = {};
	struct hf_inode *entry;

	inode_key(inode, &key);
	if (place_take(&key, HF_HOP_SHARED_MEMORY))
		return -EPERM;
	entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);
	return entry ? group_take(entry->group) : 0;
}

/* Of a memory file. 0 or -EPERM. */
static __always_inline int memory_read(struct inode *inode)
{
	struct hf_state *state = state_get();

	if (!state || !(state->has_carried || state->has_labelled_group))
		return 0;
	return memory_take(inode);
}

/* Current is of some group from now on: the first of a new one, if it was of none. */
static __always_inline void group_own(struct hf_task *self)
{
	struct hf_state *state = state_get();
	__u32 last = 0;

	if (self->group || !state || number_take(&state->last_group, &last))
		return;
	(void)__sync_val_compare_and_swap(&self->group, 0, last + 1); /* or another thread did */
}

/* Two groups have met: the younger becomes part of the older. See group_grow() for the order. */
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
	(void)__sync_lock_test_and_set(&younger->parent, root); /* nobody joins it elsewhere */
	group_grow(root, *(volatile __s32 *)&younger->others + 1);
	(void)labels_or(&older->labels, younger->labels);
}

/* Current is of this group from now on, and of the one that it was of. 0, -EPERM or -ENOMEM. */
static __noinline int group_enter(struct hf_task *self, __u32 number)
{
	__u32 before = __sync_val_compare_and_swap(&self->group, 0, number);
	__u64 taint = taint_current();

	if (!before)
		group_grow(number, 1);
	else if (before != number)
		group_join(before, number);
	if (!taint)
		return 0;
	if (pass_judge(taint, HF_OPERATION_MAP))
		return -EPERM;
	if (group_add(self->group, taint))
		return -EPERM;
	/* It may be shared soon, and no hook sees what goes there. */
	(void)origins_to_group(self->group, self);
	introduce(self);
	return 0;
}

/* Current maps this inode so that it sees what others store there, or others what it stores. */
static __noinline int group_map(struct inode *inode, bool is_writable)
{
	struct hf_inode *entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);
	struct hf_task *self;

	if (!is_writable && (!entry || !entry->group))
		return 0;
	if (is_carrier())
		return 0;
	self = task_current_create();
	if (!entry)
		entry = bpf_inode_storage_get(
			&hf_inodes, inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!self || !entry) {
		count(HF_COUNTER_NO_MEMORY);
		return -ENOMEM;
	}
	if (!entry->group) {
		group_own(self);
		(void)group_create(
			self->group); /* who maps it later asks whether anybody is left */
		(void)__sync_val_compare_and_swap(&entry->group, 0, self->group); /* or was there */
	}
	return group_enter(self, entry->group);
}

/* MAP_SHARED | MAP_ANONYMOUS: shared with the children to come. */
static __always_inline void group_map_anonymous(void)
{
	struct hf_task *self;

	if (is_carrier())
		return;
	self = task_current_create();
	if (self)
		group_own(self);
}

#else /* the verifier of 5.10 finds no room for it on the stack of 512 bytes */

static const bool has_groups = false;

static __always_inline int memory_write(struct inode *inode, __u64 taint)
{
	struct hf_inode_key key = {};

	inode_key(inode, &key);
	return place_put(&key, taint);
}

static __always_inline int memory_read(struct inode *inode)
{
	return 0;
}

static __always_inline int group_write(struct inode *inode, __u64 taint)
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
