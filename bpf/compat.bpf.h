/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The building blocks that kernels before 5.17 lack. The sources are compiled twice: as the full
 * object, where each name here is the kernel's own helper, and with HF_BASELINE as the object for
 * older kernels (5.10 on), where it is made of what they have. Owns all of the difference but the
 * maps. What the baseline can't do is said in agent/sensor/kernel_support.c.
 *
 *   kernel_read(from, member...)  a member of what the verifier does not know as a kernel type
 *   current_task()		   task_state()	     socket_state()	unix_socket()
 *   labels_or(set, labels)	   number_take(number, ret)		repeat(count, step, state)
 */
#ifndef HOLDFAST_BPF_COMPAT_H
#define HOLDFAST_BPF_COMPAT_H

#include "maps.bpf.h"

/* A value to begin with: too large for the stack. */
static const struct hf_carried carried_none;

/*
 * What the map keeps under key; from now on *first, if there was nothing. NULL: no room. It is looked
 * for first, as a map of the kind that never is full makes room before it finds that the key is there
 * (htab_lru_map_update_elem() in kernel/bpf/hashtab.c): something else would be forgotten for nothing.
 */
static __always_inline void *value_of(void *map, const void *key, const void *first)
{
	void *value = bpf_map_lookup_elem(map, key);

	if (value)
		return value;
	(void)bpf_map_update_elem(map, key, first, BPF_NOEXIST); /* or raced: fine */
	return bpf_map_lookup_elem(map, key);
}

/*
 * A global function: the verifier reads it once for each program, and not again for every call and
 * every state it is called in. It can't be passed kernel pointers as such, only memory in which
 * they are numbers to it (what it follows, it follows with probes), and before 5.12 no memory. Nor
 * does it know what comes back: the hooks may return 0 or a negative errno, hence refusal().
 */
#ifndef HF_BASELINE
#define VERIFIED_ONCE __noinline
#else
#define VERIFIED_ONCE static __noinline
#endif
#define refusal(r) ((r) ? -EPERM : 0)

#ifndef HF_BASELINE

#define kernel_read(from, ...)	   ___arrow(from, __VA_ARGS__)
#define current_task()		   bpf_get_current_task_btf()
#define repeat(count, step, state) ((void)bpf_loop(count, step, state, 0))
#define number_take(number, ret)   (*(ret) = __sync_fetch_and_add(number, 1), 0)
#define number_swap_zero(number)   __sync_lock_test_and_set(number, 0)
#define unix_socket(sk)		   bpf_skc_to_unix_sock(sk)
#define socket_of_file(file)	   bpf_sock_from_file(file)
#define task_forget(task)	   ((void)0)
#define labels_or(set, labels)	   (__sync_fetch_and_or(set, labels), 0)

static __always_inline struct hf_task *task_state(struct task_struct *task, __u64 flags)
{
	return bpf_task_storage_get(&hf_tasks, task, NULL, flags);
}

static __always_inline struct hf_carried *socket_state(struct sock *sk, __u64 flags)
{
	return bpf_sk_storage_get(&hf_sockets, sk, NULL, flags);
}

#define HF_CREATE_TASK	 BPF_LOCAL_STORAGE_GET_F_CREATE
#define HF_CREATE_SOCKET BPF_SK_STORAGE_GET_F_CREATE
#define HF_CACHE_SOCKET	 BPF_SK_STORAGE_GET_F_CREATE /* what can be found out again */

#else /* HF_BASELINE */

/* From here a task or socket is often a mere address: bpf_get_current_task_btf() came with 5.11. */
#define kernel_read(from, ...) BPF_CORE_READ(from, __VA_ARGS__)
#define current_task()	       ((struct task_struct *)bpf_get_current_task())

/* bpf_loop() came with 5.17; loops with a bound that the verifier walks through, with 5.3. */
#define repeat(count, step, state)                                       \
	do {                                                             \
		for (__u32 repeat_i = 0; repeat_i < (count); repeat_i++) \
			if (step(repeat_i, state))                       \
				break;                                   \
	} while (0)

#define HF_LOCK_TRIES 256 /* more than 10 us; the verifier walks through each, in every program */

