/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Guards of the agent's processes: signals, tracing, priorities and limits, /proc/PID and control
 * groups. The service manager must be able to start, stop and restart the agent, at shutdown and
 * when it hangs: the signals for that, and the agent's control group, are process 1's, but for
 * freezing. It is recorded.
 */
#ifndef HOLDFAST_BPF_GUARD_PROCESS_H
#define HOLDFAST_BPF_GUARD_PROCESS_H

#include "guard_agent.bpf.h"

static __always_inline bool is_service_manager(void)
{
	return bpf_get_current_pid_tgid() >> 32 == 1;
}

/*
 * What process 1 forks is process 1's own code until it executes something: systemd's child puts
 * itself into the service's control group. The parent alone would not tell, as orphans get it too.
 */
static __always_inline void guard_fork(struct task_struct *task)
{
	struct hf_task *child;

	if (!is_service_manager() || !guard_is_on())
		return;
	child = task_state(task, HF_CREATE_TASK);
	if (child) /* without memory: what it starts is not put into the agent's group */
		child->flags |= HF_TASK_MANAGER;
}

static __always_inline bool is_managers_child(void)
{
	struct hf_task *self = task_current();

	return self && (self->flags & HF_TASK_MANAGER);
}

/* By these it stops, reloads, wakes and ends a service, and asks a hanging one for its core. */
static __always_inline bool manager_may(__u8 operation, __u16 signal)
{
	return operation == HF_OPERATION_SIGNAL &&
	       (signal == SIGTERM || signal == SIGHUP || signal == SIGCONT || signal == SIGKILL ||
		       signal == SIGABRT);
}

/* Whoever holds the service manager has its rights: it is traced by nobody either. */
static __noinline int guard_task(struct task_struct *task, __u8 operation, __u16 detail)
{
	struct act act = {.operation = operation, .port = detail};
	__u32 tgid = kernel_read(task, tgid);

	if (!guard_is_on())
		return 0;
	if (!is_guarded(task) && !(operation == HF_OPERATION_TRACE && tgid == 1))
		return 0;
	act.target_tgid = tgid;
	if (is_service_manager() && manager_may(operation, detail)) {
		guard_note(&act);
		return 0;
	}
	return guard_self(&act);
}

/* SIGHUP makes the supervisor reload: anybody's right who may send it. */
static __always_inline bool is_harmless(struct task_struct *task, int sig)
{
	if (sig <
		1) /* not "== 0": clang would return the very register, of which 6.12 knows less */
		return true;
	if (sig == SIGHUP)
		return !guard_knows(kernel_read(task, real_parent));
	return is_service_manager() && sig == SIGCONT;
}

SEC("lsm/task_kill")
int BPF_PROG(
	hf_guard_kill, struct task_struct *task, void *info, int sig, const void *cred, int ret)
{
	if (ret)
		return ret;
	return is_harmless(task, sig) ? 0 : guard_task(task, HF_OPERATION_SIGNAL, sig);
}

/* Attaching and writing; who merely looks (ps, the service manager) is let be. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(hf_guard_trace, struct task_struct *task, unsigned int mode, int ret)
{
	if (ret)
		return ret;
	return mode & PTRACE_MODE_ATTACH ? guard_task(task, HF_OPERATION_TRACE, 0) : 0;
}

SEC("lsm/task_setscheduler")
int BPF_PROG(hf_guard_scheduler, struct task_struct *task, int ret)
{
	return ret ? ret : guard_task(task, HF_OPERATION_SCHEDULE, 0);
}

SEC("lsm/task_setnice")
int BPF_PROG(hf_guard_nice, struct task_struct *task, int nice, int ret)
{
	return ret ? ret : guard_task(task, HF_OPERATION_SCHEDULE, 0);
}

SEC("lsm/task_setioprio")
int BPF_PROG(hf_guard_ioprio, struct task_struct *task, int ioprio, int ret)
{
	return ret ? ret : guard_task(task, HF_OPERATION_SCHEDULE, 0);
}

SEC("lsm/task_setrlimit")
int BPF_PROG(hf_guard_limit, struct task_struct *task, unsigned int resource, void *limit, int ret)
{
	return ret ? ret : guard_task(task, HF_OPERATION_SCHEDULE, resource);
}

SEC("lsm/task_movememory")
int BPF_PROG(hf_guard_memory, struct task_struct *task, int ret)
{
	return ret ? ret : guard_task(task, HF_OPERATION_SCHEDULE, 0);
}

/* The number of the process, in the machine's own namespace, that a file of /proc is about. */
static __always_inline __u32 proc_number(struct inode *inode)
{
	struct proc_inode *proc =
		(void *)((__u64)inode - bpf_core_field_offset(struct proc_inode, vfs_inode));

	return BPF_CORE_READ(proc, pid, numbers[0].nr);
}

/*
 * A file of /proc opened for writing: the agent's processes are single threads, so the number is
 * that of the process. And two switches: ftrace_enabled takes the hooks' call sites away,
 * sysrq-trigger kills past every hook.
 */
