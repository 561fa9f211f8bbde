/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Hooks on open files: open, read, write, map, receive a descriptor. Open-with and taint happen
 * at the first of these that brings labelled content to a process; write channels at each of them.
 */
#ifndef HOLDFAST_BPF_FILE_H
#define HOLDFAST_BPF_FILE_H

#include "app.bpf.h"
#include "device.bpf.h"
#include "memory.bpf.h"
#include "guard_file.bpf.h"
#include "network.bpf.h"
#include "pipe.bpf.h"
#include "ring.bpf.h"
#include "taint.bpf.h"
#include "terminal.bpf.h"

#define act_on_file(file, what)                                                                  \
	{                                                                                        \
		.operation = (what), .dentry = (file)->f_path.dentry, .mnt = (file)->f_path.mnt, \
	}

static __always_inline __u16 inode_type(struct inode *inode)
{
	return inode->i_mode & S_IFMT;
}

/* Content of a labelled file is about to reach current: may this program have it, this user now? */
static __noinline int labelled_read(
	struct file *file, __u64 labels, __u8 reason, __u8 channel, __u8 operation)
{
	struct hf_gates *gates = bpf_map_lookup_elem(&hf_gates, &slot_zero);
	struct task_struct *task = current_task();
	struct act act = act_on_file(file, operation);

	if (is_agent())
		return 0;
	if (!reason && is_own_state(file->f_path.dentry, file->f_inode, labels))
		return 0;
	act.channel = channel;
	act.labels = labels;
	act.reason = reason;
	if (gates && (labels & gates->shut))
		act.reason = HF_REASON_GATE;
	if (judge(&act))
		return -EPERM;
	if (kernel_read(task, ptrace)) {
		act.channel = HF_CHANNEL_DEBUG;
		act.reason = HF_REASON_TRACED;
		if (judge(&act))
			return -EPERM;
	}
	if (!(file->f_mode & FMODE_READ))
		return 0;
	act.channel = channel;
	act.reason = HF_REASON_RULE;
	file_hold(file);
	if (taint_add(labels, &act))
		return -EPERM;
	if (operation != HF_OPERATION_READ) {
		act.channel = channel;
		act.verdict = HF_VERDICT_ALLOW;
		act.decided = 0;
		act.reason = HF_REASON_RULE;
		report(&act, HF_RECORD_OPENED);
	}
	return 0;
}

/* A labelled reader writes to a file that has its labels: an application's settings, are they still? */
static __noinline int state_written(struct dentry *dentry, struct inode *inode)
{
	struct hf_inode *entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);

	if (!entry || !(entry->mark_flags & HF_MARK_STATE) || state_flag(dentry, inode))
		return 0;
	entry->mark_flags &= ~HF_MARK_STATE;
	state_end(inode);
	return 0;
}

/*
 * A labelled reader is about to write to a regular file. Ways out are judged when it opens the
 * file and again at each write; labels are inherited when it writes, not when it opens.
 */
static __noinline int labelled_write(struct file *file, __u64 taint, __u8 operation)
{
	struct hf_bank *bank = bank_get();
	struct act act = act_on_file(file, operation);
	struct inode *inode = file->f_inode;
	__u64 missing, follow, shed = 0;
	__u8 reason;

	if (is_pseudo(inode->i_sb))
		return 0;
	act.labels = taint;
	volume_channel(inode->i_sb, &act);
	if (act.channel != HF_CHANNEL_LOCAL_FILE)
		return judge(&act);
	missing = taint & ~labels_of(file->f_path.dentry, inode, &reason);
	if (reason)
		missing = taint;
	if (missing)
		shed = missing & exempt(file->f_path.dentry, HF_APP_SHEDS, HF_EXEMPT_DECLASSIFY);
	missing &= ~shed;
	/* What may not be written at all may not be written back to its own file either. */
	act.labels = missing;
	if (bank)
		act.labels |= taint & ~shed & bank->channels[HF_CHANNEL_LOCAL_FILE].block;
	if (act.labels && judge(&act))
		return -EPERM;
	if (operation == HF_OPERATION_OPEN)
		return 0;
	if (shed) {
		act.labels = act.decided = shed;
		act.verdict = HF_VERDICT_ALLOW;
		report(&act, HF_RECORD_DECLASSIFIED);
	}
	follow = bank ? bank->channels[HF_CHANNEL_LOCAL_FILE].follow : missing;
	if (group_write(inode, taint & ~shed & follow))
		return -EPERM;
	act.labels = missing & follow;
	if (!act.labels)
		return state_written(file->f_path.dentry, inode);
	return inode_own(inode, &act, state_flag(file->f_path.dentry, inode));
}

