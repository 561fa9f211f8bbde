/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Access to the shared slots and to a process's own state. Owns no decision.
 */
#ifndef HOLDFAST_BPF_STATE_H
#define HOLDFAST_BPF_STATE_H

#include "compat.bpf.h"

static const __u32 slot_zero = 0;

static __always_inline struct hf_state *state_get(void)
{
	return bpf_map_lookup_elem(&hf_state, &slot_zero);
}

/* The policy in force; the pointer stays whole and unchanged until the hook returns (RCU). */
static __always_inline struct hf_bank *bank_get(void)
{
	void *inner = bpf_map_lookup_elem(&hf_banks, &slot_zero);

	return inner ? bpf_map_lookup_elem(inner, &slot_zero) : NULL;
}

static __always_inline void count(__u32 counter)
{
	__u64 *total = bpf_map_lookup_elem(&hf_counters, &counter);

	if (total)
		(*total)++;
}

/*
 * As value_of(), of a map that never is full: what there is in it is counted, and so is what it must
 * have forgotten. It forgets up to a few hundred too early (BPF_LRU_FREE_TARGET on each CPU,
 * kernel/bpf/bpf_lru_list.c).
 */
static __always_inline void *kept_value_of(
	void *map, __u32 which, const void *key, const void *first)
{
	void *value = bpf_map_lookup_elem(map, key);
	__u32 slot = which; /* or the most would be looked up by what lies on the stack */
	__u32 *number = bpf_map_lookup_elem(&hf_kept, &slot);

	if (value || bpf_map_update_elem(map, key, first, BPF_NOEXIST) || !number)
		return value ? value : bpf_map_lookup_elem(map, key); /* or raced: fine */
	if (*number < kept_max[which])
		__sync_fetch_and_add(number, 1);
	else
		count(HF_COUNTER_FORGOTTEN);
	return bpf_map_lookup_elem(map, key);
}

static __always_inline void kept_end(void *map, __u32 which, const void *key)
{
	__u32 *number = bpf_map_lookup_elem(&hf_kept, &which);

	if (!bpf_map_delete_elem(map, key) && number && *number) /* most are not there */
		__sync_fetch_and_add(number, -1);
}

/* The leader of the thread group that has this number, an address; NULL when it is gone. */
static __always_inline struct task_struct *task_of_pid(struct pid *pid)
{
	__u64 link = (__u64)BPF_CORE_READ(pid, tasks[PIDTYPE_TGID].first);

	if (!link)
		return NULL;
	return (void *)(link - bpf_core_field_offset(struct task_struct, pid_links) -
			PIDTYPE_TGID * sizeof(struct hlist_node));
}

static __always_inline struct hf_task *task_of(struct task_struct *task)
{
	return task_state(kernel_read(task, group_leader), 0);
}

static __always_inline struct hf_task *task_current(void)
{
	return task_of(current_task());
}

static __always_inline struct hf_task *task_current_create(void)
{
	struct task_struct *task = current_task();

	return task_state(kernel_read(task, group_leader), HF_CREATE_TASK);
}

static __always_inline __u64 shared_mm_taint(struct task_struct *task)
{
	__u64 mm = (__u64)kernel_read(task, mm);
	__u64 *labels = bpf_map_lookup_elem(&hf_shared_mm, &mm);

	return labels ? *labels : 0;
}

#define HF_GROUP_DEPTH 8 /* groups that became part of one another; deeper ones are cut short */

/* The group that this one has become part of, itself in the end. */
static __noinline __u32 group_root(__u32 number)
{
	for (int i = 0; i < HF_GROUP_DEPTH; i++) {
		struct hf_group *group = bpf_map_lookup_elem(&hf_groups, &number);

		if (!group || !group->parent)
			break;
		number = group->parent;
	}
	return number;
}

static __noinline __u64 group_labels(__u32 number)
{
	struct hf_state *state = state_get();
	struct hf_group *group;
	__u32 root;

	if (!state || !state->has_labelled_group)
		return 0;
	root = group_root(number);
	group = bpf_map_lookup_elem(&hf_groups, &root);
	return group ? group->labels : 0;
}

