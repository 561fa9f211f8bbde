/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Content on its way from one process to another, whatever carries it: who puts some in is judged
 * (channel ipc: block) or leaves its labels there (follow), and who takes some out gets them.
 * Carriers by verified identity are between all processes and get none.
 */
#ifndef HOLDFAST_BPF_CARRY_H
#define HOLDFAST_BPF_CARRY_H

#include "app.bpf.h"
#include "taint.bpf.h"

/* A process that ran before the agent has no identity by exec: its executable's counts here. */
static __always_inline __u32 app_running(struct task_struct *task)
{
	struct hf_inode_key key = {};
	struct hf_mark *mark;

	key.ino = BPF_CORE_READ(task, mm, exe_file, f_inode, i_ino);
	key.dev = BPF_CORE_READ(task, mm, exe_file, f_inode, i_sb, s_dev);
	key.generation = BPF_CORE_READ(task, mm, exe_file, f_inode, i_generation);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	return mark ? mark->app : HF_APP_UNKNOWN;
}

/* Process 1 is a carrier by its place: it has a connection to every service. */
#define HF_APP_FIRST (HF_APP_CARRIER | HF_APP_MANAGER)

/* HF_APP_* of current. */
static __noinline __u32 app_flags(void)
{
	struct task_struct *task = current_task();
	struct hf_task *self = task_current();
	struct hf_bank *bank = bank_get();
	__u32 app = self ? self->app : HF_APP_UNKNOWN;

	if (kernel_read(task, tgid) == 1)
		return HF_APP_FIRST;
	if (!bank)
		return 0;
	if (!app)
		app = app_running(task);
	return bank->apps[app & (HF_APP_MAX - 1)].flags;
}

/* HF_APP_* of another process, by the executable that it runs now. */
static __always_inline __u32 app_flags_running(struct task_struct *task)
{
	struct hf_bank *bank = bank_get();

	if (!task || !bank)
		return 0;
	if (BPF_CORE_READ(task, tgid) == 1)
		return HF_APP_FIRST;
	return bank->apps[app_running(task) & (HF_APP_MAX - 1)].flags;
}

/* What a print service is handed has been judged: it is on its way to paper. */
static __always_inline bool is_carrier(void)
{
	return app_flags() & (HF_APP_CARRIER | HF_APP_PRINTS);
}

static __always_inline int pass_judge(__u64 taint, __u8 operation)
{
	struct act act = {
		.channel = HF_CHANNEL_PASS,
		.operation = operation,
		.labels = taint,
	};

	return judge(&act);
}

/* Current, a labelled reader, has put something in. 0, or -EPERM when the labels can't be kept. */
static __always_inline int carry(struct hf_carried *carried, __u64 taint)
{
	struct hf_task *self = task_current();
	struct hf_bank *bank = bank_get();

	if (bank)
		taint &= bank->channels[HF_CHANNEL_PASS].follow;
	if (!taint)
		return 0;
	if ((carried->labels & taint) != taint && labels_or(&carried->labels, taint))
		return -EPERM;
	if (!self || !taint_known())
		return 0;
	introduce(self);
	source_of_current(&carried->from);
	(void)origins_merge(&carried->origins, &self->origins); /* known or new: there */
	return 0;
}

static __noinline bool is_from_current(const struct hf_carried *carried)
{
	struct task_struct *task = current_task();

	return carried->from.tgid == (__u32)kernel_read(task, tgid) &&
	       carried->from.start_ktime_ns == BPF_CORE_READ(task, group_leader, start_boottime);
}

static __noinline void received_from(const struct hf_carried *carried, __u32 hop, bool is_new)
{
	struct hf_task *self = task_current();

	if (!self || is_from_current(carried)) /* with others' labels from before */
		return;
	if (!origins_merge(&self->origins, &carried->origins) && !is_new)
		return;
	self->source = carried->from;
	self->source.hop = hop;
	self->is_introduced = 0;
#ifndef HF_BASELINE
	if (self->group && origins_to_group(self->group, self))
		introduce(self);
#endif
}

#define HF_DELIVERED 0x100u /* beside the hop: it is out, so that all is a record alone */

VERIFIED_ONCE int deliver_once(const struct hf_carried *carried, __u32 hop)
{
	struct act act = {
		.channel = HF_CHANNEL_PASS,
		.operation = hop & HF_DELIVERED ? HF_OPERATION_TAKEN : HF_OPERATION_READ,
	};
	__u64 missing;

	if (!carried)
		return -EPERM;
	act.labels = carried->labels;
	if (!act.labels || is_carrier())
		return 0;
	missing = act.labels & ~taint_known();
	if (!missing && is_from_current(carried))
		return 0;
	if (missing && (carried->flags & HF_CARRIED_REFUSED) && judge(&act))
		return -EPERM;
	if (taint_add(carried->labels, &act))
		return -EPERM;
	received_from(carried, hop & ~HF_DELIVERED, missing);
	return 0;
}

/* What *carried carries is about to come to current. 0 or -EPERM. */
static __always_inline int deliver(const struct hf_carried *carried, __u32 hop)
{
	return refusal(deliver_once(carried, hop));
}

