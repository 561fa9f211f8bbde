/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Pseudo-terminals: what a labelled reader prints on one comes to who reads its master side (a
 * terminal emulator is a carrier, a recorder is not), and what one types there to the program at
 * it. The two directions are apart: a shell is no reader of what its command printed.
 */
#ifndef HOLDFAST_BPF_TERMINAL_H
#define HOLDFAST_BPF_TERMINAL_H

#include "carry.bpf.h"

#define PTY_SLAVE_MAJOR	    136 /* to 143: UNIX98_PTY_SLAVE_MAJOR, include/uapi/linux/major.h */
#define PTY_SLAVE_MAJORS    8
#define TTY_DRIVER_TYPE_PTY 4 /* include/linux/tty_driver.h */
#define PTY_TYPE_MASTER	    1
#define TERMINAL_TO_MASTER  0
#define TERMINAL_TO_SLAVE   1

static __always_inline void terminal_key(__u32 index, __u32 direction, struct hf_inode_key *ret_key)
{
	ret_key->dev = HF_PLACE_TERMINAL;
	ret_key->ino = (__u64)index << 1 | direction;
}

/* The terminal an open file is of; NULL when it is none. */
static __always_inline struct tty_struct *terminal_of(struct file *file)
{
	struct tty_file_private *private = BPF_CORE_READ(file, private_data);
	struct tty_struct *tty = BPF_CORE_READ(private, tty);

	return BPF_CORE_READ(tty, driver, type) == TTY_DRIVER_TYPE_PTY ? tty : NULL;
}

static __always_inline bool is_master(struct tty_struct *tty)
{
	return BPF_CORE_READ(tty, driver, subtype) == PTY_TYPE_MASTER;
}

static __always_inline bool is_terminal(__u32 dev)
{
	__u32 major = dev >> 20;

	return major == 5 ||
	       (major >= PTY_SLAVE_MAJOR && major < PTY_SLAVE_MAJOR + PTY_SLAVE_MAJORS);
}

#ifndef HF_BASELINE /* its verifier has no room for it, and its tty_read() is given no kiocb */

/* A labelled reader writes to a terminal, or to one's master. 0 or -EPERM. */
static __noinline int terminal_write(struct file *file, __u64 taint)
{
	struct tty_struct *tty = terminal_of(file);
	struct hf_inode_key key = {};

	if (!tty)
		return 0;
	terminal_key(BPF_CORE_READ(tty, index),
		is_master(tty) ? TERMINAL_TO_SLAVE : TERMINAL_TO_MASTER, &key);
	return place_put(&key, taint);
}

/* What a carrier was given to paste, a terminal emulator types: with its labels. */
static __noinline void terminal_paste(struct file *file)
{
	struct hf_task *self = task_current();
	struct tty_struct *tty;
	struct hf_inode_key key = {};

	if (!self || !self->pasted)
		return;
	tty = terminal_of(file);
	if (!tty || !is_master(tty))
		return;
	terminal_key(BPF_CORE_READ(tty, index), TERMINAL_TO_SLAVE, &key);
	place_fill(&key, self->pasted);
}

/* TIOCSTI: as if somebody had typed it. */
static __noinline int terminal_inject(struct file *file, __u64 taint)
{
	struct tty_struct *tty = terminal_of(file);
	struct hf_inode_key key = {};

	if (!tty)
		return 0;
	terminal_key(BPF_CORE_READ(tty, index), TERMINAL_TO_SLAVE, &key);
	return place_put(&key, taint);
}

/* A new terminal gets the lowest number that is free: what another one carried is not its own. */
SEC("fexit/devpts_new_index")
int BPF_PROG(hf_new_terminal, void *devpts, int index)
{
	struct hf_inode_key key = {};

	if (index < 0 || !has_carried())
		return 0;
	terminal_key(index, TERMINAL_TO_MASTER, &key);
	kept_end(&hf_places, HF_KEPT_PLACES, &key);
	terminal_key(index, TERMINAL_TO_SLAVE, &key);
	kept_end(&hf_places, HF_KEPT_PLACES, &key);
	return 0;
}

SEC("fexit/tty_read")
int BPF_PROG(hf_tty_read, struct kiocb *iocb, struct iov_iter *to, long ret)
{
	struct hf_inode_key key = {};
	struct tty_struct *tty;

	if (ret <= 0 || !has_carried())
		return 0;
	tty = terminal_of(iocb->ki_filp);
	if (!tty)
		return 0;
	terminal_key(BPF_CORE_READ(tty, index),
		is_master(tty) ? TERMINAL_TO_MASTER : TERMINAL_TO_SLAVE, &key);
	(void)place_take(&key, HF_HOP_TERMINAL | HF_DELIVERED); /* the data is out */
	return 0;
}

#else

static __always_inline void terminal_paste(struct file *file)
{
}

static __always_inline int terminal_write(struct file *file, __u64 taint)
{
	return 0;
}

#endif
#endif
