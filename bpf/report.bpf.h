/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Makes the record that follows a decision. Nothing here changes a verdict: when the ring is full
 * the record is counted as lost, when a process repeats itself it is counted as coalesced.
 */
#ifndef HOLDFAST_BPF_REPORT_H
#define HOLDFAST_BPF_REPORT_H

#include "origins.bpf.h"

#define HF_COALESCE_NS 1000000000ull
#ifndef HF_BASELINE
#define HF_PATH_DEPTH 48 /* names in a record's path */
#else
#define HF_PATH_DEPTH 24 /* the verifier walks through each */
#endif
#define HF_NAME_SIZE 256 /* NAME_MAX and its NUL */

/* One act of one process, as the hooks describe it to judge() and report(). */
struct act {
	__u8 channel;
	__u8 operation;
	__u8 reason;
	__u8 verdict;
	__u32 target_tgid;
	__u64 labels;	       /* the set that is judged */
	__u64 allow;	       /* labels this very destination may have */
	__u64 decided;	       /* filled by judge() */
	struct dentry *dentry; /* the file, or NULL */
	union {		       /* the stack is full: one of them */
		struct vfsmount
			*mnt; /* of dentry, or NULL: the path ends at the file system's root */
		struct msghdr *message; /* without dentry: what is about to be sent, or NULL */
		__u64 payload;		/* and its user address, once payload_of() has been asked */
		__u64 display;		/* of a capture: its kind and number */
	};
	__u16 family;
	__u16 port;
	__u8 protocol;
	__u8 payload_kind;  /* enum payload_kind */
	__u16 payload_size; /* at most HF_PATH_SIZE */
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
 * Of a dentry that may be negative (a name about to be made): 0 then. With probes: newer verifiers
 * (an oops on 6.12 showed it) take d_inode of a trusted dentry for never NULL, drop tests and load
 * without fault handling (BTF_TYPE_SAFE_TRUSTED(struct dentry) in kernel/bpf/verifier.c).
 */
static __always_inline __u64 dentry_ino(struct dentry *dentry)
{
	return BPF_CORE_READ(dentry, d_inode, i_ino);
}

static __always_inline void dentry_key(struct dentry *dentry, struct hf_inode_key *ret_key)
{
	ret_key->ino = dentry_ino(dentry);
	ret_key->subvolume = 0;
	ret_key->dev = BPF_CORE_READ(dentry, d_sb, s_dev);
	ret_key->generation = BPF_CORE_READ(dentry, d_inode, i_generation);
}

/* The first six bytes of a name, for NAME6(). */
static __always_inline __u64 name_begin(const struct qstr *name)
{
	__u64 begin = 0;

	bpf_probe_read_kernel_str(&begin, 7, BPF_CORE_READ(name, name));
	return begin;
}

#define NAME6(a, b, c, d, e, f)                                                                  \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 | \
		(__u64)(f) << 40)

/* Where record_path_step() stands. Kernel addresses as numbers: they are read with probes. */
struct path_walk {
	struct hf_record *record;
	__u64 dentry;
	__u64 mount; /* 0: not known */
};

/* One name, or one mount point crossed. Returns 1 to stop. */
static long record_path_step(__u32 index, struct path_walk *walk)
{
	struct dentry *dentry = (struct dentry *)walk->dentry;
	struct mount *mount = (struct mount *)walk->mount;
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
	__u64 used = walk->record->path_size;
	long size;

	if (parent == dentry || (mount && dentry == BPF_CORE_READ(mount, mnt.mnt_root))) {
		struct mount *above = mount ? BPF_CORE_READ(mount, mnt_parent) : NULL;

		walk->dentry = (__u64)(mount ? BPF_CORE_READ(mount, mnt_mountpoint) : NULL);
		walk->mount = (__u64)above;
		walk->record->path_is_cut = above && above != mount;
		return !walk->record->path_is_cut;
	}
	/* The bound must be on the very register that is used: clang 14 would test a copy. */
	barrier_var(used);
	if (used > HF_PATH_SIZE - HF_NAME_SIZE)
		return 1;
	size = bpf_probe_read_kernel_str(
		walk->record->path + used, HF_NAME_SIZE, BPF_CORE_READ(dentry, d_name.name));
	if (size > 0)
		walk->record->path_size = used + size;
	walk->dentry = (__u64)parent;
	return 0;
}

#ifndef HF_BASELINE
#define RECORD_PATH __noinline
#else
#define RECORD_PATH static __always_inline /* a global one can't be passed memory before 5.12 */
#endif

/*
 * Names from the file outwards, over mount points up to the root. A global function, so that the
 * verifier reads it once and not from every hook; such a function can't be passed kernel pointers,
 * so the dentry and the mount come in the first bytes of the path that it is about to write.
 */
