/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Hooks on open files: open, read, write, receive a descriptor. Open-with and taint happen at the
 * first of these that brings labelled content to a process, or at a mapping (mapping.bpf.h); write
 * channels at each of them.
 */
#ifndef HOLDFAST_BPF_FILE_H
#define HOLDFAST_BPF_FILE_H

#include "app.bpf.h"
#include "clipboard.bpf.h"
#include "device.bpf.h"
#include "memory.bpf.h"
#include "guard_file.bpf.h"
#include "network.bpf.h"
#include "pipe.bpf.h"
#include "ring.bpf.h"
#include "screen_device.bpf.h"
#include "taint.bpf.h"
#include "terminal.bpf.h"
#include "vault.bpf.h"

#define act_on_file(file, what)                                                                  \
	{                                                                                        \
		.operation = (what), .dentry = (file)->f_path.dentry, .mnt = (file)->f_path.mnt, \
	}

static __always_inline __u16 inode_type(struct inode *inode)
{
	return inode->i_mode & S_IFMT;
}

/*
 * What a client draws in, and hands to its display: as memory, but made in /dev/shm and unlinked at once.
 * A client that captures what is labelled (follow) has it labelled before the display has received it.
 */
static __always_inline bool is_carried_buffer(struct inode *inode)
{
	return inode->i_sb->s_magic == TMPFS_MAGIC && !inode->i_nlink && is_carrier();
}

/* Content of a labelled file is about to reach current: may this program have it, this user now? */
static __noinline int labelled_read(
	struct file *file, __u64 labels, __u8 reason, __u8 channel, __u8 operation)
{
	struct task_struct *task = current_task();
	struct act act = act_on_file(file, operation);

	/* What the agent opens for writing alone reaches nobody: holdfast-wipe overwrites what all gates have shut. */
	if (is_agent() || (!(file->f_mode & FMODE_READ) && is_agents_own()))
		return 0;
	if (!reason && is_own_state(file->f_path.dentry, file->f_inode, labels))
		return 0;
	if (operation != HF_OPERATION_OPEN && is_carried_buffer(file->f_inode))
		return 0;
	act.channel = channel;
	act.labels = operation == HF_OPERATION_READ ? gate_of_machine(labels, &act.reason)
						    : gate_shut(labels, &act.reason);
	if (act.labels && judge(&act))
		return -EPERM;
	act.labels = labels;
	act.reason = HF_REASON_VAULT;
	if (is_locked_up(file->f_inode) && judge(&act))
		return -EPERM;
	act.reason = reason;
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
		if (screen_open(file, inode_type(inode)))
			return -EPERM;
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
		console_show(file, taint);
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
		__u8 gate;

		/* Tainted already and allowed by its own identity: nothing new to say. What
		 * forgets must be known to hold it. */
		if (bank && !(labels & ~bank->apps[app].open) &&
			!(bank->apps[app].flags & HF_APP_FORGETS) &&
			!gate_of_machine(labels, &gate) && !is_locked_up(inode))
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
		if (inode_type(inode) == S_IFSOCK && service_splice(file))
			return -EPERM;
		taint = taint_current();
		if (taint)
			return write_by_labelled(file, taint);
		if (inode_type(inode) == S_IFCHR && is_terminal(inode->i_rdev) &&
			clipboard_is_watched(0))
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

#endif
