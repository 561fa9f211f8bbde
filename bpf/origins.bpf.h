/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The first files that labels came from, and who passed them on: of a process, and of processes
 * that share memory, whose stores into it no hook sees. Nothing here decides, and a race may mix
 * two answers.
 */
#ifndef HOLDFAST_BPF_ORIGINS_H
#define HOLDFAST_BPF_ORIGINS_H

#include "state.bpf.h"

static __always_inline bool is_same_inode(
	const struct hf_inode_key *a, const struct hf_inode_key *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->generation == b->generation;
}

/* True when it is new. */
static __noinline bool origin_add(struct hf_origins *origins, const struct hf_inode_key *key)
{
	for (__u32 i = 0; i < HF_ORIGIN_MAX; i++) {
		if (i >= origins->count) {
			origins->keys[i] = *key;
			origins->count = i + 1;
			return true;
		}
		if (is_same_inode(&origins->keys[i], key))
			return false;
	}
	origins->is_many = 1;
	return false;
}

static __always_inline bool origins_merge(struct hf_origins *to, const struct hf_origins *from)
{
	bool has_new = false;

	for (__u32 i = 0; i < HF_ORIGIN_MAX; i++) {
		if (i >= from->count)
			break;
		has_new |= origin_add(to, &from->keys[i]);
	}
	to->is_many |= from->is_many;
	return has_new;
}

static __always_inline void source_of_current(struct hf_source *ret_source)
{
	struct task_struct *task = current_task();

	ret_source->tgid = kernel_read(task, tgid);
	ret_source->start_ktime_ns = BPF_CORE_READ(task, group_leader, start_boottime);
}

#ifndef HF_BASELINE /* which forms no groups: memory.bpf.h */

/* Current's labels are those of a group now: so is where they come from. True when it is shared. */
static __noinline bool origins_to_group(__u32 number, const struct hf_task *self)
{
	__u32 root = group_root(number);
	struct hf_group *group = bpf_map_lookup_elem(&hf_groups, &root);
	struct hf_carried *known = value_of(&hf_group_from, &root, &carried_none);

	if (known && origins_merge(&known->origins, &self->origins))
		source_of_current(&known->from);
	return group_is_shared(group);
}

/* What current has from its group. Its own number too: groups that met were two before. */
static __noinline void origins_from_group(struct hf_task *self)
{
	__u32 root = group_root(self->group);
	struct hf_carried *known = bpf_map_lookup_elem(&hf_group_from, &root);

	if (!known && root != self->group)
		known = bpf_map_lookup_elem(&hf_group_from, &self->group);
	if (!known || !origins_merge(&self->origins, &known->origins))
		return;
	self->source = known->from;
	self->source.hop = HF_HOP_SHARED_MEMORY;
	self->is_introduced = 0;
}

#endif

#endif
