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
	KERNEL_MAP_INODES,
	KERNEL_MAP_INDEX,
	KERNEL_MAP_DISKS,
	KERNEL_MAP_BANKS,
	KERNEL_MAP_DESTS,
	KERNEL_MAP_GRANTS,
	KERNEL_MAP_VOLUMES,
	KERNEL_MAP_GATES,
	KERNEL_MAP_AGENT,
	KERNEL_MAP_REQUEST,
	KERNEL_MAP_RING,
	KERNEL_MAP_COUNTERS,
	KERNEL_MAP_MAX,
};

struct kernel {
	int maps[KERNEL_MAP_MAX]; /* own descriptors */
	int poke_fd;		  /* own; any open file, for requests that mean none */
	struct ring_buffer *ring;
	void (*receive)(const void *bytes, size_t size_bytes, void *userdata);
	void *receive_userdata;
	unsigned int dest_slot; /* the trie of the bank in force */
	struct hf_inode_key dirty_cursor;
	bool has_dirty_cursor;
};

/* Says hello to the kernel part as the one agent that may make requests. 0 or negative errno. */
int kernel_hello(struct kernel *kernel);

#endif