/* What has no inode of its own is kept under device numbers that no device has. */
#define HF_PLACE_QUEUE	  0xfff00001u /* SysV message queue, ino = id */
#define HF_PLACE_TERMINAL 0xfff00002u /* pseudo-terminal, ino = index and direction */
#define HF_PLACE_KEY	  0xfff00003u /* key, ino = serial number */

/* NULL: not labelled, or no room for it. */
static __noinline struct hf_carried *place_state(const struct hf_inode_key *key, bool is_created)
{
	struct hf_state *state = state_get();

	if (!is_created || !state)
		return bpf_map_lookup_elem(&hf_places, key);
	state->has_carried = 1;
	return kept_value_of(&hf_places, HF_KEPT_PLACES, key, &carried_none);
}

/* A labelled reader puts something there. 0 or -EPERM. */
static __noinline int place_put(const struct hf_inode_key *key, __u64 taint)
{
	struct hf_carried *carried;

	if (pass_judge(taint, HF_OPERATION_WRITE))
		return -EPERM;
	carried = place_state(key, true);
	return carried ? carry(carried, taint) : -EPERM;
}

/* Labels came in with no refusal: those that were due one, others may not take. 0 or -EPERM. */
static __always_inline int place_add(struct hf_carried *carried, __u64 labels)
{
	struct hf_bank *bank = bank_get();

	if (bank) {
		const struct hf_channel_masks *masks = &bank->channels[HF_CHANNEL_PASS];
		__u64 refused = labels & (masks->block | masks->warn);

		labels = refused | (labels & masks->follow);
		if (refused)
			carried->flags |= HF_CARRIED_REFUSED;
	} else {
		carried->flags |= HF_CARRIED_REFUSED;
	}
	return (carried->labels & labels) == labels ? 0 : labels_or(&carried->labels, labels);
}

/* As carry(), of labels that may be due a refusal. 0 or -EPERM. */
static __always_inline int carry_unjudged(struct hf_carried *carried, __u64 taint)
{
	return place_add(carried, taint) ? -EPERM : carry(carried, taint);
}

/* As place_put(), where no hook can refuse. */
static __noinline void place_fill(const struct hf_inode_key *key, __u64 taint)
{
	struct hf_carried *carried = place_state(key, true);

	if (carried) /* the map is of the kind that never is full */
		(void)carry_unjudged(carried, taint); /* its caller refuses nothing */
}

/* Current takes something out. 0 or -EPERM. */
static __always_inline int place_take(const struct hf_inode_key *key, __u32 hop)
{
	struct hf_carried *carried = place_state(key, false);

	return carried ? deliver(carried, hop) : 0;
}

static __always_inline bool has_carried(void)
{
	struct hf_state *state = state_get();

	return state && state->has_carried;
}

/* An inode is gone: nobody has a descriptor of this pipe, memory file or ring any more. */
static __always_inline void carried_end(struct inode *inode)
{
	__u32 type = inode->i_mode & S_IFMT;
	struct hf_inode_key key = {};

#ifndef HF_BASELINE /* which has no rings */
	if (!type) {
		inode_key(inode, &key);
		kept_end(&hf_rings, HF_KEPT_RINGS, &key);
		return;
	}
#endif
	if (!has_carried() ||
		!(type == S_IFIFO || (type == S_IFREG && is_memory_file(inode->i_sb))))
		return;
	inode_key(inode, &key);
	kept_end(&hf_places, HF_KEPT_PLACES, &key);
}

/* The inode behind a descriptor of current, where a hook gives no file. */
static __always_inline struct inode *inode_of_fd(__u64 fd)
{
	struct task_struct *task = current_task();
	struct file **files = BPF_CORE_READ(task, files, fdt, fd), *file = NULL;

	if (fd >= BPF_CORE_READ(task, files, fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return BPF_CORE_READ(file, f_inode);
}

/* As inode_key(), for an inode that is a mere address. */
static __always_inline void inode_key_read(struct inode *inode, struct hf_inode_key *ret_key)
{
	ret_key->ino = BPF_CORE_READ(inode, i_ino);
	ret_key->subvolume = 0;
	ret_key->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	ret_key->generation = BPF_CORE_READ(inode, i_generation);
}

/* What is pushed into another process (a signal's value, a debugger's stores). 0 or -EPERM. */
static __noinline int push(struct task_struct *target, __u64 taint, __u32 hop)
{
	struct hf_task *self = task_current(), *to;
	struct hf_bank *bank = bank_get();
	__u32 tgid = kernel_read(target, tgid);

	if (tgid == 1 || tgid == bpf_get_current_pid_tgid() >> 32)
		return 0;
	if (pass_judge(taint, HF_OPERATION_SEND))
		return -EPERM;
	if (bank)
		taint &= bank->channels[HF_CHANNEL_PASS].follow;
	to = task_state(kernel_read(target, group_leader), HF_CREATE_TASK);
	if (!to)
		return -EPERM;
	to->flags |= HF_TASK_KEEPS; /* first: taint_forget() */
	if (labels_or(&to->taint, taint))
		return -EPERM;
#ifndef HF_BASELINE /* which forms no groups: memory.bpf.h */
	if (to->group && group_add(to->group, taint))
		return -EPERM;
#endif
	if (self) {
		introduce(self);
		source_of_current(&to->source);
		to->source.hop = hop;
		to->is_introduced = 0;
		(void)origins_merge(&to->origins, &self->origins); /* known or new: there */
	}
	return 0;
}

#endif
