/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How a process becomes a labelled reader, how that passes on, and what it could do behind the
 * hooks' back by what it set up before (writable shared mappings).
 */
#ifndef HOLDFAST_BPF_TAINT_H
#define HOLDFAST_BPF_TAINT_H

#include "lineage.bpf.h"
#include "volume.bpf.h"

/*
 * Writable shared mappings made before the read: stores into them have no hook. If one is a way out,
 * the read has to be judged: true. Rewrites act's channel and reason (a copy would not fit the 512
 * bytes of stack).
 */
static __always_inline bool mapped_is_way_out(struct hf_task *self, struct act *act)
{
	struct hf_mapped *way_out = NULL;
	bool has_two = false;

	for (__u32 i = 0; i < HF_MAPPED_MAX; i++) {
		struct hf_mapped *mapped = &self->mapped[i];

		if (i >= self->mapped_count)
			break;
		if (mapped->channel == HF_CHANNEL_LOCAL_FILE)
			continue;
		has_two |= way_out != NULL;
		way_out = mapped;
	}
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

/* The files behind local ones inherit, once nothing refuses the read any more. 0 or -EPERM. */
static __always_inline int mapped_inherit(struct hf_task *self, __u64 labels)
{
	int r = 0;

	for (__u32 i = 0; i < HF_MAPPED_MAX; i++) {
		struct hf_mapped *mapped = &self->mapped[i];

		if (i >= self->mapped_count)
			break;
		if (mapped->channel == HF_CHANNEL_LOCAL_FILE &&
			mapped_own(&mapped->key, labels, mapped->flags))
			r = -EPERM;
	}
	if (self->mapped_count)
		label_generation_next();
	return r;
}

#ifndef HF_BASELINE /* which forms no groups: memory.bpf.h */
/*
 * What current reads from now on, all who share memory with it have. True when the read has to be
 * judged, as the policy would refuse to hand it over to them.
 */
static __always_inline bool group_is_refused(__u32 number, __u64 labels, struct act *act)
{
	struct hf_bank *bank = bank_get();
	__u32 root = group_root(number);
	struct hf_group *group = bpf_map_lookup_elem(&hf_groups, &root);

	if (!group_is_shared(group) || !bank || !(bank->channels[HF_CHANNEL_PASS].block & labels))
		return false;
	act->reason = HF_REASON_MAPPED;
	return true;
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
	is_judged = mapped_is_way_out(self, act);
#ifndef HF_BASELINE
	if (self->group)
		is_judged |= group_is_refused(self->group, labels, act);
#endif
	if (is_judged && judge(act)) /* once: the verifier reads it for each call */
		return -EPERM;
#ifndef HF_BASELINE
	if (self->group && group_add(self->group, labels))
		return taint_refuse(act);
#endif
	if (mapped_inherit(self, labels & ~self->taint))
		return taint_refuse(act);
	state->has_tainted = 1;
	if (!self->taint) {
		self->tainted_ktime_ns = bpf_ktime_get_boot_ns();
		count(HF_COUNTER_TAINTED);
	}
	if (labels_or(&self->taint, labels))
		return taint_refuse(act);
	if (self->flags & HF_TASK_SHARED_MM) {
		__u64 mm = (__u64)kernel_read(task, mm);
		const __u64 none = 0;
		__u64 *shared = kept_value_of(&hf_shared_mm, HF_KEPT_SHARED_MM, &mm, &none);

		if (!shared || labels_or(shared, self->taint))
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
