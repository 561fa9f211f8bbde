/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Memory behind descriptors that have no file: io_uring's rings and BPF maps. Whoever has made a ring
 * shares it with those who get its descriptor, by fork or from outside; a message to it passes no hook
 * at all (io_uring/msg_ring.c). So a ring has its maker's group (memory.bpf.h) from the beginning. BPF
 * maps all have one inode, and are not told apart.
 */
#ifndef HOLDFAST_BPF_RING_H
#define HOLDFAST_BPF_RING_H

#include "judge.bpf.h"
#include "memory.bpf.h"

#ifndef HF_BASELINE /* which forms no groups */

#define RING_NAME    NAME6('[', 'i', 'o', '_', 'u', 'r')
#define BPF_MAP_NAME NAME6('b', 'p', 'f', '-', 'm', 'a')

/* Files without a type: the kernel's own, of which a process has no more than a descriptor. */
static __always_inline bool is_anonymous(struct inode *inode)
{
	return !(inode->i_mode & S_IFMT);
}

static __always_inline __u32 ring_group(const struct hf_inode_key *key)
{
	__u32 *number = bpf_map_lookup_elem(&hf_rings, key);

	return number ? *number : 0;
}

SEC("lsm/inode_init_security_anon")
int BPF_PROG(hf_ring_made, struct inode *inode, const struct qstr *name,
	const struct inode *context, int ret)
{
	struct hf_inode_key key = {};
	struct hf_task *self;
	__u32 *number;
	__u64 taint;

	if (ret || name_begin(name) != RING_NAME || is_carrier())
		return ret;
	self = task_current_create();
	if (!self)
		return -ENOMEM;
	group_own(self);
	inode_key(inode, &key);
	taint = taint_current();
	number = kept_value_of(&hf_rings, HF_KEPT_RINGS, &key, &self->group);
	if (number) /* of an earlier ring, if there was one */
		*number = self->group;
	if (!number || (taint && group_add(self->group, taint))) {
		count(HF_COUNTER_NO_MEMORY);
		return -ENOMEM;
	}
	if (taint)
		(void)origins_to_group(self->group, self); /* for people */
	return 0;
}

/* Somebody's ring comes to current: its descriptor, or its memory. 0, -EPERM or -ENOMEM. */
static __noinline int ring_take(struct inode *inode)
{
	struct hf_inode_key key = {};
	struct hf_task *self;
	__u32 number;

	inode_key(inode, &key);
	number = ring_group(&key);
	if (!number || is_carrier())
		return 0;
	self = task_current_create();
	if (!self)
		return -ENOMEM;
	if (self->group == number)
		return 0;
	if (group_take(number))
		return -EPERM;
	return group_enter(self, number);
}

/* A BPF map in memory: what is stored there others see, and none of them is known. 0 or -EPERM. */
static __noinline int bpf_map_mapped(void)
{
	struct act act = {
		.channel = HF_CHANNEL_PASS,
		.operation = HF_OPERATION_MAP,
		.reason = HF_REASON_UNFOLLOWED,
	};
	struct hf_task *self;

	if (is_agent() || is_carrier())
		return 0;
	act.labels = taint_current();
	if (act.labels)
		return judge(&act);
	self = task_current_create();
	if (!self)
		return -ENOMEM;
	self->flags |= HF_TASK_OUTSIDE;
	return 0;
}

/* Of a file without a type, shared. 0, -EPERM or -ENOMEM. */
static __always_inline int anonymous_map(struct file *file)
{
	if (name_begin(&file->f_path.dentry->d_name) == BPF_MAP_NAME)
		return bpf_map_mapped();
	return ring_take(file->f_inode);
}

/* A labelled reader sends a ring a message. Nothing can refuse it here. */
SEC("fentry/io_msg_ring")
int BPF_PROG(hf_ring_message, struct io_kiocb *request)
{
	struct hf_task *self;
	struct hf_inode_key key = {};
	__u64 taint = taint_current();
	__u32 number;

	if (!taint)
		return 0;
	inode_key_read(BPF_CORE_READ(request, file, f_inode), &key);
	number = ring_group(&key);
	self = task_current();
	if (!number || !self || self->group == number)
		return 0;
	if (group_add(number, taint))
		count(HF_COUNTER_NO_MEMORY);
	introduce(self);
	(void)origins_to_group(number, self); /* for people */
	return 0;
}

#else

static __always_inline bool is_anonymous(struct inode *inode)
{
	return false;
}

static __always_inline int ring_take(struct inode *inode)
{
	return 0;
}

static __always_inline int anonymous_map(struct file *file)
{
	return 0;
}

#endif
#endif
