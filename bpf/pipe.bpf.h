/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Pipes and FIFOs carry the labels of their writers to their readers: by write and read, to a
 * reader that was already waiting, and by splice, tee and vmsplice, which pass no LSM hook between
 * pipes (fs/splice.c) and are followed at their entry instead. So do core dumps to a helper, and
 * the nameless sockets of socketpair(2); sockets with a name are display servers, buses and the
 * like, and wait for the carriers of a later version.
 */
#ifndef HOLDFAST_BPF_PIPE_H
#define HOLDFAST_BPF_PIPE_H

#include "taint.bpf.h"

static __always_inline bool is_pipe(struct inode *inode)
{
	return (inode->i_mode & S_IFMT) == S_IFIFO;
}

static __always_inline __u64 pipe_labels(struct inode *inode)
{
	struct hf_state *state = state_get();
	struct hf_inode_key key;
	__u64 *labels;

	if (!state || !state->has_labelled_pipe)
		return 0;
	inode_key(inode, &key);
	labels = bpf_map_lookup_elem(&hf_pipes, &key);
	return labels ? *labels : 0;
}

/* 0, or -EPERM when the labels can't be kept. */
static __noinline int pipe_add(struct inode *inode, __u64 taint)
{
	struct hf_state *state = state_get();
	__u64 labels = pipe_labels(inode) | taint;
	struct hf_inode_key key;

	if (!state)
		return -EPERM;
	inode_key(inode, &key);
	if (bpf_map_update_elem(&hf_pipes, &key, &labels, BPF_ANY))
		return -EPERM;
	state->has_labelled_pipe = 1;
	return 0;
}

static __noinline int pipe_taint_current(__u64 labels)
{
	struct act act = {
		.channel = HF_CHANNEL_IPC,
		.operation = HF_OPERATION_READ,
		.labels = labels,
	};

	return taint_add(labels, &act);
}

static __always_inline int pipe_read_by_current(struct inode *inode)
{
	__u64 labels = pipe_labels(inode);

	return labels ? pipe_taint_current(labels) : 0;
}

/* What moves from a file or pipe into a pipe: its labels, and those of who moves it. */
static __always_inline void pipe_follow(struct inode *in, struct inode *out)
{
	__u64 labels;

	if (is_pipe(in))
		(void)pipe_read_by_current(in); /* an entry hook refuses nothing */
	labels = taint_current();
	if (labels && is_pipe(out))
		(void)pipe_add(out, labels); /* likewise */
}

/* The reader that was waiting when the labels came: they are in the pipe by the time it wakes. */
SEC("fexit/pipe_read")
int BPF_PROG(hf_pipe_read, struct kiocb *iocb, struct iov_iter *to, long ret)
{
	if (ret > 0)
		(void)pipe_read_by_current(iocb->ki_filp->f_inode); /* the data is out */
	return 0;
}

SEC("fentry/do_splice")
int BPF_PROG(hf_splice, struct file *in, void *off_in, struct file *out)
{
	pipe_follow(in->f_inode, out->f_inode);
	return 0;
}

SEC("fentry/do_tee")
int BPF_PROG(hf_tee, struct file *in, struct file *out)
{
	pipe_follow(in->f_inode, out->f_inode);
	return 0;
}

/* The kernel writes a dump past every hook (__kernel_write); a helper reads it from a pipe. */
SEC("fentry/elf_core_dump")
int BPF_PROG(hf_core_dump, struct coredump_params *dump)
{
	struct inode *inode = dump->file->f_inode;
	__u64 taint = taint_current();

	if (taint && is_pipe(inode))
		(void)pipe_add(inode, taint); /* an entry hook refuses nothing */
	return 0;
}

/* A labelled reader sends to the other end of its socket pair. 0 or -EPERM. */
static __noinline int pair_send(struct sock *sk, __u64 taint)
{
	struct unix_sock *from = unix_socket(sk), *to;
	struct hf_state *state = state_get();
	struct sock *peer;
	__u64 *labels;

	if (!from || kernel_read(from, addr) || !state)
		return 0;
	peer = kernel_read(from, peer);
	if (!peer)
		return 0;
	to = unix_socket(peer);
	if (!to || kernel_read(to, addr))
		return 0;
	labels = pair_labels(peer, HF_CREATE_PAIR);
	if (!labels || labels_or(labels, taint))
		return -EPERM;
	state->has_labelled_pair = 1;
	return 0;
}

static __always_inline void pair_received(struct socket *sock, int size)
{
	struct hf_state *state = state_get();
	__u64 *labels;

	if (!state || !state->has_labelled_pair || size <= 0)
		return;
	labels = pair_labels(kernel_read(sock, sk), 0);
	if (labels && *labels)
		(void)pipe_taint_current(*labels); /* the data is out */
}

SEC("fexit/unix_stream_recvmsg")
int BPF_PROG(hf_stream_received, struct socket *sock, struct msghdr *msg, unsigned long size,
	int flags, int ret)
{
	pair_received(sock, ret);
	return 0;
}

SEC("fexit/unix_dgram_recvmsg")
int BPF_PROG(hf_dgram_received, struct socket *sock, struct msghdr *msg, unsigned long size,
	int flags, int ret)
{
	pair_received(sock, ret);
	return 0;
}

/* vmsplice_to_pipe() is inlined: the pipe is found from the system call's descriptor. */
SEC("fentry/__x64_sys_vmsplice")
int BPF_PROG(hf_vmsplice, struct pt_regs *regs)
{
	struct task_struct *task = current_task();
	__u64 taint = taint_current();
	struct hf_inode_key key = {};
	struct file **files, *file = NULL;
	struct hf_state *state = state_get();
	struct inode *inode;
	__u64 fd;

	if (!taint || !state)
		return 0;
	fd = regs->di;
	files = BPF_CORE_READ(task, files, fdt, fd);
	if (fd >= BPF_CORE_READ(task, files, fdt, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	inode = BPF_CORE_READ(file, f_inode);
	if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFIFO)
		return 0;
	key.ino = BPF_CORE_READ(inode, i_ino);
	key.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	key.generation = BPF_CORE_READ(inode, i_generation);
	if (!bpf_map_update_elem(&hf_pipes, &key, &taint, BPF_ANY))
		state->has_labelled_pipe = 1;
	return 0;
}

#endif