#ifndef HF_BASELINE /* which forms no groups: memory.bpf.h */

static __noinline struct hf_group *group_create(__u32 number)
{
	const struct hf_group none = {};

	return kept_value_of(&hf_groups, HF_KEPT_GROUPS, &number, &none);
}

/* All who share the group's memory have these labels from now on. 0 or -ENOMEM. */
static __noinline int group_add(__u32 number, __u64 labels)
{
	struct hf_group *group = group_create(group_root(number));
	struct hf_state *state = state_get();

	if (!group || !state)
		return -ENOMEM;
	state->has_labelled_group = 1;
	return labels_or(&group->labels, labels);
}

static __always_inline bool group_is_shared(const struct hf_group *group)
{
	return group && group->others > 0;
}

/*
 * So many processes more share its memory. One that is joined to another at this moment (group_join())
 * may count them twice, never not at all: there the parent is written before the number is read, here
 * the number before the parent, and atomic operations of x86 keep that order.
 */
static __noinline void group_grow(__u32 number, __s32 by)
{
	__u32 root = group_root(number);
	struct hf_group *group = group_create(root);

	if (group) {
		__sync_fetch_and_add(&group->others, by);
		if (!*(volatile __u32 *)&group->parent)
			return;
		root = group_root(root);
		group = group_create(root);
	}
	if (group)
		__sync_fetch_and_add(&group->others, by);
	else
		count(HF_COUNTER_NO_MEMORY);
}

/*
 * A process has no part in its group's memory any more. While that is joined to another one, the
 * process may go on being counted; so it does when there were more than the map remembers.
 */
static __always_inline void group_leave(struct hf_task *self)
{
	__u32 number = __sync_lock_test_and_set(&self->group, 0), root; /* once, of two threads */
	struct hf_group *group;

	if (!number)
		return;
	root = group_root(number);
	group = bpf_map_lookup_elem(&hf_groups, &root);
	if (group && group->others >= 0)
		__sync_fetch_and_add(&group->others, -1);
}

#else

static __always_inline void group_grow(__u32 number, __s32 by)
{
}

static __always_inline void group_leave(struct hf_task *self)
{
}

#endif

static __always_inline __u64 taint_of(struct task_struct *task)
{
	struct hf_task *self = task_of(task);
	__u64 taint;

	if (!self)
		return 0;
	taint = self->taint;
	if (self->flags & HF_TASK_SHARED_MM)
		taint |= shared_mm_taint(task);
	if (self->group)
		taint |= group_labels(self->group);
	return taint;
}

#ifndef HF_BASELINE
/* forget.bpf.h. */
__noinline __u64 taint_forget(void);
#endif

/*
 * Labels of all that current has read. The first test is the whole cost of a machine on which
 * nobody has opened a labelled file yet.
 */
static __always_inline __u64 taint_current(void)
{
	struct hf_state *state = state_get();
	struct hf_task *self;

	if (!state || !state->has_tainted)
		return 0;
	self = task_current();
	if (!self)
		return 0;
#ifndef HF_BASELINE
	if (self->held_count)
		return taint_forget();
#endif
	return taint_of(current_task());
}

/* As taint_current(), but nothing is forgotten now: that takes more of the stack. */
static __noinline __u64 taint_known(void)
{
	struct hf_state *state = state_get();

	return state && state->has_tainted ? taint_of(current_task()) : 0;
}

/* The agent's sensor, known by process id and start time, so that a reused id is nobody. */
static __always_inline bool is_agent(void)
{
	struct task_struct *task = current_task();
	struct hf_agent *agent = bpf_map_lookup_elem(&hf_agent, &slot_zero);

	return agent && agent->tgid && (__u32)kernel_read(task, tgid) == agent->tgid &&
	       BPF_CORE_READ(task, group_leader, start_boottime) == agent->start_ns;
}

#endif
