/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who is a labelled reader right now: the sensor reads one struct hf_reader for each from an
 * iterator. Costs those nothing who are only looked at. Decides nothing.
 */
#ifndef HOLDFAST_BPF_READER_H
#define HOLDFAST_BPF_READER_H

#include "forget.bpf.h"
#include "origins.bpf.h"

static __always_inline void reader_fill(
	struct task_struct *task, const struct hf_task *self, struct hf_reader *ret_reader)
{
	ret_reader->since_ktime_ns = self->tainted_ktime_ns;
	ret_reader->app = self->app;
	ret_reader->source = self->source;
	ret_reader->origins = self->origins;
	ret_reader->start_ktime_ns = kernel_read(task, start_boottime);
	ret_reader->tgid = kernel_read(task, tgid);
	ret_reader->uid = BPF_CORE_READ(task, real_cred, uid.val);
	BPF_CORE_READ_INTO(&ret_reader->comm, task, comm);
}

SEC("iter/task")
int hf_readers(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct seq_file *seq = ctx->meta->seq;
	struct hf_reader reader = {};
	struct hf_task *self;

	if (!task || kernel_read(task, pid) != kernel_read(task, tgid))
		return 0;
	self = task_state(task, 0);
	reader.labels = self ? taint_of(task) : 0;
	if (!reader.labels)
		return 0;
#ifndef HF_BASELINE
	if (is_forgetting(task, self))
		return 0;
	if (self->group)
		origins_from_group(self);
#endif
	reader_fill(task, self, &reader);
	(void)bpf_seq_write(seq, &reader, sizeof(reader)); /* full: the kernel asks again */
	return 0;
}

#endif
