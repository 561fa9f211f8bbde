/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor's hold on the kernel part: loads or re-adopts the pinned BPF object, and is the only
 * place that writes its maps. Needs CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN while opening; afterwards
 * only the descriptors it holds.
 */
#ifndef HOLDFAST_AGENT_SENSOR_KERNEL_H
#define HOLDFAST_AGENT_SENSOR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/control.h"
#include "bpf/events.h"

struct kernel;

#define KERNEL_PIN_DIRECTORY "/sys/fs/bpf/holdfast"
#define KERNEL_MISSING_MAX   24

/* What the running kernel can't do of what was asked; shown by `holdfast doctor`. */
struct kernel_support {
	bool has_bpf_lsm;
	bool was_adopted;	/* pins of an earlier agent were taken over */
	uint32_t counts_id;	/* of what counts records, within a boot; 0 = none */
	uint32_t open_channels; /* 1 << channel, HF_OPEN_*: not covered */
	unsigned int missing_count;
	const char *missing[KERNEL_MISSING_MAX]; /* plain words, static strings */
};

/*
 * Loads, attaches and pins the BPF part below pin_directory, or adopts what is pinned there when
 * its layout is the same (else replaces it link by link, keeping the maps' contents when the map
 * layouts allow). Enforcement is on when this returns and outlives the process.
 * Returns 0; -EOPNOTSUPP without BPF LSM (ret_support says what to do); other negative errno.
 * Caller frees with kernel_close(), which leaves pins and enforcement in place.
 */
int kernel_open(const char *pin_directory, struct kernel_support *ret_support, struct kernel **ret);
void kernel_close(struct kernel *kernel);

/*
 * Removes pins below pin_directory: enforcement ends. For uninstalling and tests only. -EPERM when
 * the agent guards itself and no maintenance door for removal is open.
 */
int kernel_unpin(const char *pin_directory);

struct kernel_dest {
	struct hf_dest_key key;
	struct hf_dest value;
};

/* A policy's services: where they are, and which may not be reached now. */
struct kernel_services {
	const struct kernel_dest *dests; /* borrowed; allow is services */
	size_t count;
	uint64_t shut;
	uint64_t rehearse; /* refusals of these are only recorded */
};

/*
 * Publishes one whole policy; a hook sees the old or the new one. bank->dest_slot is ignored and
 * chosen here. Returns 0 or negative errno with the old policy still in force.
 */
int kernel_publish(struct kernel *kernel, const struct hf_bank *bank,
	const struct kernel_dest *dests, size_t dest_count, const struct kernel_services *services);
/* Other services of the policy in force, or others shut. 0 or negative errno. */
int kernel_set_services(struct kernel *kernel, const struct kernel_services *services);
int kernel_set_shut(struct kernel *kernel, uint64_t shut);

/* Replaces the standing grants (until == UINT64_MAX); justified ones stay until they expire. */
int kernel_set_standing_grants(struct kernel *kernel, const struct hf_grant_key *keys,
	const struct hf_grant *grants, size_t count);
/*
 * Adds one justified grant beside those the user has on the channel; key's slot is chosen here.
 * until_ktime_ns is CLOCK_BOOTTIME. -ENOSPC: the map is full.
 */
int kernel_grant(
	struct kernel *kernel, const struct hf_grant_key *key, const struct hf_grant *grant);

/* Labels that an application is exempt from in a directory; 0 = none any more. */
int kernel_set_exempt(struct kernel *kernel, const struct hf_exempt_key *key, uint64_t labels);
/* No application is exempt anywhere. */
void kernel_clear_exempts(struct kernel *kernel);

int kernel_set_gates(struct kernel *kernel, const struct hf_gates *gates);
/* What the user has verified for; no labels = nothing any more. -ENOSPC: the map is full. */
int kernel_set_verified(struct kernel *kernel, uint32_t uid, const struct hf_verified *verified);
/* Nobody has verified. */
void kernel_clear_verified(struct kernel *kernel);