RECORD_PATH int record_path(struct hf_record *record)
{
	struct path_walk walk = {.record = record};
	__u64 mnt;

	if (!record)
		return 0;
	walk.dentry = ((__u64 *)record->path)[0];
	mnt = ((__u64 *)record->path)[1];
	if (mnt)
		walk.mount = mnt - bpf_core_field_offset(struct mount, mnt);
	record->path_is_cut = 1; /* until the root is reached */
	repeat(HF_PATH_DEPTH, record_path_step, &walk);
	return 0;
}

#ifndef HF_BASELINE
static __always_inline void record_path_of(struct hf_record *record, const struct act *act)
{
	((__u64 *)record->path)[0] = (__u64)act->dentry;
	((__u64 *)record->path)[1] = (__u64)act->mnt;
	record_path(record);
}
#else
/* Verified once, as it takes nothing. */
__noinline int record_path_aside(void)
{
	return record_path(bpf_map_lookup_elem(&hf_aside, &slot_zero));
}

/* The lock is for kernels that let another process of this CPU in between (PREEMPT). */
static __always_inline void record_path_of(struct hf_record *record, const struct act *act)
{
	__u32 lock = bpf_get_smp_processor_id();
	struct hf_record *aside = bpf_map_lookup_elem(&hf_aside, &slot_zero);

	record->path_is_cut = 1;
	if (!aside || lock_take(lock))
		return; /* the record goes without */
	aside->path_size = 0;
	((__u64 *)aside->path)[0] = (__u64)act->dentry;
	((__u64 *)aside->path)[1] = (__u64)act->mnt;
	record_path_aside();
	record->path_size = aside->path_size;
	record->path_is_cut = aside->path_is_cut;
	(void)bpf_probe_read_kernel(record->path, sizeof(record->path), aside->path);
	lock_give(lock);
}
#endif

static __always_inline __u32 tty_dev(struct tty_struct *tty)
{
	return ((__u32)BPF_CORE_READ(tty, driver, major) << 20) |
	       (__u32)(BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index));
}

/*
 * Probes: for each pointer that is followed directly, verifiers from 6.3 on look through all names of
 * the kernel's types (btf_nested_type_is_trusted()), which was a quarter of the time of loading.
 */
static __always_inline void record_who(struct hf_record *record, struct hf_task *self)
{
	struct task_struct *task = current_task();
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);
	__u64 id = bpf_get_current_pid_tgid();

	record->pid = (__u32)id;
	record->tgid = id >> 32;
	record->uid = (__u32)bpf_get_current_uid_gid();
	record->loginuid = kernel_read(task, loginuid.val);
	record->start_ktime_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	record->parent_tgid = BPF_CORE_READ(task, real_parent, tgid);
	record->app = self ? self->app : HF_APP_UNKNOWN;
	if (tty)
		record->tty = tty_dev(tty);
	bpf_get_current_comm(record->comm, sizeof(record->comm));
}

/* What begins a message is worth a record of its own; what follows belongs to it. */
enum payload_kind {
	PAYLOAD_DATA = 0,
	PAYLOAD_HTTP = 1,
	PAYLOAD_IPP = 2,
};

static __always_inline bool is_job_data(const struct act *act, __u64 said, __u64 what)
{
	return act->payload_kind == PAYLOAD_DATA &&
	       ((said ^ what) == PAYLOAD_HTTP || (said ^ what) == PAYLOAD_IPP);
}

/* True when the same process said the same within the last second; it is then only counted. */
static __always_inline bool is_repeated(
	struct hf_task *self, const struct act *act, __u8 record_type, __u64 now)
{
	__u64 what = (__u64)record_type << 56 | (__u64)act->channel << 48 |
		     (__u64)act->operation << 40 | (__u64)act->verdict << 32;
	__u64 *said;

	if (!self)
		return false;
	said = act->channel == HF_CHANNEL_PRINT ? &self->said_print : &self->said_what;
	what ^= act->labels ^ ((__u64)act->port << 24) ^ ((__u64)act->address[15] << 16) ^
		((__u64)act->address[14] << 8) ^ act->target_tgid;
	if (act->dentry)
		what ^= dentry_ino(act->dentry) * 0x9E3779B97F4A7C15ull;
	if (act->channel == HF_CHANNEL_PRINT)
		what = is_job_data(act, *said, what) ? *said : what ^ act->payload_kind;
	if (*said == what && now - self->said_ktime_ns < HF_COALESCE_NS) {
		__sync_fetch_and_add(&self->said_again, 1);
		return true;
	}
	*said = what;
	self->said_ktime_ns = now;
	return false;
}

