/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which labels an inode carries: its own mark, and those of the directories above it. Cached in
 * inode storage for one label generation; whatever changes the answer for other inodes (a marked
 * or moved directory) starts a new generation.
 */
#ifndef HOLDFAST_BPF_LABEL_H
#define HOLDFAST_BPF_LABEL_H

#include "exempt.bpf.h"
#include "guard.bpf.h"

#define HF_WALK_MAX 128 /* directories above a file; deeper is refused, not guessed */

/* memfd, SysV and anonymous shared memory: see memory.bpf.h. */
static __always_inline bool is_memory_file(struct super_block *sb)
{
	return (sb->s_magic == TMPFS_MAGIC || sb->s_magic == HUGETLBFS_MAGIC) &&
	       (sb->s_flags & SB_KERNMOUNT);
}

static __always_inline __u32 label_generation(void)
{
	struct hf_state *state = state_get();

	return state ? state->label_generation + 1 : 0; /* a zeroed cache entry is never current */
}

static __always_inline void label_generation_next(void)
{
	struct hf_state *state = state_get();

	if (state)
		__sync_fetch_and_add(&state->label_generation, 1);
}

/* Labels somewhere on this file system; 0 = nothing here needs a look. */
static __always_inline __u64 disk_labels(struct super_block *sb)
{
	__u32 dev = sb->s_dev;
	__u64 *labels = bpf_map_lookup_elem(&hf_disks, &dev);

	return labels ? *labels : 0;
}

static __always_inline int disk_add_labels(struct super_block *sb, __u64 labels)
{
	__u32 dev = sb->s_dev;
	const __u64 none = 0;
	__u64 *known = value_of(&hf_disks, &dev, &none);

	if (!known)
		return -ENOSPC;
	if ((*known & labels) != labels)
		return labels_or(known, labels);
	return 0;
}

/* Own labels that an ancestor hands down, or its whole set when that is known already. */
static __always_inline bool ancestor_labels(
	struct inode *directory, __u32 generation, __u64 *ret_labels)
{
	struct hf_inode *entry = bpf_inode_storage_get(&hf_inodes, directory, NULL, 0);
	struct hf_inode_key key;
	struct hf_mark *mark;