static __always_inline int open_regular(struct file *file, struct inode *inode)
{
	struct task_struct *task;
	struct hf_inode *entry;
	__u64 labels, taint;
	__u8 reason;

	labels = labels_of(file->f_path.dentry, inode, &reason);
	/* An empty file has nothing to protect yet, so that any program may put a new one into a
	 * labelled directory; what is written there later, file_permission judges when it is read. */
	if (labels && inode->i_size &&
		labelled_read(file, labels, reason, HF_CHANNEL_OPEN, HF_OPERATION_OPEN))
		return -EPERM;
	if (!(file->f_mode & FMODE_WRITE))
		return 0;
	entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);
	if (entry) { /* always, but for a lack of memory: labels_of() made it */
		if (guard_open(file, entry->mark_flags))
			return -EPERM;
		app_forget(file, inode, entry);
	}
	taint = taint_current();
	if (!taint)
		return 0;
	/* A core dump is written with __kernel_write, past file_permission: inherit at open. */
	task = current_task();
	if (kernel_read(task, flags) & PF_DUMPCORE)
		return labelled_write(file, taint, HF_OPERATION_WRITE);
	return labelled_write(file, taint, HF_OPERATION_OPEN);
}

SEC("lsm/file_open")
int BPF_PROG(hf_file_open, struct file *file, int ret)
{
	struct inode *inode = file->f_inode;

	if (ret)
		return ret;
	switch (inode_type(inode)) {
	case S_IFREG:
		return open_regular(file, inode);
	case S_IFBLK:
	case S_IFCHR:
		return open_device(file, inode_type(inode));
	default:
		return 0;
	}
}

static __noinline int write_by_labelled(struct file *file, __u64 taint)
{
	struct inode *inode = file->f_inode;

	switch (inode_type(inode)) {
	case S_IFREG:
		if (is_memory_file(inode->i_sb))
			return memory_write(inode, taint);
		return labelled_write(file, taint, HF_OPERATION_WRITE);
	case S_IFIFO:
		return pipe_write(inode, taint);
	case S_IFSOCK:
		return file_send(file, taint);
	case S_IFCHR:
		if (is_terminal(inode->i_rdev))
			return terminal_write(file, taint);
		return device_write(file, taint, HF_OPERATION_WRITE);
	case S_IFBLK:
		return device_write(file, taint, HF_OPERATION_WRITE);
	default:
		return 0;
	}
}

/* Of a regular file: its content became labelled, or the descriptor came, after the open. */
static __always_inline int read_of_labelled(struct file *file, struct inode *inode)
{
	__u64 labels;
	__u8 reason;

	labels = labels_of(file->f_path.dentry, inode, &reason);
	if (!labels)
		return 0;
	if (!reason && (taint_current() & labels) == labels) {
		struct hf_bank *bank = bank_get();
		struct hf_task *self = task_current();
		__u32 app = self ? self->app & (HF_APP_MAX - 1) : HF_APP_UNKNOWN;

		/* Tainted already and allowed by its own identity: nothing new to say. What
		 * forgets must be known to hold it. */
		if (bank && !(labels & ~bank->apps[app].open) &&
			!(bank->apps[app].flags & HF_APP_FORGETS))
			return 0;
	}
	return labelled_read(file, labels, reason, HF_CHANNEL_OPEN, HF_OPERATION_READ);
}

/* Of what is neither pipe nor socket. 0 or -EPERM. */
static __always_inline int regular_read(struct file *file, struct inode *inode)
{
	struct hf_inode *entry;

	if (inode_type(inode) != S_IFREG)
		return 0;
	if (is_memory_file(inode->i_sb))
		return memory_read(inode);
	entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);
	return is_unlabelled(entry) ? 0 : read_of_labelled(file, inode);
}

SEC("lsm/file_permission")
int BPF_PROG(hf_file_permission, struct file *file, int mask, int ret)
{
	struct inode *inode = file->f_inode;
	__u64 taint;

	if (ret)
		return ret;
	if (mask & MAY_WRITE) {
		if (inode->i_sb->s_magic == CGROUP2_SUPER_MAGIC && guard_write_cgroup(file))
			return -EPERM;
		taint = taint_current();
		if (taint)
			return write_by_labelled(file, taint);
		if (clipboard_is_watched(0) && inode_type(inode) == S_IFCHR &&
			is_terminal(inode->i_rdev))
			terminal_paste(file);
		return 0;
	}
	if (inode_type(inode) == S_IFIFO)
		return pipe_read_by_current(inode);
	if (inode_type(inode) == S_IFSOCK)
		return socket_read(file);
	return regular_read(file, inode);
}

