/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Extended attributes as a place for content: what a labelled reader writes into one labels the
 * inode, and who then reads one is asked as for the file itself. Attributes of others are left
 * alone: file managers look at them.
 */
#ifndef HOLDFAST_BPF_ATTRIBUTE_H
#define HOLDFAST_BPF_ATTRIBUTE_H

#include "memory.bpf.h"

#ifndef HF_BASELINE /* its setxattr hook takes its arguments from two places: name.bpf.h */

/* The others need privileges, or are not kept as they were given. */
static __always_inline bool is_user_attribute(const char *name)
{
	char begin[5] = {};

	bpf_probe_read_kernel(begin, sizeof(begin), name);
	return begin[0] == 'u' && begin[1] == 's' && begin[2] == 'e' && begin[3] == 'r' &&
	       begin[4] == '.';
}

static __noinline int attribute_write(struct dentry *dentry, __u64 taint)
{
	struct act act = {
		.channel = HF_CHANNEL_LOCAL_FILE,
		.operation = HF_OPERATION_WRITE,
		.dentry = dentry,
	};
	struct inode *inode = dentry->d_inode;
	struct hf_bank *bank = bank_get();
	struct hf_inode_key key = {};
	struct hf_inode *entry;
	struct hf_mark *mark;
	__u8 reason;

	if (is_memory_file(
		    inode->i_sb)) /* from 6.6 on they have some; a mark would be of them all */
		return memory_write(inode, taint);
	act.labels = taint & ~labels_of(dentry, inode, &reason);
	if (reason)
		act.labels = taint;
	if (act.labels && judge(&act))
		return -EPERM;
	if (bank)
		act.labels &= bank->channels[HF_CHANNEL_LOCAL_FILE].follow;
	if (act.labels && inode_own(inode, &act, state_flag(dentry, inode)))
		return -EPERM;
	inode_key(inode, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	if (mark)
		mark->flags |= HF_MARK_ATTRIBUTE;
	entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);
	if (entry)
		entry->mark_flags |= HF_MARK_ATTRIBUTE;
	return 0;
}

static __noinline int attribute_read(struct dentry *dentry, __u64 labels)
{
	struct act act = {
		.channel = HF_CHANNEL_OPEN,
		.operation = HF_OPERATION_READ,
		.dentry = dentry,
		.labels = labels,
	};

	if (is_agent())
		return 0;
	if (judge(&act))
		return -EPERM;
	return taint_add(labels, &act);
}

SEC("lsm/inode_getxattr")
int BPF_PROG(hf_inode_getxattr, struct dentry *dentry, const char *name, int ret)
{
	struct inode *inode = dentry->d_inode;
	struct hf_inode *entry;
	__u64 labels;
	__u8 reason;

	if (ret)
		return ret;
	if (is_memory_file(dentry->d_sb))
		return is_user_attribute(name) && memory_read(inode) ? -EPERM : 0;
	if (!disk_labels(dentry->d_sb) || !is_user_attribute(name))
		return 0;
	labels = labels_of(dentry, inode, &reason);
	if (!labels)
		return 0;
	entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);
	if (!entry || !(entry->mark_flags & HF_MARK_ATTRIBUTE))
		return 0;
	return attribute_read(dentry, labels);
}

#endif
#endif
