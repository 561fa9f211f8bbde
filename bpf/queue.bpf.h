/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Message queues, SysV and POSIX. Both make their messages through one hook, which can refuse and
 * knows no queue; the queue is seen where the message goes in and comes out.
 */
#ifndef HOLDFAST_BPF_QUEUE_H
#define HOLDFAST_BPF_QUEUE_H

#include "carry.bpf.h"

SEC("lsm/msg_msg_alloc_security")
int BPF_PROG(hf_msg_msg_alloc, struct msg_msg *msg, int ret)
{
	__u64 taint;

	if (ret)
		return ret;
	taint = taint_current();
	return taint ? pass_judge(taint, HF_OPERATION_SEND) : 0;
}

static __always_inline void queue_key(__u32 id, struct hf_inode_key *ret_key)
{
	ret_key->dev = HF_PLACE_QUEUE;
	ret_key->ino = id; /* its sequence number is in it */
}

SEC("lsm/msg_queue_msgsnd")
int BPF_PROG(
	hf_msg_queue_msgsnd, struct kern_ipc_perm *perm, struct msg_msg *msg, int flags, int ret)
{
	struct hf_inode_key key = {};
	__u64 taint;

	if (ret)
		return ret;
	taint = taint_current();
	if (!taint)
		return 0;
	queue_key(kernel_read(perm, id), &key);
	return place_put(&key, taint);
}

/* At its end, for who was waiting too: the queue is labelled before its sender wakes anyone. */
SEC("fexit/do_msgrcv")
int BPF_PROG(hf_msgrcv, int id, void *buffer, unsigned long size, long type, int flags,
	void *handler, long ret)
{
	struct hf_inode_key key = {};

	if (ret < 0 || !has_carried())
		return 0;
	queue_key(id, &key);
	(void)place_take(&key, HF_HOP_QUEUE | HF_DELIVERED); /* the data is out */
	return 0;
}

SEC("fentry/do_mq_timedsend")
int BPF_PROG(hf_mq_send, int descriptor)
{
	__u64 taint = taint_current();
	struct hf_inode_key key = {};

	/* Refused: so will be its message, in hf_msg_msg_alloc. */
	if (!taint || pass_judge(taint, HF_OPERATION_SEND))
		return 0;
	inode_key_read(inode_of_fd(descriptor), &key);
	place_fill(&key, taint);
	return 0;
}

SEC("fexit/do_mq_timedreceive")
int BPF_PROG(hf_mq_receive, int descriptor, void *buffer, unsigned long size,
	unsigned int *priority, void *time, long ret)
{
	struct hf_inode_key key = {};

	if (ret < 0 || !has_carried())
		return 0;
	inode_key_read(inode_of_fd(descriptor), &key);
	(void)place_take(&key, HF_HOP_QUEUE | HF_DELIVERED); /* the data is out */
	return 0;
}

#endif
