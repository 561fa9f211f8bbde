/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Hooks on names: rename, link, unlink, overlayfs copy-up, and the end of what has no name left.
 * Labels are sticky: an inode that leaves a labelled directory takes what it inherited along as a
 * mark of its own.
 */
#ifndef HOLDFAST_BPF_NAME_H
#define HOLDFAST_BPF_NAME_H

#include "attribute.bpf.h"
#include "carry.bpf.h"
#include "guard_file.bpf.h"
#include "taint.bpf.h"

/* Labels that everything in the directory holding `dentry` inherits. */
static __always_inline __u64 directory_labels(struct dentry *dentry, __u8 *ret_reason)
{
	struct dentry *parent = dentry->d_parent;

	return labels_of(parent, parent->d_inode, ret_reason);
}

#ifndef HF_BASELINE
#define HF_NAMES_MAX 256
#define HF_NAMES_NS  10000000000ull

/* One more name on a local disk, where anybody may list it: not one is refused, but many in short
 * time where content may not be handed over at all; else that is recorded. */
static __noinline int name_local(struct act *act)
{
	struct hf_task *self = task_current();
	struct hf_bank *bank = bank_get();
	__u64 now = bpf_ktime_get_boot_ns();
	__u32 made = 0;

	if (!self || !bank)
		return 0;
	if (now - self->named_ktime_ns > HF_NAMES_NS) {
		self->named_ktime_ns = now;
		self->named = 0;
	}
	if (number_take(&self->named, &made) || made < HF_NAMES_MAX)
		return 0;
	act->channel = HF_CHANNEL_PASS;
	act->reason = HF_REASON_NAMES;
	if (act->labels & bank->channels[HF_CHANNEL_PASS].block)
		return judge(act);
	if (made % HF_NAMES_MAX)
		return 0;
	act->verdict = HF_VERDICT_AUDIT;
	act->decided = act->labels;
	count(HF_COUNTER_AUDITED);
	report(act, HF_RECORD_VERDICT);
	return 0;
}
#else
static __always_inline int name_local(struct act *act)
{
	return 0;
}
#endif

/* Names, symbolic links and attributes are content too where they leave the machine. */
static __noinline int name_on_way_out(struct super_block *sb, struct dentry *dentry, __u8 operation)
{
	struct act act = {.operation = operation, .labels = taint_current()};

	if (!act.labels || is_pseudo(sb))
		return 0;
	volume_channel(sb, &act);
	act.dentry = dentry; /* perhaps no inode yet: the record then carries the name alone */
	return act.channel == HF_CHANNEL_LOCAL_FILE ? name_local(&act) : judge(&act);
}

/* For exchange the kernel calls the hook twice, each way round. */
SEC("lsm/inode_rename")
int BPF_PROG(hf_inode_rename, struct inode *old_dir, struct dentry *old_dentry,
	struct inode *new_dir, struct dentry *new_dentry, int ret)
{
	struct inode *inode = old_dentry->d_inode;
	struct act act = {.operation = HF_OPERATION_RENAME, .dentry = old_dentry};
	struct hf_inode *entry;
	__u64 before, after;
	bool has_others;
	__u8 reason;

	if (ret)
		return ret;
	if (guard_object(inode, old_dentry, HF_OPERATION_RENAME) ||
		guard_name(old_dir, old_dentry, HF_OPERATION_RENAME) ||
		guard_name(new_dir, new_dentry, HF_OPERATION_RENAME) || guard_replaced(new_dentry))
		return -EPERM;
	if (name_on_way_out(new_dentry->d_sb, new_dentry, HF_OPERATION_RENAME))
		return -EPERM;
	if (!disk_labels(old_dentry->d_sb))
		return 0;
	before = labels_of(old_dentry, inode, &reason);
	after = directory_labels(new_dentry, &reason);
	if (!(before | after))
		return 0;
	/* A file is found by its other names too, which are not in the new place. */
	has_others = (inode->i_mode & S_IFMT) != S_IFDIR && inode->i_nlink > 1;
	act.labels = has_others ? before | after : before;
	if ((has_others || (before & ~after)) &&
		inode_own(inode, &act, state_flag(new_dentry, inode)))
		return -EPERM;
	act.labels = before;
	if ((inode->i_mode & S_IFMT) == S_IFDIR) {
		if (before != after)
			label_generation_next();
	} else {
		entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);
		if (entry)
			entry->generation = 0;
	}
	if (before)
		report(&act, HF_RECORD_FILE);
	return 0;
}

/* Both names count: the inode keeps the labels of the place it had and takes those of the new. */
SEC("lsm/inode_link")
int BPF_PROG(hf_inode_link, struct dentry *old_dentry, struct inode *dir, struct dentry *new_dentry,
	int ret)
{
	struct act act = {.operation = HF_OPERATION_LINK, .dentry = old_dentry};
	struct inode *inode = old_dentry->d_inode;
	__u8 reason;

	if (ret)
		return ret;
	if (guard_object(inode, old_dentry, HF_OPERATION_LINK) ||
		guard_name(dir, new_dentry, HF_OPERATION_LINK))
		return -EPERM;
	if (!disk_labels(old_dentry->d_sb))
		return 0;
	act.labels = labels_of(old_dentry, inode, &reason) | directory_labels(new_dentry, &reason);
	if (!act.labels)
		return 0;
	if (inode_own(inode, &act, 0))
		return -EPERM;
	report(&act, HF_RECORD_FILE);
	return 0;
}