static __noinline int guard_open_proc(struct file *file, struct inode *inode)
{
	struct act act = {
		.operation = HF_OPERATION_PROC,
		.dentry = file->f_path.dentry,
		.mnt = file->f_path.mnt,
		.target_tgid = proc_number(inode),
	};
	__u64 name;

	if (act.target_tgid) {
		if (!bpf_map_lookup_elem(&hf_guard_tasks, &act.target_tgid))
			return 0;
		return guard_self(&act);
	}
	name = name_begin(&file->f_path.dentry->d_name);
	if (name == NAME6('f', 't', 'r', 'a', 'c', 'e') ||
		name == NAME6('s', 'y', 's', 'r', 'q', '-')) {
		act.operation = HF_OPERATION_TRACING;
		return guard_self(&act);
	}
	return 0;
}

/*
 * A file of a control group opened for writing: in the agent's own group each, above it those
 * that end or freeze all below.
 */
static __noinline int guard_open_cgroup(struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;
	struct act act = {
		.operation = HF_OPERATION_CGROUP,
		.dentry = dentry,
		.mnt = file->f_path.mnt,
	};
	__u32 flags = guard_flags(dentry->d_parent->d_inode);
	char name[16] = "";
	bool is_freeze;

	if (!(flags & (HF_MARK_GUARDED | HF_MARK_ABOVE)))
		return 0;
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
	is_freeze = name[7] == 'f' && name[8] == 'r'; /* cgroup.freeze */
	if (!(flags & HF_MARK_GUARDED) && !is_freeze && !(name[7] == 'k' && name[8] == 'i'))
		return 0; /* cgroup.kill */
	if (is_service_manager() && !is_freeze) {
		guard_note(&act);
		return 0;
	}
	/* cgroup.procs, and not cgroup.pressure */
	if (name[7] == 'p' && name[9] == 'o' && is_managers_child())
		return 0;
	return guard_self(&act);
}

/* It makes and removes its services' groups, when nobody is in them, and puts attributes there. */
static __always_inline bool is_managers_group(struct inode *inode)
{
	return is_service_manager() && inode->i_sb->s_magic == CGROUP2_SUPER_MAGIC;
}

#ifndef HF_BASELINE
#define SYS_WRITE     1 /* arch/x86/entry/syscalls/syscall_64.tbl */
#define NUMBER_DIGITS 16

/* The process number that current is about to write; 0 when that can't be told. */
static __always_inline __u32 number_written(void)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	char text[NUMBER_DIGITS] = "";
	__u64 size = BPF_CORE_READ(regs, dx);
	__u32 number = 0;

	if (BPF_CORE_READ(regs, orig_ax) != SYS_WRITE)
		return 0;
	if (size > sizeof(text) - 1)
		size = sizeof(text) - 1;
	if (bpf_probe_read_user(text, size, (void *)BPF_CORE_READ(regs, si)))
		return 0;
	for (__u32 i = 0; i < NUMBER_DIGITS - 1; i++) {
		if (text[i] >= '0' && text[i] <= '9')
			number = number * 10 + (text[i] - '0');
		else if (number)
			break; /* what comes before is blanks, or the kernel refuses it */
	}
	return number;
}

#define HF_GROUP_PROCESSES 64 /* with less, the agent might not start again */

/*
 * systemctl set-property has process 1 take memory or processes away from the agent's group. With
 * nothing set it writes "max", which is no number.
 */
static __always_inline int guard_limit(struct act *act, struct dentry *dentry, const char *name)
{
	/* memory.max, high, swap and the like; not memory.oom.group and memory.pressure */
	bool is_memory = name[0] == 'm' && name[7] != 'o' && name[7] != 'p';
	bool is_processes = name[0] == 'p';
	__u32 number;

	if (!(is_memory || is_processes) ||
		!(guard_flags(dentry->d_parent->d_inode) & HF_MARK_GUARDED))
		return 0;
	number = number_written();
	if (!number || (is_processes && number >= HF_GROUP_PROCESSES))
		return 0;
	return guard_self(act);
}

/*
 * A file of any control group is written to: cgroup.procs and cgroup.threads move processes, and
 * no hook comes after the number was read. So it is read here; whoever changes it meanwhile in
 * another thread is seen below.
 */
static __noinline int guard_write_cgroup(struct file *file)
{
	struct act act = {
		.operation = HF_OPERATION_CGROUP,
		.dentry = file->f_path.dentry,
		.mnt = file->f_path.mnt,
	};
	char name[16] = "";

	if (!guard_is_on())
		return 0;
	bpf_probe_read_kernel_str(
		name, sizeof(name), BPF_CORE_READ(file->f_path.dentry, d_name.name));
	if (is_service_manager())
		return guard_limit(&act, file->f_path.dentry, name);
	if (!(name[7] == 'p' && name[8] == 'r') && !(name[7] == 't' && name[8] == 'h'))
		return 0;
	act.target_tgid = number_written();
	if (!act.target_tgid || !bpf_map_lookup_elem(&hf_guard_tasks, &act.target_tgid))
		return 0;
	return guard_self(&act);
}
#else
static __always_inline int guard_write_cgroup(struct file *file)
{
	return 0; /* bpf_task_pt_regs() came with 5.15: moves are recorded only */
}
#endif

/* No hook stands between a number written to another group's cgroup.procs and the move. */
SEC("fentry/cgroup_attach_task")
int BPF_PROG(hf_guard_move, void *group, struct task_struct *leader, bool threadgroup)
{
	struct act act = {.operation = HF_OPERATION_CGROUP};

	if (!guard_is_on() || !is_guarded(leader))
		return 0;
	act.target_tgid = kernel_read(leader, tgid);
	guard_note(&act);
	return 0;
}

#endif
