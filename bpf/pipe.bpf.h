/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Pipes and FIFOs carry the labels of their writers to their readers: by write and read, to a
 * reader that was already waiting, and by splice, tee and vmsplice, which pass no LSM hook between
 * pipes (fs/splice.c) and are followed at their entry instead. So do core dumps to a helper.
 */
#ifndef HOLDFAST_BPF_PIPE_H
#define HOLDFAST_BPF_PIPE_H

#include "carry.bpf.h"

static __always_inline bool is_pipe(struct inode *inode)
{
	return (inode->i_mode & S_IFMT) == S_IFIFO;
}

/* A labelled reader writes into a pipe. 0 or -EPERM. */
static __always_inline int pipe_write(struct inode *inode, __u64 taint)
{
	struct hf_inode_key key = {};

	inode_key(inode, &key);
	return place_put(&key, taint);
}

/* delivered: HF_DELIVERED when it has been read. */
static __always_inline int pipe_deliver(struct inode *inode, __u32 delivered)
{
	struct hf_inode_key key = {};

	inode_key(inode, &key);
	return place_take(&key, HF_HOP_PIPE | delivered);
}

static __always_inline int pipe_read_by_current(struct inode *inode)
{
	return has_carried() ? pipe_deliver(inode, 0) : 0;
}

/* By who fills a pipe in a way that passes no hook. */
static __noinline void pipe_fill(struct inode *out, __u64 taint)
{
	struct hf_inode_key key = {};

	inode_key(out, &key);
	place_fill(&key, taint);
}

/* Out of a pipe, by who has it from then on; if into another one, its labels move along. */
static __noinline void pipe_move(struct inode *in, struct inode *out)
{
	struct hf_carried *from, *to;
	struct hf_inode_key key = {};

	inode_key(in, &key);
	from = place_state(&key, false);
	if (!from)
		return;
	/* An entry hook refuses nothing. */
	(void)deliver_once(from, HF_HOP_PIPE | HF_DELIVERED);
	if (!is_pipe(out))
		return;
	inode_key(out, &key);
	to = place_state(&key, true);
	if (!to || place_add(to, from->labels))
		return; /* as in place_fill() */
	to->from = from->from;
	(void)origins_merge(&to->origins, &from->origins); /* known or new: there */
}

/*
 * Labels of a file that is about to be read where its hook can't say to what: they must be in the
 * pipe before the content is. As of a name by which the inode is known, without a cache.
 */
static __noinline __u64 labels_probed(struct inode *inode)
{
	__u32 dev = BPF_CORE_READ(inode, i_sb, s_dev);
	__u64 *disk = bpf_map_lookup_elem(&hf_disks, &dev), labels;
	struct hf_inode_key key = {};
	struct hf_mark *mark;
	__u8 reason = HF_REASON_RULE;

	if (!disk || !*disk)
		return 0;
	inode_key_read(inode, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	labels = labels_above_alias(inode, &reason);
	if (reason && !mark)
		return *disk;
	return mark ? labels | mark->labels : labels;
}

/* What moves into a pipe: its labels, and those of who moves it. */
static __always_inline void pipe_follow(struct inode *in, struct inode *out)
{
	__u64 labels;

	if (is_pipe(in) && has_carried())
		pipe_move(in, out);
	if (!is_pipe(out))
		return;
	labels = taint_current();
	if ((in->i_mode & S_IFMT) == S_IFREG)
		labels |= labels_probed(in);
	if (labels)
		pipe_fill(out, labels);
}

/* The reader that was waiting when the labels came: they are in the pipe by the time it wakes. */
SEC("fexit/pipe_read")
int BPF_PROG(hf_pipe_read, struct kiocb *iocb, struct iov_iter *to, long ret)
{
	if (ret > 0 && has_carried())
		(void)pipe_deliver(iocb->ki_filp->f_inode, HF_DELIVERED);
	return 0;
}

SEC("fentry/do_splice")
int BPF_PROG(hf_splice, struct file *in, void *off_in, struct file *out)
{
	pipe_follow(in->f_inode, out->f_inode);
	return 0;
}

/* What the hooks on the file read have learned since, of what is mapped. */
SEC("fexit/do_splice")
int BPF_PROG(hf_spliced, struct file *in, void *off_in, struct file *out, void *off_out,
	unsigned long size, unsigned int flags, long ret)
{
	__u64 taint = taint_current();

	if (ret > 0 && taint && is_pipe(out->f_inode))
		pipe_fill(out->f_inode, taint);
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

	struct hf_inode_key key = {};

	if (!taint || !is_pipe(inode))
		return 0;
	inode_key(inode, &key);
	place_fill(&key, taint);
	return 0;
}

/* vmsplice_to_pipe() is inlined: the pipe is found from the system call's descriptor. */
SEC("fentry/__x64_sys_vmsplice")
int BPF_PROG(hf_vmsplice, struct pt_regs *regs)
{
	__u64 taint = taint_current();
	struct hf_inode_key key;
	struct inode *inode;

	if (!taint)
		return 0;
	inode = inode_of_fd(regs->di);
	if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFIFO)
		return 0;
	inode_key_read(inode, &key);
	place_fill(&key, taint);
	return 0;
}

#endif
