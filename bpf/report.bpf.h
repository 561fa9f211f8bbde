/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Makes the record that follows a decision. Nothing here changes a verdict: when the ring is full
 * the record is counted as lost, when a process repeats itself it is counted as coalesced.
 */
#ifndef HOLDFAST_BPF_REPORT_H
#define HOLDFAST_BPF_REPORT_H

#include "state.bpf.h"

#define HF_COALESCE_NS	1000000000ull
#define HF_PATH_DEPTH	48  /* names in a record's path */
#define HF_NAME_SIZE	256 /* NAME_MAX and its NUL */

/* One act of one process, as the hooks describe it to judge() and report(). */
struct act {
	__u8 channel;
	__u8 operation;
	__u8 reason;
	__u8 verdict;
	__u32 target_tgid;
	__u64 labels;  /* the set that is judged */
	__u64 allow;   /* labels this very destination may have */
	__u64 decided; /* filled by judge() */
	__u64 policy;  /* filled by judge() */
	struct inode *inode;   /* or NULL */
	struct dentry *dentry; /* or NULL */
	struct vfsmount *mnt;  /* or NULL: the path ends at the file system's root */
	__u16 family;
	__u16 port;
	__u8 protocol;
	__u8 pad[3];
	__u8 address[16];
};

static __always_inline void inode_key(struct inode *inode, struct hf_inode_key *ret_key)
{
	ret_key->ino = inode->i_ino;
	ret_key->subvolume = 0;
	ret_key->dev = inode->i_sb->s_dev;
	ret_key->generation = inode->i_generation;
}

/*
 * Names from the file outwards, over mount points up to the root. Reads with probes and not with
 * typed loads: the pointers come from a struct and the compiler can't prove them.
 */
static __noinline void record_path(struct hf_record *record, struct act *act)
{
	struct dentry *dentry = act->dentry, *parent, *root;
	struct mount *mount = NULL, *above;
	__u32 used = 0;

	if (act->mnt)
		mount = (void *)act->mnt - bpf_core_field_offset(struct mount, mnt);
	for (int i = 0; i < HF_PATH_DEPTH; i++) {
		const unsigned char *name;
		long size;

		parent = BPF_CORE_READ(dentry, d_parent);
		root = mount ? BPF_CORE_READ(mount, mnt.mnt_root) : NULL;
		if (dentry == root || parent == dentry) {
			if (!mount)
				goto done;
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount)
				goto done;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		if (used > HF_PATH_SIZE - HF_NAME_SIZE)
			break;
		name = BPF_CORE_READ(dentry, d_name.name);
		size = bpf_probe_read_kernel_str(record->path + used, HF_NAME_SIZE, name);
		if (size <= 0 || size > HF_NAME_SIZE)
			goto done;
		used += size;
		dentry = parent;
	}
	record->path_is_cut = 1;
done:
	record->path_size = used;
}

static __always_inline void record_who(struct hf_record *record, struct hf_task *self)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tty_struct *tty = task->signal->tty;
	__u64 id = bpf_get_current_pid_tgid();

	record->pid = (__u32)id;
	record->tgid = id >> 32;
	record->uid = (__u32)bpf_get_current_uid_gid();
	record->loginuid = task->loginuid.val;
	record->start_ktime_ns = task->group_leader->start_boottime;
	record->parent_tgid = task->real_parent->tgid;
	record->app = self ? self->app : HF_APP_UNKNOWN;
	if (tty)
		record->tty = ((__u32)tty->driver->major << 20) |
			      (__u32)(tty->driver->minor_start + tty->index);
	bpf_get_current_comm(record->comm, sizeof(record->comm));
}

/* True when the same process said the same within the last second; it is then only counted. */
static __always_inline bool is_repeated(struct hf_task *self, const struct act *act,
					__u8 record_type, __u64 now)
{
	__u64 what = (__u64)record_type << 56 | (__u64)act->channel << 48 |
		     (__u64)act->operation << 40 | (__u64)act->verdict << 32;

	if (!self)
		return false;
	what ^= act->labels ^ ((__u64)act->port << 24) ^ ((__u64)act->address[15] << 16) ^
		((__u64)act->address[14] << 8) ^ act->target_tgid;
	if (act->inode)
		what ^= act->inode->i_ino * 0x9E3779B97F4A7C15ull + act->inode->i_generation;
	if (self->said_what == what && now - self->said_ktime_ns < HF_COALESCE_NS) {
		__sync_fetch_and_add(&self->said_again, 1);
		return true;
	}
	self->said_what = what;
	self->said_ktime_ns = now;
	return false;
}

static __noinline void report(struct act *act, __u8 record_type)
{
	struct hf_state *state = state_get();
	struct hf_task *self = task_current_create();
	__u64 now = bpf_ktime_get_boot_ns();
	struct hf_record *record;
	__u64 sequence;

	count(HF_COUNTER_MADE);
	if (is_repeated(self, act, record_type, now)) {
		count(HF_COUNTER_COALESCED);
		return;
	}
	if (!state)
		return;
	sequence = __sync_fetch_and_add(&state->sequence, 1) + 1;
	record = bpf_ringbuf_reserve(&hf_ring, sizeof(*record), 0);
	if (!record) {
		count(HF_COUNTER_LOST);
		return;
	}
	/* Past path_size lie earlier records of this same ring, which its one reader has had. */
	__builtin_memset(record, 0, __builtin_offsetof(struct hf_record, path));
	record->header.type = record_type;
	record->header.version = HF_RECORD_VERSION;
	record->header.size = sizeof(*record);
	record->header.cpu = bpf_get_smp_processor_id();
	record->header.sequence = sequence;
	record->header.ktime_ns = now;
	record_who(record, self);
	record->channel = act->channel;
	record->verdict = act->verdict;
	record->operation = act->operation;
	record->reason = act->reason;
	record->labels = act->labels;
	record->decided = act->decided;
	record->policy = act->policy;
	record->family = act->family;
	record->port = act->port;
	record->protocol = act->protocol;
	__builtin_memcpy(record->address, act->address, sizeof(record->address));
	record->target_tgid = act->target_tgid;
	if (self)
		record->coalesced = __sync_lock_test_and_set(&self->said_again, 0);
	if (act->inode)
		inode_key(act->inode, &record->inode);
	if (act->dentry)
		record_path(record, act);
	bpf_ringbuf_submit(record, 0);
	count(HF_COUNTER_SENT);
}

#endif
