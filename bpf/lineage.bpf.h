/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From where a process has its labels: the first files they came from, and the process that passed
 * them on. Facts for people; nothing here decides, and a race may mix two answers.
 */
#ifndef HOLDFAST_BPF_LINEAGE_H
#define HOLDFAST_BPF_LINEAGE_H

#include "report.bpf.h"

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

/* The file that act is about is where current's labels come from. */
static __noinline void origin_of_act(struct hf_task *self, const struct act *act)
{
	struct dentry *dentry = act->dentry;
	struct hf_inode_key key = {};

	if (!dentry)
		return;
	dentry_key(dentry, &key);
	if (origin_add(&self->origins, &key))
		self->is_introduced = 0;
}

static __always_inline void source_of_current(struct hf_source *ret_source)
{
	struct task_struct *task = current_task();

	ret_source->tgid = kernel_read(task, tgid);
	ret_source->start_ktime_ns = kernel_read(task, group_leader, start_boottime);
}

/* Before current passes its labels on for the first time: who it is and whence it has them. */
static __always_inline void introduce(struct hf_task *self)
{
	struct act act = {
		.channel = HF_CHANNEL_PASS,
		.labels = self->taint,
		.target_tgid = self->source.tgid,
	};

	if (self->is_introduced)
		return;
	self->is_introduced = 1;
	report(&act, HF_RECORD_TAINTED);
}

#endif