/* Classifies a block device or mounted file system; dev as in struct hf_inode_key. */
int kernel_set_volume(struct kernel *kernel, uint32_t dev, const struct hf_volume *volume);
int kernel_forget_volume(struct kernel *kernel, uint32_t dev);

/*
 * Marks the inode behind fd (any readable descriptor of a regular file or directory): its own
 * labels become exactly `labels` (0 clears the mark), flags are HF_MARK_DIRECTORY / _POLICY.
 * On success *ret_key names the inode as the kernel does and *ret_previous is the mark it had.
 * Returns 0; -ENOSPC when the index is full; -EOPNOTSUPP when the object can't carry a mark.
 */
int kernel_mark(struct kernel *kernel, int fd, uint64_t labels, uint32_t flags,
	struct hf_inode_key *ret_key, struct hf_mark *ret_previous);

/* What the kernel part knows of one inode. */
struct kernel_inode {
	uint64_t labels; /* in force: own and inherited */
	struct hf_mark own;
	struct hf_inode_key key;
};

/* Asks about the inode behind fd. 0 or negative errno. */
int kernel_inode(struct kernel *kernel, int fd, struct kernel_inode *ret_inode);

/* Gives the executable behind fd a verified identity; HF_APP_UNKNOWN takes it away. */
int kernel_set_app(struct kernel *kernel, int fd, uint32_t app);

/* Adds HF_MARK_GUARD flags to the inode behind fd. 0 or negative errno. */
int kernel_guard(struct kernel *kernel, int fd, uint32_t flags);
/* Forgets processes of earlier agents that are gone. As root. */
void kernel_guard_prune(struct kernel *kernel);
/* The maintenance door; until_ktime_ns 0 shuts it. */
int kernel_set_door(struct kernel *kernel, const struct hf_door *door);
int kernel_door(struct kernel *kernel, struct hf_door *ret_door);

/* Loads a mark from the database at start, by key, without opening the file; adds to what is there. */
int kernel_restore_mark(
	struct kernel *kernel, const struct hf_inode_key *key, const struct hf_mark *mark);

/* The file carries these labels: if they are all it has, HF_MARK_OWED goes. */
int kernel_mark_written(struct kernel *kernel, int fd, uint64_t labels);

/*
 * Calls visit, which must not fail, for each marked inode that ceased to exist since the last call,
 * at most for `most`; returns how many, or negative errno.
 */
int kernel_visit_gone(struct kernel *kernel, unsigned int most,
	void (*visit)(const struct hf_inode_key *key, void *userdata), void *userdata);

/*
 * Calls visit for each mark the kernel changed since the last call (HF_MARK_DIRTY), and clears
 * that flag once visit returned 0. Visits at most `most`; returns how many, or negative errno.
 */
int kernel_visit_dirty(struct kernel *kernel, unsigned int most,
	int (*visit)(const struct hf_inode_key *key, const struct hf_mark *mark, void *userdata),
	void *userdata);

/* Labels and since-when of the process, by pid of its leader. -ESRCH; -ENOENT = not tainted. */
int kernel_taint(struct kernel *kernel, int pid, uint64_t *ret_labels, uint32_t *ret_app);

/*
 * Calls visit for every process that carries labels now. Ends when visit returns anything but 0,
 * and returns that; 0 or negative errno.
 */
int kernel_readers(struct kernel *kernel,
	int (*visit)(const struct hf_reader *reader, void *userdata), void *userdata);

/* Sums over CPUs; ret_counters[HF_COUNTER_MAX]. */
int kernel_counters(struct kernel *kernel, uint64_t ret_counters[static HF_COUNTER_MAX]);

/*
 * Decisions the kernel skipped: before Linux 6.2, a program interrupted by itself on the same CPU
 * does not run again (only possible with preempt=full). Anything but 0 is a hole; doctor says so.
 */
int kernel_misses(const struct kernel *kernel, uint64_t *ret_misses);

#endif
