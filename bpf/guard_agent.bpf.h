/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who the agent is: at exec, at the sensor's hello, and when it asks for the maintenance door.
 */
#ifndef HOLDFAST_BPF_GUARD_AGENT_H
#define HOLDFAST_BPF_GUARD_AGENT_H

#include "guard.bpf.h"

#define HF_WORDS_CHUNK 64 /* of arguments and environment looked at in one step */
#ifndef HF_BASELINE
#define HF_WORDS_STEPS 2048 /* 120 KiB of them; with more, a program is not taken for the agent */
#else
#define HF_WORDS_STEPS 512 /* 30 KiB: the verifier walks through each step */
#endif
#define HF_FILTERS_MAX	  32 /* seccomp filters of a process */
#define HF_AGENT_CHILDREN 16 /* of the supervisor; it has at most eleven */

/*
 * A process that becomes the agent: the supervisor, started as it was when the agent was set up, or
 * one of the other executables, started by it; with nobody's hand inside.
 */

/* Names by which the dynamic linker and libraries load code: LD_*, GCONV_PATH, OPENSSL_*. */
static __always_inline bool loads_code(const char *word)
{
	if (word[0] == 'L')
		return word[1] == 'D' && word[2] == '_';
	if (word[0] == 'G')
		return word[1] == 'C' && word[2] == 'O';
	return word[0] == 'O' && word[1] == 'P' && word[2] == 'E';
}

/* FNV-1a over the arguments and the NUL behind each. */
static __always_inline void words_hash(struct hf_words *words, char letter)
{
	if (!words->arguments)
		return;
	words->hash = (words->hash ^ (__u8)letter) * HF_HASH_PRIME;
	if (!letter)
		words->arguments--;
}

/*
 * Steps overlap by three bytes, so that no name hides on an edge. 1 = stop. A global function, so
 * that the verifier reads it once; before 5.12 such functions can't be passed memory.
 */
__noinline int words_chunk(__u32 tgid)
{
	struct hf_words *words = bpf_map_lookup_elem(&hf_words, &tgid);
	char chunk[HF_WORDS_CHUNK] = "";
	__u64 size;

	if (!words || words->at >= words->end)
		return 1;
	size = words->end - words->at;
	if (size > sizeof(chunk)) /* not past the end: the stack's last page may end there */
		size = sizeof(chunk);
	if (bpf_probe_read_user(chunk, size, (void *)words->at)) {
		words->is_unclean = 1; /* not to be seen: not to be trusted */
		return 1;
	}
	for (__u32 i = 0; i < HF_WORDS_CHUNK - 3; i++) {
		words_hash(words, chunk[i]);
		if (!chunk[i] && loads_code(chunk + i + 1))
			words->is_unclean = 1;
	}
	words->at += HF_WORDS_CHUNK - 3;
	return words->is_unclean;
}

static long words_step(__u32 index, __u32 *tgid)
{
	return words_chunk(*tgid) ? 1 : 0; /* the verifier wants to see just these */
}

/* wanted: hash of the arguments; 0 = they do not matter. */
static __noinline bool has_clean_words(struct linux_binprm *bprm, __u64 wanted)
{
	struct hf_words first = {
		.at = bprm->p,
		.end = bprm->exec,
		.hash = HF_HASH_BASIS,
		.arguments = bprm->argc,
	};
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct hf_words *words;
	bool is_clean;

	if (bpf_map_update_elem(&hf_words, &tgid, &first, BPF_ANY))
		return false;
	repeat(HF_WORDS_STEPS, words_step, &tgid);
	words = bpf_map_lookup_elem(&hf_words, &tgid);
	is_clean = words && !words->is_unclean && words->at >= words->end &&
		   (!wanted || words->hash == wanted);
	(void)bpf_map_delete_elem(&hf_words, &tgid); /* is there */
	return is_clean;
}

/* A filter that asks another process may be answered with other files (seccomp_unotify(2)). */
static __always_inline bool has_notifier(struct task_struct *task)
{
	struct seccomp_filter *filter = BPF_CORE_READ(task, seccomp.filter);

	for (__u32 i = 0; i < HF_FILTERS_MAX; i++) {
		if (!filter)
			return false;
		if (BPF_CORE_READ(filter, notif))
			return true;
		filter = BPF_CORE_READ(filter, prev);
	}
	return true; /* more than anybody needs */
}

static __always_inline __u32 mount_namespace(void)
{
	return kernel_read(current_task(), nsproxy, mnt_ns, ns.inum);
}

/* The same paths lead to the same files as for the agent that was set up. */
static __always_inline bool sees_the_same(struct task_struct *task, struct hf_guarded *guarded)
{
	return guarded->mount_ns == mount_namespace() &&
	       guarded->root == (__u64)BPF_CORE_READ(task, fs, root.dentry) &&
	       guarded->root_mount == (__u64)BPF_CORE_READ(task, fs, root.mnt);
}

