/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Where labels end for one application: directories of its own settings (state), which do not label
 * it again, and directories in which the policy declassifies what it writes; and where files that
 * programs map for one another are no memory that they share. By the executable's
 * verified identity and the directories' inodes, never by names.
 */
#ifndef HOLDFAST_BPF_EXEMPT_H
#define HOLDFAST_BPF_EXEMPT_H

#include "report.bpf.h"

#define HF_EXEMPT_UP 128 /* directories above a file; what is deeper is not exempt */

/* Where a walk upwards stands, by addresses. */
struct exempt_walk {
	__u64 dentry;
	__u64 root;
	__u64 labels;
	struct hf_exempt_key key;
};

/* One directory up. Returns 1 to stop. */
static long exempt_step(__u32 index, struct exempt_walk *walk)
{
	struct dentry *dentry = (struct dentry *)walk->dentry, *parent;
	__u64 *labels;

	if (walk->dentry == walk->root)
		return 1;
	parent = BPF_CORE_READ(dentry, d_parent);
	if (parent == dentry)
		return 1;
	walk->dentry = (__u64)parent;
	dentry_key(parent, &walk->key.directory);
	labels = bpf_map_lookup_elem(&hf_exempt, &walk->key);
	if (!labels)
		return 0;
	if (walk->key.kind == HF_EXEMPT_STATE) { /* the nearest decides */
		walk->labels = *labels != HF_EXEMPT_DOCUMENTS;
		return 1;
	}
	walk->labels |= *labels;
	return 0;
}

/*
 * Of HF_EXEMPT_STATE: 1 or 0. Global, so that the verifier reads it once; it takes numbers, which
 * may be passed to such on all kernels.
 */
__noinline __u64 exempt_labels(__u64 address, __u32 app, __u32 kind)
{
	struct dentry *dentry = (struct dentry *)address;
	struct exempt_walk walk = {.dentry = address, .key = {.app = app, .kind = kind}};

	walk.root = (__u64)BPF_CORE_READ(dentry, d_sb, s_root);
	repeat(HF_EXEMPT_UP, exempt_step, &walk);
	return walk.labels;
}

/* Labels that do not count for current's application at dentry. flag: what most have not, HF_APP_*. */
static __noinline __u64 exempt(struct dentry *dentry, __u32 flag, __u32 kind)
{
	struct hf_task *self = task_current();
	struct hf_bank *bank = bank_get();
	__u32 app = self ? self->app & (HF_APP_MAX - 1) : HF_APP_UNKNOWN;
	__u64 address = 0;

	if (!app || !bank || !(bank->apps[app].flags & flag))
		return 0;
	/* The verifier takes no pointer for a number; what it reads from memory is one. */
	bpf_probe_read_kernel(&address, sizeof(address), &dentry);
	return exempt_labels(address, app, kind);
}

/* What programs keep there for one another holds no content, says the policy. */
static __noinline bool is_cache(struct dentry *dentry)
{
	struct hf_bank *bank = bank_get();
	__u64 address = 0;

	if (!bank || !bank->has_caches)
		return false;
	bpf_probe_read_kernel(&address, sizeof(address), &dentry); /* as above */
	return exempt_labels(address, HF_APP_UNKNOWN, HF_EXEMPT_CACHE);
}

/*
 * HF_MARK_STATE when what current writes there is its own settings. A file with labels from
 * elsewhere stays what it is.
 */
static __noinline __u32 state_flag(struct dentry *dentry, struct inode *inode)
{
	struct hf_inode_key key;
	struct hf_mark *mark;

	inode_key(inode, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	if (mark && mark->labels && !(mark->flags & HF_MARK_STATE))
		return 0;
	return exempt(dentry, HF_APP_STATE, HF_EXEMPT_STATE) ? HF_MARK_STATE : 0;
}

/* Current's own settings: all labels that the file has came from its application itself. */
static __noinline bool is_own_state(struct dentry *dentry, struct inode *inode, __u64 labels)
{
	struct hf_inode_key key;
	struct hf_mark *mark;

	inode_key(inode, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	if (!mark || !(mark->flags & HF_MARK_STATE) || (labels & ~mark->labels))
		return false;
	return exempt(dentry, HF_APP_STATE, HF_EXEMPT_STATE);
}

/* A labelled reader that is not its application has written to it, or moved it. */
static __noinline void state_end(struct inode *inode)
{
	struct hf_inode_key key;
	struct hf_mark *mark;

	inode_key(inode, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	if (mark)
		mark->flags = (mark->flags & ~HF_MARK_STATE) | HF_MARK_DIRTY;
}

#endif