	if (entry && entry->generation == generation) {
		*ret_labels |= entry->effective;
		return true;
	}
	inode_key(directory, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	if (mark)
		*ret_labels |= mark->labels;
	return false;
}

/* Where a walk upwards stands. */
struct walk {
	struct dentry *dentry;
	struct dentry *root;
	__u64 labels;
	__u32 generation;
	__u32 reason; /* HF_REASON_RULE once the answer is known */
};

/* One directory up. Returns 1 to stop. */
static long walk_step(__u32 index, struct walk *walk)
{
	struct dentry *dentry = walk->dentry, *parent = dentry->d_parent;

	if (dentry == walk->root) {
		walk->reason = HF_REASON_RULE;
		return 1;
	}
	if (parent == dentry) {
		walk->reason = HF_REASON_DISCONNECTED;
		return 1;
	}
	walk->dentry = parent;
	if (ancestor_labels(parent->d_inode, walk->generation, &walk->labels)) {
		walk->reason = HF_REASON_RULE;
		return 1;
	}
	return 0;
}

/*
 * Walks d_parent from a file or directory (exclusive) to the root of its file system. Bind mounts,
 * chroot, mount namespaces and symbolic links do not change d_parent. *ret_reason is set when the
 * answer is not known; the caller then treats it as labelled with all that the file system holds.
 */
static __noinline __u64 labels_above(struct dentry *dentry, __u32 generation, __u8 *ret_reason)
{
	struct walk walk = {
		.dentry = dentry,
		.root = dentry->d_sb->s_root,
		.generation = generation,
		.reason = HF_REASON_TOO_DEEP,
	};

	repeat(HF_WALK_MAX, walk_step, &walk);
	*ret_reason = walk.reason;
	return walk.labels;
}

/* Where a walk by addresses stands: what is not reached through hook arguments has no cache. */
struct alias_walk {
	__u64 dentry;
	__u64 root;
	__u64 labels;
	__u32 reason;
	__u32 pad;
};

/* One directory up. Returns 1 to stop. */
static long alias_step(__u32 index, struct alias_walk *walk)
{
	struct dentry *dentry = (struct dentry *)walk->dentry, *parent;
	struct hf_inode_key key = {};
	struct hf_mark *mark;

	if (walk->dentry == walk->root) {
		walk->reason = HF_REASON_RULE;
		return 1;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	if (parent == dentry) {
		walk->reason = HF_REASON_DISCONNECTED;
		return 1;
	}
	walk->dentry = (__u64)parent;
	dentry_key(parent, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	if (mark)
		walk->labels |= mark->labels;
	return 0;
}

/*
 * As labels_above(), from a name that the inode has on its own file system: overlayfs opens the real
 * file under the name in the overlay (open_with_fake_path in fs/open.c, until 6.5), and the
 * directories above that are none of the real file's.
 */
static __noinline __u64 labels_above_alias(struct inode *inode, __u8 *ret_reason)
{
	struct alias_walk walk = {.reason = HF_REASON_TOO_DEEP};
	__u64 node = (__u64)BPF_CORE_READ(inode, i_dentry.first);

	if (!node) {
		*ret_reason = HF_REASON_DISCONNECTED;
		return 0;
	}
	walk.dentry = node - bpf_core_field_offset(struct dentry, d_u.d_alias);
	walk.root = (__u64)BPF_CORE_READ(inode, i_sb, s_root);
	repeat(HF_WALK_MAX, alias_step, &walk);
	*ret_reason = walk.reason;
	return walk.labels;
}

/* Everything below is reached through the cache; this is the road when it has no answer. */
static __noinline __u64 labels_compute(
	struct dentry *dentry, struct inode *inode, __u32 generation, __u8 *ret_reason)
{
	struct hf_inode *entry;
	struct hf_inode *above;
	struct dentry *parent;
	__u64 disk, inherited;
	bool is_alias;

	disk = disk_labels(inode->i_sb);
	entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!entry) {
		if (disk) {
			count(HF_COUNTER_NO_MEMORY);
			*ret_reason = HF_REASON_NO_MEMORY;
		}
		return disk;
	}
	inode_load(inode, entry);
	entry->mark_flags |= guard_inherited(dentry);
	if (!disk) {
		entry->effective = entry->own;
		entry->generation = generation;
		return entry->effective;
	}
	is_alias = dentry->d_sb != inode->i_sb;
	inherited = is_alias ? labels_above_alias(inode, ret_reason)
			     : labels_above(dentry, generation, ret_reason);
	if (*ret_reason) {
		if (*ret_reason == HF_REASON_TOO_DEEP)
			count(HF_COUNTER_TOO_DEEP);
		/* A mark of its own is an answer: a disconnected dentry is ordinary for NFS handles. */
		if (*ret_reason == HF_REASON_DISCONNECTED && entry->own) {
			*ret_reason = HF_REASON_RULE;
			return entry->own;
		}
		return disk;
	}
	entry->effective = entry->own | inherited;
	entry->generation = generation;
	/* Let the siblings stop at their directory. */
	parent = dentry->d_parent;
	if (is_alias || parent == dentry)
		return entry->effective;
	above = bpf_inode_storage_get(
		&hf_inodes, parent->d_inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (above && above->generation != generation) {
		inode_load(parent->d_inode, above);
		above->effective = inherited;
		above->generation = generation;
	}
	return entry->effective;
}

/* The file behind a writable mapping inherits, by its key: there may be no inode at hand. */
static __noinline int mapped_own(const struct hf_inode_key *key, __u64 labels, __u32 state)
{
	struct hf_mark *mark, fresh = {
				      .labels = labels,
				      .flags = HF_MARK_DERIVED | HF_MARK_DIRTY | state,
			      };
	__u64 *disk;

	mark = bpf_map_lookup_elem(&hf_index, key);
	if (mark) {
		if (labels_or(&mark->labels, labels))
			return -EPERM;
		mark->flags |= HF_MARK_DERIVED | HF_MARK_DIRTY;
		if (!state)
			mark->flags &= ~HF_MARK_STATE;
	} else if (bpf_map_update_elem(&hf_index, key, &fresh, BPF_ANY)) {
		count(HF_COUNTER_INDEX_FULL);
		return -EPERM;
	}
	disk = bpf_map_lookup_elem(&hf_disks, &key->dev);
	if (disk)
		return labels_or(disk, labels) ? -EPERM : 0;
	if (bpf_map_update_elem(&hf_disks, &key->dev, &labels, BPF_ANY))
		return -EPERM;
	return 0;
}

#ifndef HF_BASELINE /* which forms no groups: memory.bpf.h */

/* Who maps a file can at any time have stored in it what any of its group has read. */
static __noinline __u64 labels_mapped(struct inode *inode, struct hf_inode *entry)
{
	__u64 labels = group_labels(entry->group) & ~entry->effective;
	struct hf_inode_key key;

	if (!labels)
		return 0;
	inode_key(inode, &key);
	if (!mapped_own(&key, labels,
		    entry->inherits &
			    HF_MARK_STATE)) { /* else it has them as long as it is mapped */
		(void)labels_or(&entry->own, labels);
		(void)labels_or(&entry->effective, labels);
	}
	return labels;
}

#else

static __always_inline __u64 labels_mapped(struct inode *inode, struct hf_inode *entry)
{
	return 0;
}

#endif

/*
 * The set in force on the inode that dentry names. *ret_reason stays HF_REASON_RULE when it is
 * known; otherwise it says why the answer is "all labels of this file system".
 */
static __always_inline __u64 labels_of(struct dentry *dentry, struct inode *inode, __u8 *ret_reason)
{
	struct hf_inode *entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, 0);
	__u32 generation = label_generation();
	__u64 labels;

	*ret_reason = HF_REASON_RULE;
	if (entry && entry->generation == generation)
		labels = entry->effective;
	else
		labels = labels_compute(dentry, inode, generation, ret_reason);
	if (entry && entry->inherits)
		labels |= labels_mapped(inode, entry);
	return labels;
}

/* Nothing to ask labels_of() about: it would say none. For hooks that run often. */
static __always_inline bool is_unlabelled(const struct hf_inode *entry)
{
	return entry && entry->generation == label_generation() &&
	       !(entry->own | entry->effective | entry->inherits);
}

/*
 * Gives act's inode act->labels as a mark of its own, in the index first, so that it outlives eviction.
 * Returns 0, or -EPERM when that is not possible: the act that would lose the label is refused.
 * state: HF_MARK_STATE when it is of an application's own settings, see state_flag().
 */
static __noinline int inode_own(struct inode *inode, struct act *act, __u32 state)
{
	bool is_directory = (inode->i_mode & S_IFMT) == S_IFDIR;
	/* A file without a name, as programs use for what is temporary, will not outlive a reboot. */
	bool is_lasting = inode->i_nlink || act->operation == HF_OPERATION_LINK;
	__u32 flags = HF_MARK_DERIVED | HF_MARK_OWED | state | (is_lasting ? HF_MARK_DIRTY : 0);
	struct hf_inode *entry;
	struct hf_inode_key key;
	struct hf_mark *mark, fresh = {};
	__u64 labels = act->labels;

	inode_key(inode, &key);
	mark = bpf_map_lookup_elem(&hf_index, &key);
	if (mark) {
		if (labels_or(&mark->labels, labels))
			goto full;
		mark->flags = (mark->flags & ~HF_MARK_STATE) | flags;
	} else {
		fresh.labels = labels;
		fresh.flags = flags;
		if (is_directory)
			fresh.flags |= HF_MARK_DIRECTORY;
		if (bpf_map_update_elem(&hf_index, &key, &fresh, BPF_ANY))
			goto full;
	}
	if (disk_add_labels(inode->i_sb, labels))
		goto full;
	entry = bpf_inode_storage_get(&hf_inodes, inode, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (entry && (labels_or(&entry->own, labels) || labels_or(&entry->effective, labels)))
		goto full;
	if (entry)
		entry->mark_flags = (entry->mark_flags & ~HF_MARK_STATE) | state;
	if (is_directory)
		label_generation_next();
	act->verdict = HF_VERDICT_ALLOW;
	report(act, HF_RECORD_LABELLED);
	return 0;
full:
	count(HF_COUNTER_INDEX_FULL);
	return -EPERM;
}

#endif
