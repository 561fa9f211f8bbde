/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Payloads of the kernel's keyrings, by a key's serial number. */
#ifndef HOLDFAST_BPF_KEY_H
#define HOLDFAST_BPF_KEY_H

#include "carry.bpf.h"

static __always_inline void key_key(__s32 serial, struct hf_inode_key *ret_key)
{
	ret_key->dev = HF_PLACE_KEY;
	ret_key->ino = (__u32)serial;
}

/* The key has no number yet: this can refuse, and the end of add_key(2) knows which it was. */
SEC("lsm/key_alloc")
int BPF_PROG(
	hf_key_alloc, struct key *new_key, const struct cred *cred, unsigned long flags, int ret)
{
	__u64 taint;

	if (ret)
		return ret;
	taint = taint_current();
	return taint ? pass_judge(taint, HF_OPERATION_WRITE) : 0;
}

static __always_inline int key_written(long serial)
{
	__u64 taint = taint_current();
	struct hf_inode_key key = {};

	if (!taint || serial <= 0)
		return 0;
	key_key(serial, &key);
	place_fill(&key, taint);
	return 0;
}

SEC("fexit/__x64_sys_add_key")
int BPF_PROG(hf_add_key, struct pt_regs *regs, long ret)
{
	return key_written(ret);
}

SEC("fexit/__ia32_sys_add_key")
int BPF_PROG(hf_add_key_32, struct pt_regs *regs, long ret)
{
	return key_written(ret);
}

SEC("fentry/keyctl_update_key")
int BPF_PROG(hf_update_key, __s32 serial)
{
	return key_written(serial);
}

SEC("fexit/keyctl_read_key")
int BPF_PROG(hf_read_key, __s32 serial, char *buffer, unsigned long size, long ret)
{
	struct hf_inode_key key = {};

	if (ret <= 0 || !has_carried())
		return 0;
	key_key(serial, &key);
	(void)place_take(&key, HF_HOP_KEY | HF_DELIVERED); /* the data is out */
	return 0;
}

#endif