SEC("lsm/inode_unlink")
int BPF_PROG(hf_inode_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	struct act act = {.operation = HF_OPERATION_UNLINK, .dentry = dentry};
	__u8 reason;

	if (ret)
		return ret;
	if (guard_name(dir, dentry, HF_OPERATION_UNLINK) ||
		guard_object(dentry->d_inode, dentry, HF_OPERATION_UNLINK))
		return -EPERM;
	if (!disk_labels(dentry->d_sb))
		return 0;
	act.labels = labels_of(dentry, dentry->d_inode, &reason);
	if (act.labels)
		report(&act, HF_RECORD_FILE);
	return 0;
}

static __always_inline int name_made(struct inode *dir, struct dentry *dentry)
{
	if (guard_name(dir, dentry, HF_OPERATION_CREATE))
		return -EPERM;
	return name_on_way_out(dir->i_sb, dentry, HF_OPERATION_CREATE);
}

SEC("lsm/inode_create")
int BPF_PROG(hf_inode_create, struct inode *dir, struct dentry *dentry, int mode, int ret)
{
	return ret ? ret : name_made(dir, dentry);
}

SEC("lsm/inode_mkdir")
int BPF_PROG(hf_inode_mkdir, struct inode *dir, struct dentry *dentry, int mode, int ret)
{
	return ret ? ret : name_made(dir, dentry);
}

SEC("lsm/inode_symlink")
int BPF_PROG(
	hf_inode_symlink, struct inode *dir, struct dentry *dentry, const char *target, int ret)
{
	return ret ? ret : name_made(dir, dentry);
}

SEC("lsm/inode_mknod")
int BPF_PROG(hf_inode_mknod, struct inode *dir, struct dentry *dentry, int mode, int dev, int ret)
{
	return ret ? ret : name_made(dir, dentry);
}

#ifndef HF_BASELINE
static __noinline int attribute_set(struct dentry *dentry, const char *name)
{
	__u64 taint;

	if (guard_attribute(dentry, name))
		return -EPERM;
	taint = taint_current();
	if (!taint)
		return 0;
	if (name_on_way_out(dentry->d_sb, dentry, HF_OPERATION_WRITE))
		return -EPERM;
	return is_user_attribute(name) ? attribute_write(dentry, taint) : 0;
}

/* The first argument is a user namespace before 6.3 and an id map from then on: not looked at. */
SEC("lsm/inode_setxattr")
int BPF_PROG(hf_inode_setxattr, void *idmap, struct dentry *dentry, const char *name,
	const void *value, unsigned long size, int flags, int ret)
{
	return ret ? ret : attribute_set(dentry, name);
}
#else
static __noinline int attribute_set(struct dentry *dentry, const char *name)
{
	if (guard_attribute(dentry, name))
		return -EPERM;
	return name_on_way_out(dentry->d_sb, dentry, HF_OPERATION_WRITE);
}

/* Before idmapped mounts (5.12) there is no such first argument. The test is a constant when the
 * verifier comes, which then reads only the branch that fits the running kernel. */
SEC("lsm/inode_setxattr")
int hf_inode_setxattr(unsigned long long *args)
{
	bool has_idmap = bpf_core_field_exists(((struct vfsmount *)0)->mnt_userns) ||
			 bpf_core_field_exists(((struct vfsmount *)0)->mnt_idmap);
	struct dentry *dentry;
	const char *name;
	int ret;

	if (has_idmap) {
		dentry = (struct dentry *)args[1];
		name = (const char *)args[2];
		ret = (int)args[6];
		barrier_var(name); /* or clang computes the place in args, which is refused */
		return ret ? ret : attribute_set(dentry, name);
	}
	dentry = (struct dentry *)args[0];
	name = (const char *)args[1];
	ret = (int)args[5];
	return ret ? ret : attribute_set(dentry, name);
}
#endif

/*
 * Nobody has a name or a descriptor of it any more: its number may come back for another file. On a
 * share the file may well live on, whatever its link count says here.
 */
SEC("lsm/inode_free_security")
int BPF_PROG(hf_inode_free, struct inode *inode)
{
	struct hf_inode *entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);
	struct hf_inode_key key;
	struct hf_mark *mark;
	__u8 reason;

	carried_end(inode);
	if (inode->i_nlink && entry && entry->inherits)
		(void)labels_mapped(inode, entry); /* the last look: it leaves the memory */
	if (inode->i_nlink || channel_by_magic(inode->i_sb, &reason) == HF_CHANNEL_NETSHARE)
		return 0;
	inode_key(inode, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	if (!mark)
		return 0;
	if (mark->labels && bpf_map_push_elem(&hf_gone, &key, 0)) {
		count(HF_COUNTER_GONE_FULL);
		(void)bpf_map_push_elem(&hf_gone, &key, BPF_EXIST); /* the oldest goes */
	}
	(void)bpf_map_delete_elem(&hf_index, &key); /* is there */
	return 0;
}

#endif
