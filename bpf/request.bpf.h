/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Answers the agent's requests (control.h), closes loop devices to labelled readers, and cards to who
 * captures: all come in through file_ioctl, or its twin for 32-bit system calls.
 */
#ifndef HOLDFAST_BPF_REQUEST_H
#define HOLDFAST_BPF_REQUEST_H

#include "app.bpf.h"
#include "guard_file.bpf.h"
#include "screen_device.bpf.h"
#include "taint.bpf.h"
#include "terminal.bpf.h"

/* Writes the mark to the index (or removes an empty one), the cache, and the disk's set. */
static __noinline int request_store(
	struct inode *inode, const struct hf_inode_key *key, const struct hf_mark *mark)
{
	struct hf_inode *entry;

	if (!mark->labels && !mark->app && !(mark->flags & HF_MARK_GUARD)) {
		(void)bpf_map_delete_elem(&hf_index, key); /* ENOENT: there was none to clear */
	} else if (bpf_map_update_elem(&hf_index, key, mark, BPF_ANY)) {
		count(HF_COUNTER_INDEX_FULL);
		return -ENOSPC;
	}
	if (mark->labels && disk_add_labels(inode->i_sb, mark->labels))
		return -ENOSPC;
	entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!entry)
		return -ENOMEM;
	entry->own = mark->labels;
	entry->mark_flags = mark->flags | HF_INODE_LOADED;
	entry->app = mark->app;
	entry->generation = 0;
	return 0;
}

static __noinline int request_mark(struct file *file, struct hf_request *request)
{
	struct inode *inode = file->f_inode;
	struct hf_mark mark = request->previous;
	bool is_directory = (inode->i_mode & S_IFMT) == S_IFDIR;
	int r;

	if (!is_directory && (inode->i_mode & S_IFMT) != S_IFREG)
		return -EOPNOTSUPP;
	mark.labels = request->labels;
	mark.flags = (request->flags & ~HF_MARK_GUARD) | (mark.flags & HF_MARK_GUARD);
	if (is_directory)
		mark.flags |= HF_MARK_DIRECTORY;
	r = request_store(inode, &request->key, &mark);
	if (is_directory)
		label_generation_next();
	return r;
}

static __noinline int request_written(struct hf_request *request)
{
	struct hf_mark *mark = bpf_map_lookup_elem(&hf_index, &request->key);

	if (!mark || mark->labels != request->labels || !(mark->flags & HF_MARK_OWED))
		return 0;
	mark->flags = (mark->flags & ~HF_MARK_OWED) | HF_MARK_DIRTY; /* the database learns of it */
	return 0;
}

/* Any inode: files of cgroupfs and bpffs are guarded too. */
static __noinline int request_guard(struct file *file, struct hf_request *request)
{
	struct hf_mark mark = request->previous;
	int r;

	mark.flags |= request->flags & HF_MARK_GUARD;
	r = request_store(file->f_inode, &request->key, &mark);
	if ((file->f_inode->i_mode & S_IFMT) == S_IFDIR)
		label_generation_next(); /* what is below inherits */
	if (request->flags & HF_MARK_GUARDED)
		guard_learn(file);
	return r;
}

static __noinline int request_set_app(struct file *file, struct hf_request *request)
{
	struct hf_mark mark = request->previous;

	if ((file->f_inode->i_mode & S_IFMT) != S_IFREG)
		return -EOPNOTSUPP;
	mark.app = request->app;
	return request_store(file->f_inode, &request->key, &mark);
}

/* A new agent wrote its process id to the map and now says hello: from here on it is known by its
 * start time too. Only a holder of the map can have written the id. */
static __noinline int request_hello(struct hf_request *request)
{
	struct task_struct *task = current_task();
	struct hf_agent *agent = bpf_map_lookup_elem(&hf_agent, &slot_zero);

	request->op = HF_REQUEST_NONE;
	if (!agent || (__u32)kernel_read(task, tgid) != agent->tgid)
		return -EPERM;
	agent->start_ns = kernel_read(task, group_leader, start_boottime);
	agent->supervisor_tgid = (__u32)BPF_CORE_READ(task, real_parent, tgid);
	agent->supervisor_start_ns = BPF_CORE_READ(task, real_parent, group_leader, start_boottime);
	if (agent->supervisor_tgid == 1)
		agent->supervisor_tgid = 0;
	guard_hello(request->labels);
	return 0;
}

#ifdef HF_BASELINE
/* User space can't look up by address what it could by pidfd (task storage). -ENOENT: unlabelled. */
static __noinline int request_taint(struct file *file, struct hf_request *request)
{
	struct pid *pid = BPF_CORE_READ(file, private_data); /* pidfd_create() in kernel/fork.c */
	struct task_struct *task = task_of_pid(pid);
	struct hf_task *state;

	if (!task)
		return -ESRCH;
	state = task_state(task, 0);
	if (!state)
		return -ENOENT;
	request->labels = taint_of(task);
	request->app = state->app;
	return 0;
}
#endif