/* Of what was about to be sent, the beginning. Memory that can't be read now is no reason to wait. */
static __always_inline void record_payload(struct hf_record *record, const struct act *act)
{
	__u32 size = act->payload_size;

	if (size > HF_PATH_SIZE) /* for the verifier */
		return;
	if (bpf_probe_read_user(record->path, size, (const void *)act->payload))
		return;
	record->path_size = size;
	record->path_is_payload = HF_PAYLOAD_PRINT;
}

#ifndef HF_BASELINE

/* Where record_shown() stands. */
struct shown_walk {
	struct hf_record *record;
	__u32 server;
	__u32 count;
};

static long record_shown_one(
	void *map, const struct hf_shown_key *key, struct hf_shown *shown, struct shown_walk *walk)
{
	struct hf_screen_shown *to = (struct hf_screen_shown *)walk->record->path;
	struct hf_screen_reader *reader;
	__u64 at;

	if (walk->server && key->server != walk->server)
		return 0;
	at = walk->count++;
	barrier_var(at);
	if (at >= HF_SHOWN_MAX)
		return 0;
	reader = &to->readers[at];
	reader->labels = shown->carried.labels;
	reader->tgid = key->tgid;
	reader->pad = 0;
	reader->origin = shown->carried.origins.keys[0];
	__builtin_memcpy(reader->comm, shown->comm, sizeof(reader->comm));
	return 0;
}

/* Who shows labels on the display that is captured. */
static __always_inline void record_shown(struct hf_record *record, const struct act *act)
{
	struct hf_screen_shown *to = (struct hf_screen_shown *)record->path;
	struct shown_walk walk = {.record = record, .server = act->target_tgid};

	to->kind = act->display >> 32;
	to->number = (__u32)act->display;
	to->pad = 0;
	(void)bpf_for_each_map_elem(&hf_shown, record_shown_one, &walk, 0);
	to->count = walk.count;
	record->path_size = sizeof(*to);
	record->path_is_payload = HF_PAYLOAD_SCREEN;
}

#else

static __always_inline void record_shown(struct hf_record *record, const struct act *act)
{
}

#endif

VERIFIED_ONCE int report(struct act *act, __u8 record_type)
{
	struct hf_state *state = state_get();
	struct hf_task *self = task_current_create();
	struct hf_bank *bank = bank_get();
	__u64 now = bpf_ktime_get_boot_ns();
	struct hf_record *record;
	__u64 sequence;

	if (!act)
		return 0;
	count(HF_COUNTER_MADE);
	if (is_repeated(self, act, record_type, now)) {
		count(HF_COUNTER_COALESCED);
		return 0;
	}
	if (!state)
		return 0;
	if (number_take(&state->sequence, &sequence)) {
		count(HF_COUNTER_LOST);
		return 0;
	}
	record = bpf_ringbuf_reserve(&hf_ring, sizeof(*record), 0);
	if (!record) {
		count(HF_COUNTER_LOST);
		return 0;
	}
	/* Past path_size lie earlier records of this same ring, which its one reader has had. */
	__builtin_memset(record, 0, __builtin_offsetof(struct hf_record, path));
	record->header.type = record_type;
	record->header.version = HF_RECORD_VERSION;
	record->header.size = sizeof(*record);
	record->header.cpu = bpf_get_smp_processor_id();
	record->header.sequence = sequence + 1;
	record->header.ktime_ns = now;
	record_who(record, self);
	record->channel = act->channel;
	record->verdict = act->verdict;
	record->operation = act->operation;
	record->reason = act->reason;
	record->labels = act->labels;
	record->decided = act->decided;
	record->policy = bank ? bank->serial : 0;
	record->family = act->family;
	record->port = act->port;
	record->protocol = act->protocol;
	__builtin_memcpy(record->address, act->address, sizeof(record->address));
	record->target_tgid = act->target_tgid;
#ifndef HF_BASELINE
	if (self && self->group)
		origins_from_group(self);
#endif
	if (self) {
		record->coalesced = number_swap_zero(&self->said_again);
		record->source = self->source;
		record->origins = self->origins;
	}
	if (act->dentry) {
		dentry_key(act->dentry, &record->inode);
		record->path_is_within = !act->mnt;
		record_path_of(record, act);
	} else if (act->channel == HF_CHANNEL_PRINT && act->payload_kind != PAYLOAD_DATA) {
		record_payload(record, act);
	} else if (act->operation == HF_OPERATION_CAPTURE) {
		record_shown(record, act);
	}
	bpf_ringbuf_submit(record, 0);
	count(HF_COUNTER_SENT);
	return 0;
}

#endif
