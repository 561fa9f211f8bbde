/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Hooks on processes: fork, exec, tracing. A thread group's state sits on its leader; memory
 * shared between groups shares the taint.
 */
#ifndef HOLDFAST_BPF_PROCESS_H
#define HOLDFAST_BPF_PROCESS_H

#include "app.bpf.h"
#include "carry.bpf.h"
#include "display.bpf.h"
#include "guard_process.bpf.h"

/* A child starts with its parent's state. No memory for a labelled parent's child: no child. */
static __always_inline int task_inherit(struct task_struct *task, unsigned long clone_flags)
{
	struct task_struct *current = current_task();
	struct hf_task *parent, *child;
	bool shares_memory = clone_flags & CLONE_VM;
	__u64 taint;

	parent = shares_memory ? task_current_create() : task_current();
	if (!parent)
		return shares_memory ? -ENOMEM : 0;
	/* Nothing to pass on: most processes have a state only because an ancestor used vfork. */
	taint = taint_of(current);
	if (!shares_memory && !((parent->flags & ~(HF_TASK_SHARED_MM | HF_TASK_MANAGER)) |
				      parent->app | parent->mapped_count | parent->group | taint))
		return 0;
	if (shares_memory && !(parent->flags & HF_TASK_SHARED_MM)) {
		__u64 mm = (__u64)kernel_read(current, mm);

		/* Not shared until now: an entry can only be that of an earlier mm at this address. */
		kept_end(&hf_shared_mm, HF_KEPT_SHARED_MM, &mm);
		parent->flags |= HF_TASK_SHARED_MM;
	}
	child = task_state(task, HF_CREATE_TASK);
	if (!child)
		return -ENOMEM;
	*child = *parent;
	child->taint = taint;
	child->said_what = 0;
	child->said_again = 0;
	child->held_count = 0;
	child->pasted = 0;
	if (child->group)
		group_grow(child->group, 1);
	if (taint) {
		introduce(parent);
		source_of_current(&child->source);
		child->source.hop = HF_HOP_FORK;
		child->flags |= HF_TASK_KEEPS;
		child->is_introduced = 0;
	}
	child->flags &= ~(HF_TASK_MANAGER | HF_TASK_BUS | HF_TASK_SHOWS);
	if (!shares_memory)
		child->flags &= ~HF_TASK_SHARED_MM;
	return 0;
}

SEC("lsm/task_alloc")
int BPF_PROG(hf_task_alloc, struct task_struct *task, unsigned long clone_flags, int ret)
{
	int r;

	if (!ret)
		task_forget(task);
	if (ret || (clone_flags & CLONE_THREAD))
		return ret;
	r = task_inherit(task, clone_flags);
	if (!r)
		guard_fork(task);
	return r;
}

/*
 * Runs for the file named in exec and again for its interpreter. The identity is that of the file
 * named: a script has its own or none, never its interpreter's. State moves to the calling thread
 * here, as exec makes it the leader (de_thread in fs/exec.c).
 */
SEC("lsm/bprm_check_security")
int BPF_PROG(hf_bprm_check_security, struct linux_binprm *bprm, int ret)
{
	struct task_struct *task = current_task();
	bool is_first = bprm->interp == bprm->filename;
	struct hf_task *leader, *self;
	__u32 app;

	if (ret || !is_first)
		return ret;
	app = app_of(bprm->file->f_inode);
	leader = task_current();
	if (!leader && !app)
		return 0;
	if (!leader)
		leader = task_current_create();
	if (!leader)
		return -ENOMEM;
	leader->taint = taint_of(task); /* what it shares memory with, it leaves */
	leader->app_next = app;
	if (task == kernel_read(task, group_leader))
		return 0;
	self = task_state(task, HF_CREATE_TASK);
	if (!self)
		return -ENOMEM;
	*self = *leader;
	return 0;
}

/* Past the point of no return: new memory, new identity; what was read stays read. */
SEC("lsm/bprm_committed_creds")
int BPF_PROG(hf_bprm_committed_creds, struct linux_binprm *bprm)
{
	struct hf_task *self = task_current();

	if (!self)
		return 0;
	self->app = self->app_next;
	self->app_next = HF_APP_UNKNOWN;
	self->flags &= ~(HF_TASK_SHARED_MM | HF_TASK_MAPS_MANY | HF_TASK_MANAGER | HF_TASK_BUS);
	self->mapped_count = 0;
	group_leave(self);
	self->is_introduced = 0;
	self->held_count = 0;
	self->pasted = 0;
	if (self->taint)
		self->flags |= HF_TASK_KEEPS;
	return 0;
}

#ifndef HF_BASELINE /* which forms no groups: memory.bpf.h */
/* Its last thread has let go of the memory (exit_mm() was before, in do_exit() of kernel/exit.c). */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(hf_process_exit, struct task_struct *task)
{
	struct hf_task *self = task_current();

	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	if (self && self->group)
		group_leave(self);
	if (self && self->flags & HF_TASK_SHOWS)
		display_show_end(self);
	display_server_end();
	return 0;
}
#endif

/* Reading another process's memory or taking its descriptors. Mere observation (ps) is let be. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(hf_ptrace_access_check, struct task_struct *child, unsigned int mode, int ret)
{
	struct act act = {.channel = HF_CHANNEL_DEBUG, .operation = HF_OPERATION_TRACE};
	__u64 taint;

	if (ret || !(mode & PTRACE_MODE_ATTACH))
		return ret;
	act.labels = taint_of(child);
	if (is_agent())
		return 0;
	if (act.labels) {
		act.target_tgid = kernel_read(child, tgid);
		if (judge(&act))
			return -EPERM;
	}
	/* The other way: who may look into it may also store into it. */
	taint = taint_current();
	return taint & ~act.labels ? push(child, taint, HF_HOP_TRACE) : 0;
}

/* A signal's value: sigqueue(3) and the like. Plain signals carry a number of few. */
SEC("lsm/task_kill")
int BPF_PROG(hf_task_kill, struct task_struct *target, struct kernel_siginfo *info, int signal,
	const struct cred *cred, int ret)
{
	__u64 taint;
	int code;

	/* 0 and 1 are no addresses: SEND_SIG_NOINFO, SEND_SIG_PRIV (include/linux/sched/signal.h) */
	if (ret || (unsigned long)info <= 1)
		return ret;
	taint = taint_current();
	if (!taint)
		return 0;
	code = BPF_CORE_READ(info, si_code);
	if (code >= 0 || code == SI_TKILL)
		return 0;
	return push(target, taint, HF_HOP_SIGNAL);
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(hf_ptrace_traceme, struct task_struct *parent, int ret)
{
	struct act act = {.channel = HF_CHANNEL_DEBUG, .operation = HF_OPERATION_TRACE};

	if (ret)
		return ret;
	act.labels = taint_current();
	if (!act.labels)
		return 0;
	act.target_tgid = bpf_get_current_pid_tgid() >> 32;
	return judge(&act);
}

#endif
