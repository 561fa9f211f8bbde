/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How a process becomes a labelled reader, how that passes on, and what it could do behind the
 * hooks' back by what it set up before (writable shared mappings).
 */
#ifndef HOLDFAST_BPF_TAINT_H
#define HOLDFAST_BPF_TAINT_H

#include "lineage.bpf.h"
#include "volume.bpf.h"

/* The file behind a local mapping inherits, by its key: there is no inode at hand. */
static __noinline int mapped_own(struct hf_mapped *mapped, __u64 labels)
{
	struct hf_mark *mark, fresh = {
				      .labels = labels,
				      .flags = HF_MARK_DERIVED | HF_MARK_DIRTY | mapped->flags,
			      };
	__u64 *disk;

	mark = bpf_map_lookup_elem(&hf_index, &mapped->key);
	if (mark) {
		if (labels_or(&mark->labels, labels))
			return -EPERM;
		mark->flags |= HF_MARK_DERIVED | HF_MARK_DIRTY;
		if (!mapped->flags)
			mark->flags &= ~HF_MARK_STATE;
	} else if (bpf_map_update_elem(&hf_index, &mapped->key, &fresh, BPF_ANY)) {
		count(HF_COUNTER_INDEX_FULL);
		return -EPERM;
	}
	disk = bpf_map_lookup_elem(&hf_disks, &mapped->key.dev);
	if (disk)
		return labels_or(disk, labels) ? -EPERM : 0;
	if (bpf_map_update_elem(&hf_disks, &mapped->key.dev, &labels, BPF_ANY))
		return -EPERM;
	return 0;
}

/*
 * Writable shared mappings made before the first read: stores into them have no hook. The files
 * behind local ones inherit the labels now; if one is a way out, the read has to be judged: true.
 * Rewrites act's channel and reason (a copy would not fit the 512 bytes of stack).
 */
static __always_inline bool mapped_inherit(struct hf_task *self, __u64 labels, struct act *act)
{
	struct hf_mapped *way_out = NULL;
	bool has_two = false;

	for (__u32 i = 0; i < HF_MAPPED_MAX; i++) {
		struct hf_mapped *mapped = &self->mapped[i];

		if (i >= self->mapped_count)
			break;
		if (mapped->channel == HF_CHANNEL_LOCAL_FILE) {
			if (mapped_own(mapped, labels))
				has_two = true;
			continue;
		}
		has_two |= way_out != NULL;
		way_out = mapped;
	}
	if (self->mapped_count)
		label_generation_next();
	if (has_two || (self->flags & (HF_TASK_MAPS_MANY | HF_TASK_OUTSIDE))) {
		act->reason = HF_REASON_MAPPED;
		return true;
	}
	if (!way_out)
		return false;
	act->channel = way_out->channel;
	act->allow = way_out->allow;
	return true;
}

#ifndef HF_BASELINE /* which forms no groups: memory.bpf.h */
/*
 * What current reads from now on, all who share memory with it have. True when the read has to be
 * judged, as the policy would refuse to hand it over to them.
 */
static __always_inline bool group_taint(__u32 number, __u64 labels, struct act *act)
{
	struct hf_state *state = state_get();
	struct hf_bank *bank = bank_get();
	__u32 root = group_root(number);
	struct hf_group *group = bpf_map_lookup_elem(&hf_groups, &root), fresh = {};

	if (group && group->is_shared && bank && (bank->channels[HF_CHANNEL_PASS].block & labels)) {
		act->reason = HF_REASON_MAPPED;
		return true;
	}
	if (!group) {
		(void)bpf_map_update_elem(&hf_groups, &root, &fresh, BPF_NOEXIST); /* or raced */
		group = bpf_map_lookup_elem(&hf_groups, &root);
	}
	if (!group || !state || labels_or(&group->labels, labels)) {
		act->reason = HF_REASON_NO_MEMORY;
		return true;
	}
	state->has_labelled_group = 1;
	return false;
}
#endif

/* The labels can't be kept with the process, so they do not come to it. */
static __always_inline int taint_refuse(struct act *act)
{
	count(HF_COUNTER_NO_MEMORY);
	act->reason = HF_REASON_NO_MEMORY;
	return judge(act);
}

VERIFIED_ONCE int taint_add_once(__u64 labels, struct act *act)
{
	struct task_struct *task = current_task();
	struct hf_state *state = state_get();
	struct hf_task *self = task_current();
	bool is_judged;

	if (!act)
		return -EPERM;
	if (!self)
		self = task_current_create();
	if (!self || !state)
		return taint_refuse(act);
	if (!act->dentry || !act->mnt) /* not from an open file */
		self->flags |= HF_TASK_KEEPS;
	if ((self->taint & labels) == labels) {
		origin_of_act(self, act);
		return 0;
	}
	is_judged = mapped_inherit(self, labels & ~self->taint, act);
#ifndef HF_BASELINE /* which forms no groups: memory.bpf.h */
	if (self->group)
		is_judged |= group_taint(self->group, labels, act);
#endif
	if (is_judged && judge(act)) /* once: the verifier reads it for each call */
		return -EPERM;
	state->has_tainted = 1;
	if (!self->taint) {
		self->tainted_ktime_ns = bpf_ktime_get_boot_ns();
		count(HF_COUNTER_TAINTED);
	}
	if (labels_or(&self->taint, labels))
		return taint_refuse(act);
	if (self->flags & HF_TASK_SHARED_MM) {
		__u64 mm = (__u64)kernel_read(task, mm);
		__u64 shared = self->taint | shared_mm_taint(task);

		if (bpf_map_update_elem(&hf_shared_mm, &mm, &shared, BPF_ANY))
			count(HF_COUNTER_NO_MEMORY);
	}
	origin_of_act(self, act);
	return 0;
}

/* Adds labels to current's taint. act describes the read that brings them. 0 or -EPERM. */
static __always_inline int taint_add(__u64 labels, struct act *act)
{
	return refusal(taint_add_once(labels, act));
}

/* Remembers a writable shared mapping of an unlabelled process. flags: HF_MARK_STATE. */
static __noinline void mapped_remember(struct inode *inode, const struct act *act, __u32 flags)
{
	struct hf_task *self = task_current_create();
	struct hf_inode_key key;
	__u32 at;

	if (!self) {
		count(HF_COUNTER_NO_MEMORY);
		return;
	}
	inode_key(inode, &key);
	for (__u32 i = 0; i < HF_MAPPED_MAX; i++) {
		if (i >= self->mapped_count)
			break;
		if (self->mapped[i].key.ino == key.ino && self->mapped[i].key.dev == key.dev &&
			self->mapped[i].key.generation == key.generation)
			return;
	}
	if (number_take(&self->mapped_count, &at) || at >= HF_MAPPED_MAX) {
		self->mapped_count = HF_MAPPED_MAX;
		self->flags |= HF_TASK_MAPS_MANY;
		return;
	}
	self->mapped[at].key = key;
	self->mapped[at].channel = act->channel;
	self->mapped[at].allow = act->allow;
	self->mapped[at].flags = flags;
}

#endif
