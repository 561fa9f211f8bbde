/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From where a process has its labels: the first files they came from, and the process that passed
 * them on. Facts for people; nothing here decides, and a race may mix two answers.
 */
#ifndef HOLDFAST_BPF_LINEAGE_H
#define HOLDFAST_BPF_LINEAGE_H

#include "forget.bpf.h"
#include "report.bpf.h"

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
#ifndef HF_BASELINE
	if (self->group)
		(void)origins_to_group(
			self->group, self); /* who reads a file has a record of that */
#endif
}

/* Before current passes its labels on for the first time: who it is and whence it has them. */
static __always_inline void introduce(struct hf_task *self)
{
	struct act act = {
		.channel = HF_CHANNEL_PASS,
		.labels = self->taint,
		.target_tgid = self->source.tgid,
	};

#ifndef HF_BASELINE
	if (self->group)
		origins_from_group(self);
#endif
	if (self->is_introduced)
		return;
	self->is_introduced = 1;
	report(&act, HF_RECORD_TAINTED);
}

#endif
