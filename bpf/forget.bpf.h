/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Taint that ends: an application whose profile says that it keeps nothing of what it closed is no
 * reader any more when the last labelled file it opened is closed and unmapped. Only for what one
 * thread read from files itself: never for what came from other processes, by fork or over an exec,
 * nor with memory that others map.
 *
 * There is no hook on closing, whose price all programs would pay: that a struct file is gone shows
 * when the process is next asked for its labels.
 */
#ifndef HOLDFAST_BPF_FORGET_H
#define HOLDFAST_BPF_FORGET_H

#include "report.bpf.h"
#include "shown.bpf.h"

#ifndef HF_BASELINE

/* Gone, or its memory is another file by now: only with the same inode would that be held too. */
static __always_inline bool is_held(const struct hf_held *held)
{
	struct file *file = (struct file *)held->file;

	if ((__u64)BPF_CORE_READ(file, f_inode) != held->inode)
		return false;
	/* A reference count of another kind came with 6.13: then it is held until its memory is reused. */
	return !bpf_core_field_exists(file->f_count) || BPF_CORE_READ(file, f_count.counter);
}

static __noinline bool is_any_held(const struct hf_task *self)
{
	for (__u32 i = 0; i < HF_HELD_MAX; i++)
		if (i < self->held_count && is_held(&self->held[i]))
			return true;
	return false;
}

static __always_inline bool is_forgetting(struct task_struct *task, const struct hf_task *self)
{
	return self->held_count && !self->group &&
	       !(self->flags & (HF_TASK_KEEPS | HF_TASK_SHARED_MM)) &&
	       BPF_CORE_READ(task, signal, nr_threads) == 1 && !is_any_held(self);
}

/*
 * What current still has read. Its one thread is here, so that it does nothing meanwhile; others may
 * push something into it, which sets HF_TASK_KEEPS first.
 */
__noinline __u64 taint_forget(void)
{
	struct act act = {.channel = HF_CHANNEL_OPEN};
	struct task_struct *task = current_task();
	struct hf_task *self = task_current();
	struct hf_origins none = {};

	if (!self)
		return 0;
	if (!is_forgetting(task, self))
		return taint_of(task);
	if (self->flags & HF_TASK_SHOWS)
		display_show_end(self);
	act.labels = self->taint;
	report(&act, HF_RECORD_FORGOT);
	__sync_fetch_and_and(&self->taint, ~act.labels);
	if (*(volatile __u32 *)&self->flags & HF_TASK_KEEPS) {
		(void)labels_or(&self->taint, act.labels); /* never fails here */
		return taint_of(task);
	}
	self->held_count = 0;
	self->origins = none;
	self->is_introduced = 0;
	return taint_of(task);
}

/* Current is about to have read this file. */
static __noinline void file_hold(struct file *file)
{
	struct hf_task *self = task_current_create();
	struct hf_bank *bank = bank_get();
	struct hf_held held = {.inode = (__u64)BPF_CORE_READ(file, f_inode)};

	if (!self || !bank || !(bank->apps[self->app & (HF_APP_MAX - 1)].flags & HF_APP_FORGETS))
		return;
	bpf_probe_read_kernel(&held.file, sizeof(held.file), &file); /* as a number */
	for (__u32 i = 0; i < HF_HELD_MAX; i++) {
		if (i >= self->held_count) {
			self->held[i] = held;
			self->held_count = i + 1;
			return;
		}
		if (self->held[i].file == held.file || !is_held(&self->held[i])) {
			self->held[i] = held;
			return;
		}
	}
	self->flags |= HF_TASK_KEEPS; /* more at a time than are remembered */
}

#else /* 5.10: reporting from every hook once more is past what its verifier reads */

static __always_inline void file_hold(struct file *file)
{
}

#endif
#endif