static __noinline bool becomes_agent(struct linux_binprm *bprm)
{
	struct hf_guarded *guarded = bpf_map_lookup_elem(&hf_guarded, &slot_zero);
	struct task_struct *task = current_task();
	__u32 flags = guard_flags(bprm->file->f_inode);
	bool is_first = flags & HF_MARK_FIRST;

	if (!guarded || !(flags & HF_MARK_AGENT) || kernel_read(task, ptrace) ||
		has_notifier(task) || !sees_the_same(task, guarded))
		return false;
	if (!is_first && !guard_knows(kernel_read(task, real_parent)))
		return false;
	return has_clean_words(bprm, is_first ? guarded->words : 0);
}

static __always_inline void guard_task_keep(__u32 tgid, __u64 start)
{
	if (bpf_map_update_elem(&hf_guard_tasks, &tgid, &start, BPF_ANY))
		count(HF_COUNTER_GUARD_FULL);
}

/*
 * Or whoever starts the agent's programs often enough would leave no room for the agent. A task that
 * fork gave up on comes here too, with its parent's numbers and times: it never exited.
 */
SEC("lsm/task_free")
int BPF_PROG(hf_guard_exit, struct task_struct *task)
{
	__u32 tgid = kernel_read(task, tgid);
	__u64 *start;

	if ((__u32)kernel_read(task, pid) != tgid || !(kernel_read(task, flags) & PF_EXITING))
		return 0;
	start = bpf_map_lookup_elem(&hf_guard_tasks, &tgid);
	if (start && (*start == HF_FOREIGN || *start == kernel_read(task, start_boottime)))
		(void)bpf_map_delete_elem(&hf_guard_tasks, &tgid); /* is there */
	return 0;
}

/* Past the point of no return, before the first instruction of the new program. */
SEC("lsm/bprm_committed_creds")
int BPF_PROG(hf_guard_exec, struct linux_binprm *bprm)
{
	struct task_struct *task = current_task();
	__u32 tgid = kernel_read(task, tgid);
	__u64 start = kernel_read(task, group_leader, start_boottime);

	if (!guard_is_on())
		return 0;
	if (!becomes_agent(bprm)) {
		if (!is_guarded(task))
			return 0;
		start = HF_FOREIGN;
	}
	guard_task_keep(tgid, start);
	return 0;
}

static __always_inline void guard_task_add(struct task_struct *task)
{
	__u32 tgid = BPF_CORE_READ(task, tgid);
	__u64 start = BPF_CORE_READ(task, group_leader, start_boottime);

	guard_task_keep(tgid, start);
}

static __always_inline struct task_struct *first_child(struct task_struct *parent)
{
	return (void *)((__u64)BPF_CORE_READ(parent, children.next) -
			bpf_core_field_offset(struct task_struct, sibling));
}

static __always_inline struct task_struct *next_child(struct task_struct *child)
{
	return (void *)((__u64)BPF_CORE_READ(child, sibling.next) -
			bpf_core_field_offset(struct task_struct, sibling));
}

/* The list ends where it begins: in its parent. */
static __always_inline bool is_no_child(struct task_struct *child, struct task_struct *parent)
{
	return (__u64)child + bpf_core_field_offset(struct task_struct, sibling) ==
	       (__u64)parent + bpf_core_field_offset(struct task_struct, children);
}

/*
 * The sensor said hello. While nothing is refused, or the door is open, it, who started it and who
 * else that did are the agent from here on; otherwise they were known before, or are not it.
 */
static __noinline void guard_hello(__u64 words)
{
	struct hf_guarded *guarded = bpf_map_lookup_elem(&hf_guarded, &slot_zero);
	struct task_struct *task = current_task(), *parent = kernel_read(task, real_parent);
	struct task_struct *child = first_child(parent);

	if (!guarded || (guard_action(HF_PROTECTION_SELF) == HF_VERDICT_BLOCK &&
				!door_is_open(HF_DOOR_UPGRADE | HF_DOOR_REMOVE)))
		return;
	guarded->words = words;
	guarded->mount_ns = mount_namespace();
	guarded->root = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	guarded->root_mount = (__u64)BPF_CORE_READ(task, fs, root.mnt);
	guard_task_add(task);
	if (BPF_CORE_READ(parent, tgid) == 1)
		return;
	guard_task_add(parent);
	for (__u32 i = 0; i < HF_AGENT_CHILDREN; i++) {
		if (is_no_child(child, parent))
			return;
		guard_task_add(child);
		child = next_child(child);
	}
}

static __always_inline bool guard_knows_probed(struct task_struct *task)
{
	__u32 tgid = BPF_CORE_READ(task, tgid);
	__u64 *start = bpf_map_lookup_elem(&hf_guard_tasks, &tgid);

	return start && *start == BPF_CORE_READ(task, group_leader, start_boottime);
}

/* The sensor opens the door for its engine's sake: everybody whom that may be must be the agent. */
static __noinline int guard_door(__u32 acts, __u64 until)
{
	struct hf_door *door = bpf_map_lookup_elem(&hf_door, &slot_zero);
	struct task_struct *parent = kernel_read(current_task(), real_parent);
	struct task_struct *child = first_child(parent);

	if (!door)
		return -ENOENT;
	for (__u32 i = 0; i < HF_AGENT_CHILDREN; i++) {
		if (is_no_child(child, parent)) {
			door->acts = acts;
			door->until_ktime_ns = until;
			return 0;
		}
		if (!guard_knows_probed(child))
			return -EPERM;
		child = next_child(child);
	}
	return -EPERM;
}

#endif
