/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Maps of what guards the agent itself. As in maps.bpf.h each says who writes it, and what happens
 * when it is full.
 */
#ifndef HOLDFAST_BPF_GUARD_MAPS_H
#define HOLDFAST_BPF_GUARD_MAPS_H

#include "maps.bpf.h"

/* The agent's processes. Key: tgid; value: start time, so that a reused id is nobody. Written here
 * (exec, hello, exit). Full: the new one is not guarded, HF_COUNTER_GUARD_FULL. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HF_GUARD_TASKS);
	__type(key, __u32);
	__type(value, __u64);
} hf_guard_tasks SEC(".maps");

/* Where reading a new program's words stands (guard_agent.bpf.h). Key: tgid; gone when exec is over.
 * Full: the program is not taken for the agent. */
struct hf_words {
	__u64 at; /* user addresses */
	__u64 end;
	__u64 hash;	 /* of the arguments */
	__u32 arguments; /* not hashed yet */
	__u32 is_unclean;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct hf_words);
} hf_words SEC(".maps");

/* Mounts that guarded files are reached through. Key: mount id. Written here, cleared by the
 * sensor. Full: an unmount there is not refused, HF_COUNTER_GUARD_FULL. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} hf_guard_mounts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_guarded);
} hf_guarded SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_door);
} hf_door SEC(".maps");

#endif