/* A descriptor arrives by SCM_RIGHTS or pidfd_getfd. */
SEC("lsm/file_receive")
int BPF_PROG(hf_file_receive, struct file *file, int ret)
{
	struct inode *inode = file->f_inode;
	__u64 labels;
	__u8 reason;

	if (ret)
		return ret;
	if (is_anonymous(inode))
		return ring_take(inode) ? -EPERM : 0;
	if (inode_type(inode) != S_IFREG || is_pseudo(inode->i_sb))
		return 0;
	labels = labels_of(file->f_path.dentry, inode, &reason);
	if (!labels)
		return 0;
	return labelled_read(file, labels, reason, HF_CHANNEL_DESCRIPTOR, HF_OPERATION_RECEIVE_FD);
}

/* Loads have no hook, so the mapping itself is the read. */
static __noinline int map_read(struct file *file)
{
	return regular_read(file, file->f_inode);
}

/* From now on the file has what its group has read, but for where the policy takes labels away. */
static __always_inline void map_inherits(struct file *file, __u32 state)
{
	struct hf_inode *entry = bpf_inode_storage_get(&hf_inodes, file->f_inode, NULL, 0);

	if (!entry || exempt(file->f_path.dentry, HF_APP_SHEDS, HF_EXEMPT_DECLASSIFY))
		return;
	if (entry->inherits)
		state &= entry->inherits; /* somebody else maps it too */
	entry->inherits = HF_MARK_DERIVED | state;
}

/* Writable shared mapping: stores have no hook, so the mapping itself is the write. */
static __noinline int map_writable(struct file *file)
{
	struct inode *inode = file->f_inode;
	__u64 taint = taint_current();
	struct act act = {};
	bool is_in_group;
	__u32 flags = 0;

	switch (inode_type(inode)) {
	case S_IFREG:
		if (is_pseudo(inode->i_sb) || is_memory_file(inode->i_sb))
			return 0;
		volume_channel(inode->i_sb, &act);
		if (act.channel == HF_CHANNEL_LOCAL_FILE && is_cache(file->f_path.dentry))
			return 0;
		if (taint && labelled_write(file, taint, HF_OPERATION_MAP))
			return -EPERM;
		flags = state_flag(file->f_path.dentry, inode);
		break;
	case S_IFBLK:
		if (taint && device_write(file, taint, HF_OPERATION_MAP))
			return -EPERM;
		act.channel = HF_CHANNEL_RAWDISK;
		act.allow = device_allow(inode->i_rdev);
		break;
	default:
		return 0;
	}
	/* What a local file gets of what its labelled mapper reads, its group knows. */
	is_in_group = has_groups && act.channel == HF_CHANNEL_LOCAL_FILE;
	if (is_in_group)
		map_inherits(file, flags);
	if (!taint || !is_in_group)
		mapped_remember(inode, &act, flags);
	return 0;
}

/* Of a regular file. 0, -EPERM or -ENOMEM. */
static __always_inline int map_shared(struct file *file, bool is_writable)
{
	if (is_writable && is_cache(file->f_path.dentry))
		return 0;
	return group_map(file->f_inode, is_writable);
}

/* /dev/zero, mapped: as MAP_ANONYMOUS (mmap_zero() in drivers/char/mem.c). */
static __always_inline bool is_zero_device(struct inode *inode)
{
	return inode_type(inode) == S_IFCHR && inode->i_rdev == DEV_ZERO;
}

/*
 * The verifier of 6.12 takes a hook's arguments for never NULL and throws out what is only reached
 * when one is (an oops on 6.12 showed it); as a number it knows nothing about them.
 */
static __always_inline bool is_null_argument(const void *context, int number)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), context + number * sizeof(address));
	return !address;
}

SEC("lsm/mmap_file")
int BPF_PROG(hf_mmap_file, struct file *file, unsigned long reqprot, unsigned long prot,
	unsigned long flags, int ret)
{
	int r;

	if ((flags & MAP_SHARED) && is_null_argument(ctx, 0)) {
		group_map_anonymous();
		return ret;
	}
	if (ret || !file)
		return ret;
	r = map_read(file);
	if (r || !(flags & MAP_SHARED))
		return r;
	if (is_anonymous(file->f_inode))
		return anonymous_map(file) ? -EPERM : 0;
	if (is_zero_device(file->f_inode)) {
		group_map_anonymous();
		return 0;
	}
	if (inode_type(file->f_inode) == S_IFREG && map_shared(file, prot & PROT_WRITE))
		return -EPERM;
	return prot & PROT_WRITE ? map_writable(file) : 0;
}

SEC("lsm/file_mprotect")
int BPF_PROG(hf_file_mprotect, struct vm_area_struct *vma, unsigned long reqprot,
	unsigned long prot, int ret)
{
	struct file *file = vma->vm_file;

	if (ret || !(prot & PROT_WRITE) || !(vma->vm_flags & VM_SHARED) || !file)
		return ret;
	if (inode_type(file->f_inode) == S_IFREG && map_shared(file, true))
		return -EPERM;
	return map_writable(file);
}

#endif
