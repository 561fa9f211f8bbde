/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Hooks on mapping files into memory. What is loaded and stored there afterwards passes no hook, so a
 * mapping is a read, and a writable shared one a write to come, by this process or those who map the
 * file as well.
 */
#ifndef HOLDFAST_BPF_MAPPING_H
#define HOLDFAST_BPF_MAPPING_H

#include "file.bpf.h"

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
static __noinline int map_writable(struct file *file, bool is_in_cache)
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
		if (act.channel == HF_CHANNEL_LOCAL_FILE && is_in_cache)
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

/* By MAP_SHARED, of what has a type. 0 or -EPERM. */
static __always_inline int map_shared(struct file *file, bool is_writable)
{
	bool is_file = inode_type(file->f_inode) == S_IFREG;
	bool is_in_cache = is_file && is_writable && is_cache(file->f_path.dentry);

	if (is_file && !is_in_cache && group_map(file->f_inode, is_writable))
		return -EPERM;
	return is_writable ? map_writable(file, is_in_cache) : 0;
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
	return map_shared(file, prot & PROT_WRITE);
}

SEC("lsm/file_mprotect")
int BPF_PROG(hf_file_mprotect, struct vm_area_struct *vma, unsigned long reqprot,
	unsigned long prot, int ret)
{
	struct file *file = vma->vm_file;

	if (ret || !(prot & PROT_WRITE) || !(vma->vm_flags & VM_SHARED) || !file)
		return ret;
	return map_shared(file, true);
}

#endif