/*
 * Atomic OR, fetch and exchange came with 5.12, spin locks for LSM programs with 5.11. A plain OR
 * could lose the label that another CPU adds at the same time. What 5.10 has that only one of many
 * can do is adding a key to a hash: so that is the lock. It is held for a load and a store (for a
 * path in report.bpf.h), never over another one, and its holder can't sleep. Whoever does not get
 * it in time must do without: the act is refused, a record is counted as lost or has no path. A
 * global function, so that the verifier reads it once.
 */
__noinline int lock_take(__u32 lock)
{
	__u32 nobody = 0;

	for (int i = 0; i < HF_LOCK_TRIES; i++)
		if (!bpf_map_update_elem(&hf_locks, &lock, &nobody, BPF_NOEXIST))
			return 0;
	return -EBUSY;
}

static __always_inline void lock_give(__u32 lock)
{
	(void)bpf_map_delete_elem(&hf_locks, &lock); /* is there: we put it in */
}

/* Half the address: two values may share a lock, one value never has two. */
static __always_inline __u32 lock_of(const void *value)
{
	__u32 lock;

	/* In assembler: clang 14 would spill the lower half of the pointer itself, which is refused. */
	asm volatile("%0 = %1" : "=w"(lock) : "w"((__u32)(__u64)value));
	return lock;
}

static __always_inline int labels_or(__u64 *set, __u64 labels)
{
	__u32 lock = lock_of(set);

	if (lock_take(lock))
		return -EBUSY;
	*set |= labels;
	lock_give(lock);
	return 0;
}

#define number_take(number, ret)                                              \
	({                                                                    \
		__u32 lock_ = lock_of(number);                                \
		int r_ = lock_take(lock_);                                    \
                                                                              \
		if (!r_) {                                                    \
			*(ret) = *(volatile typeof(*(number)) *)(number);     \
			*(volatile typeof(*(number)) *)(number) = *(ret) + 1; \
			lock_give(lock_);                                     \
		}                                                             \
		r_;                                                           \
	})

/* What is counted between the two may go untold; counters have it. */
#define number_swap_zero(number)           \
	({                                 \
		__u32 before_ = *(number); \
                                           \
		*(number) = 0;             \
		before_;                   \
	})

/* A value to begin with: too large for the stack. */
static const struct hf_task task_none;

/*
 * Task storage came with 5.11. The address of a task is its own until task_free, which takes the
 * entry away; an entry that outlived its task (freed before our hook was in) goes at task_alloc.
 */
static __always_inline struct hf_task *task_state(struct task_struct *task, __u64 create)
{
	__u64 key = (__u64)task;

	return create ? value_of(&hf_tasks, &key, &task_none)
		      : bpf_map_lookup_elem(&hf_tasks, &key);
}

static __always_inline void task_forget(struct task_struct *task)
{
	__u64 key = (__u64)task;

	(void)bpf_map_delete_elem(&hf_tasks, &key); /* most tasks have none */
}

SEC("lsm/task_free")
int BPF_PROG(hf_task_free, struct task_struct *task)
{
	task_forget(task);
	return 0;
}

/* Socket storage for tracing programs came with 5.11, bpf_skc_to_unix_sock() with 5.16. */
static __always_inline struct hf_carried *socket_state(struct sock *sk, __u64 create)
{
	__u64 key = (__u64)sk;

	return create ? value_of(&hf_sockets, &key, &carried_none)
		      : bpf_map_lookup_elem(&hf_sockets, &key);
}

SEC("lsm/sk_free_security")
int BPF_PROG(hf_sk_free_security, struct sock *sk)
{
	__u64 key = (__u64)sk;

	(void)bpf_map_delete_elem(&hf_sockets, &key); /* most sockets have none */
	return 0;
}

/* Only for sockets of the family AF_UNIX: struct unix_sock begins with its struct sock. */
#define unix_socket(sk) ((struct unix_sock *)(sk))

/* bpf_sock_from_file() came with 5.11: sock_alloc_file() in net/socket.c keeps the socket there. */
static __always_inline struct socket *socket_of_file(struct file *file)
{
	if (file->f_inode->i_sb->s_magic != SOCKFS_MAGIC)
		return NULL;
	return (struct socket *)BPF_CORE_READ(file, private_data);
}

#define HF_CREATE_TASK	 1
#define HF_CREATE_SOCKET 1
#define HF_CACHE_SOCKET	 0 /* the table is small */

#endif
#endif