static __noinline void request_answer(struct file *file, struct hf_request *request)
{
	struct hf_mark *mark, none = {};
	__u8 reason;

	inode_key(file->f_inode, &request->key);
	mark = bpf_map_lookup_elem(&hf_index, &request->key);
	request->previous = mark ? *mark : none;
	switch (request->op) {
	case HF_REQUEST_MARK:
		request->error = request_mark(file, request);
		break;
	case HF_REQUEST_DOOR:
		request->error = guard_door(request->labels, request->own);
		break;
	case HF_REQUEST_WRITTEN:
		request->error = request_written(request);
		break;
	case HF_REQUEST_GUARD:
		request->error = request_guard(file, request);
		break;
	case HF_REQUEST_SET_APP:
		request->error = request_set_app(file, request);
		break;
	case HF_REQUEST_LABELS:
		request->labels = labels_of(file->f_path.dentry, file->f_inode, &reason);
		request->own = request->previous.labels;
		request->error = 0;
		break;
#ifdef HF_BASELINE
	case HF_REQUEST_TAINT:
		request->error = request_taint(file, request);
		break;
#endif
	case HF_REQUEST_REFRESH:
		label_generation_next();
		request->error = 0;
		break;
	default:
		request->error = -EINVAL;
	}
	request->op = HF_REQUEST_NONE;
}

/* Commands by which a labelled reader could write past the file system. */
static __always_inline bool is_raw_write(unsigned int cmd)
{
	switch (cmd) {
	case LOOP_SET_FD:
	case LOOP_CHANGE_FD:
	case LOOP_CONFIGURE:
	case SG_IO:
	case SCSI_IOCTL_SEND_COMMAND:
	case NVME_IOCTL_ADMIN_CMD:
	case NVME_IOCTL_SUBMIT_IO:
	case NVME_IOCTL_IO_CMD:
		return true;
	default:
		return false;
	}
}

/* Copies of whole subvolumes: their inodes are others, without the labels. */
static __always_inline bool is_snapshot(struct super_block *sb, unsigned int cmd)
{
	return (cmd == BTRFS_IOC_SNAP_CREATE || cmd == BTRFS_IOC_SNAP_CREATE_V2 ||
		       cmd == BTRFS_IOC_SEND || cmd == BTRFS_IOC_SEND_32) &&
	       sb->s_magic == BTRFS_SUPER_MAGIC;
}

/* Into a terminal's input, or another process's memory. */
static __noinline int push_by_ioctl(struct file *file, unsigned int cmd)
{
	struct act act = {
		.channel = HF_CHANNEL_PASS,
		.operation = HF_OPERATION_IOCTL,
		.reason = HF_REASON_UNFOLLOWED,
		.labels = taint_current(),
	};
	struct userfaultfd_ctx *context;

	if (!act.labels)
		return 0;
#ifndef HF_BASELINE /* which follows no terminals */
	if (cmd == TIOCSTI)
		return terminal_inject(file, act.labels);
#endif
	context = BPF_CORE_READ(file, private_data);
	if (cmd != TIOCSTI && BPF_CORE_READ(context, mm) == BPF_CORE_READ(current_task(), mm))
		return 0;
	return judge(&act);
}

/* Of its own, for the stack: most are none. */
static __noinline int disk_by_ioctl(struct file *file, unsigned int cmd)
{
	struct act act = {.channel = HF_CHANNEL_RAWDISK, .operation = HF_OPERATION_IOCTL};

	if (is_raw_write(cmd))
		act.labels = taint_current();
	else if (is_snapshot(file->f_inode->i_sb, cmd))
		act.labels = disk_labels(file->f_inode->i_sb);
	act.dentry = file->f_path.dentry;
	act.mnt = file->f_path.mnt;
	return act.labels ? judge(&act) : 0;
}

/* What anybody but the agent asks of a file. 0 or -EPERM. */
static __always_inline int judge_ioctl(struct file *file, unsigned int cmd)
{
	if (guard_ioctl(file, cmd) || screen_ioctl(file, cmd))
		return -EPERM;
	if (cmd == TIOCSTI || cmd == UFFDIO_COPY || cmd == UFFDIO_CONTINUE)
		return push_by_ioctl(file, cmd);
	return disk_by_ioctl(file, cmd);
}

SEC("lsm/file_ioctl")
int BPF_PROG(hf_file_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	struct hf_request *request;

	if (ret)
		return ret;
	if (cmd == HF_IOC_REQUEST) {
		request = bpf_map_lookup_elem(&hf_request, &slot_zero);
		if (!request || request->op == HF_REQUEST_NONE)
			return 0;
		if (request->op == HF_REQUEST_HELLO)
			request->error = request_hello(request);
		else if (is_agent())
			request_answer(file, request);
		return 0;
	}
	return judge_ioctl(file, cmd);
}

/* 32-bit system calls, which any program can make, are asked here since 6.8 and long-term series of 2024. */
SEC("lsm/file_ioctl_compat")
int BPF_PROG(hf_file_ioctl_compat, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret ? ret : judge_ioctl(file, cmd);
}

#endif
