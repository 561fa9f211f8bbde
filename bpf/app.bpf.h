/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Application identity: an executable's inode, verified by the sensor, never a name. Found at
 * exec, lost the moment the executable is opened for writing.
 */
#ifndef HOLDFAST_BPF_APP_H
#define HOLDFAST_BPF_APP_H

#include "label.bpf.h"

static __always_inline __u32 app_of(struct inode *inode)
{
	struct hf_inode *entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);
	struct hf_inode_key key;
	struct hf_mark *mark;

	if (entry && entry->app)
		return entry->app;
	inode_key(inode, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	return mark ? mark->app : HF_APP_UNKNOWN;
}

/* The executable is no longer what was verified. Opening it to mark it is the agent's own right. */
static __noinline void app_forget(struct file *file, struct inode *inode, struct hf_inode *entry)
{
	struct hf_inode_key key;
	struct hf_mark *mark;
	struct act act = {.operation = HF_OPERATION_WRITE};

	if (!entry->app)
		return;
	entry->app = HF_APP_UNKNOWN;
	inode_key(inode, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	if (mark)
		mark->app = HF_APP_UNKNOWN;
	act.dentry = file->f_path.dentry;
	act.mnt = file->f_path.mnt;
	report(&act, HF_RECORD_APP_LOST);
}

#endif
