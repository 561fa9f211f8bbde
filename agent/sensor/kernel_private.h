/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel*.c files of the sensor share. Not for anyone else.
 */
#ifndef HOLDFAST_AGENT_SENSOR_KERNEL_PRIVATE_H
#define HOLDFAST_AGENT_SENSOR_KERNEL_PRIVATE_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agent/sensor/kernel.h"
#include "bpf/control.h"

enum kernel_map {
	KERNEL_MAP_TASKS,
	KERNEL_MAP_GROUPS,
	KERNEL_MAP_INODES,
	KERNEL_MAP_INDEX,
	KERNEL_MAP_GONE,
	KERNEL_MAP_DISKS,
	KERNEL_MAP_BANKS,
	KERNEL_MAP_DESTS,
	KERNEL_MAP_SERVICES,
	KERNEL_MAP_ZONES,
	KERNEL_MAP_EXEMPT,
	KERNEL_MAP_GRANTS,
	KERNEL_MAP_VOLUMES,
	KERNEL_MAP_GATES,
	KERNEL_MAP_VERIFIED,
	KERNEL_MAP_AGENT,
	KERNEL_MAP_REQUEST,
	KERNEL_MAP_RING,
	KERNEL_MAP_COUNTERS,
	KERNEL_MAP_GUARD_TASKS,
	KERNEL_MAP_GUARD_MOUNTS,
	KERNEL_MAP_GUARDED,
	KERNEL_MAP_DOOR,
	KERNEL_MAP_MAX,
};

#define KERNEL_PROGRAM_MAX 160

/* One build of the kernel part. */
struct kernel_object {
	const void *(*bytes)(size_t *ret_size);
	bool is_baseline; /* see bpf/compat.bpf.h */
};

struct kernel {
	bool is_baseline;
	int maps[KERNEL_MAP_MAX];	  /* own descriptors */
	int programs[KERNEL_PROGRAM_MAX]; /* own; all that are attached */
	unsigned int program_count;
	int poke_fd;		/* own; any open file, for requests that mean none */
	int readers_fd;		/* own; link of the iterator over labelled readers */
	unsigned int dest_slot; /* the trie of the bank in force */
	struct hf_inode_key dirty_cursor;
	bool has_dirty_cursor;
};

/*
 * Which object the running kernel can take, by its features. NULL when it can take none: *support
 * then says why. What this object can do less is noted there too.
 */
const struct kernel_object *kernel_support_choose(struct kernel_support *support);
/*
 * Before loading: leaves programs out whose hook the running kernel lacks, tells the object which
 * features it may use, and notes in *support what is missing. 0 or negative errno.
 */
int kernel_support_fit(struct bpf_object *object, struct kernel_support *support);

/* FNV-1a: begins with HF_HASH_BASIS. */
static inline uint64_t kernel_hash_add(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * HF_HASH_PRIME;
	return hash;
}

/* Hash of the arguments of who started this process. */
uint64_t kernel_guard_words(void);

/* kernel_state.c */
/* A trie with these entries: a descriptor, the caller's, or negative errno. */
int kernel_dest_map_new(const struct kernel_dest *dests, size_t count);
/* The slot that the bank in force points to; the next policy takes the other one. */
uint32_t kernel_slot_in_force(struct kernel *kernel);

/* kernel_services.c: before a bank points to that slot, and when none does any more. 0 or negative errno. */
int kernel_services_place(
	struct kernel *kernel, uint32_t slot, const struct kernel_services *services);
int kernel_services_leave(struct kernel *kernel, uint32_t slot);

/* Puts a request about what fd is of (bpf/control.h) and waits for the answer in it. */
int kernel_request(struct kernel *kernel, int fd, struct hf_request *request);
/* The iterator of the build pinned in links, kept for kernel_readers(). 0 or negative errno. */
int kernel_readers_open(struct kernel *kernel, const char *links);

/* Has the build pinned in links take up connections to displays that are there. 0 or negative errno. */
int kernel_adopt_displays(const char *links);

/* Says hello to the kernel part as the one agent that may make requests. 0 or negative errno. */
int kernel_hello(struct kernel *kernel);

#endif
