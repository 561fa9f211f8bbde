/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Every map of the object but those of the guard (guard_maps.bpf.h), and the values only the kernel
 * part uses. All are pinned: they outlive the agent. Names are at most 15 characters
 * (BPF_OBJ_NAME_LEN).
 */
#ifndef HOLDFAST_BPF_MAPS_H
#define HOLDFAST_BPF_MAPS_H

#include "control.h"
#include "display_state.h"
#include "events.h"

#define HF_INODE_LOADED 0x80000000u /* own, mark_flags and app are what the index said */

/* What is known of an inode while it is in memory; a cache of the index and of the walk upwards. */
struct hf_inode {
	__u64 own;	  /* its own mark */
	__u64 effective;  /* own and inherited, valid when generation is the current one */
	__u32 generation; /* 0 = never computed */
	__u32 mark_flags; /* HF_MARK_*, HF_INODE_LOADED */
	__u32 app;	  /* verified identity of this executable */
	__u32 group;	  /* of those who map it, one of them writably; 0 = none */
	__u32 inherits;	  /* what its group has read: HF_MARK_DERIVED and _STATE; 0 = nothing */
	__u32 pad;
};

#define HF_TASK_SHARED_MM 0x1u	/* memory shared with another thread group (vfork, CLONE_VM) */
#define HF_TASK_MAPS_MANY 0x2u	/* more writable shared mappings than HF_MAPPED_MAX */
#define HF_TASK_OUTSIDE	  0x4u	/* holds a socket that sends without a hook (AF_XDP) */
#define HF_TASK_NO_PRINT  0x8u	/* was refused to print */
#define HF_TASK_KEEPS	  0x10u /* has labels from other processes, or from before an exec */
#define HF_TASK_MANAGER	  0x20u /* forked by process 1, has executed nothing since */
#define HF_TASK_BUS	  0x40u /* it is a message bus */
#define HF_TASK_SHOWS	  0x80u /* in hf_shown */
#define HF_HELD_MAX	  8	/* what has more files open never forgets */
#define HF_MAPPED_MAX	  8
#define HF_TASK_MAX	  262144 /* baseline: processes with a state of their own */
#define HF_SOCKET_MAX	  16384	 /* baseline: labelled ends of unix sockets */

struct hf_mapped {
	struct hf_inode_key key;
	__u64 allow;
	__u32 channel;
	__u32 flags; /* HF_MARK_STATE */
};

/* A labelled file that is open, by addresses: see forget.bpf.h. */
struct hf_held {
	__u64 file;
	__u64 inode;
};

/* Labels on their way from one process to another: of a pipe, a socket, a queue ... */
struct hf_carried {
	__u64 labels;
	struct hf_source from; /* who put them in last */
	struct hf_origins origins;
	__u32 flags; /* HF_CARRIED_* */
	__u32 pad;
	__u64 claim; /* of a socket: process that last received from it, and under which policy */
};

#define HF_CARRIED_REFUSED \
	0x1u /* put in where no hook could refuse it: others may not take it out */
#define HF_CARRIED_CARRIER     0x2u /* a carrier holds this end: what is sent to it is not judged */
#define HF_CARRIED_PRINTS      0x4u /* a print service does: what is sent to it is printed */
#define HF_CARRIED_BUS	       0x8u /* a message bus does */
#define HF_CARRIED_MANAGER     0x10u /* a service manager does */
#define HF_CARRIED_BY_BUS      0x20u /* a message bus put the labels in */
#define HF_CARRIED_BY_MESSAGES (HF_CARRIED_BUS | HF_CARRIED_MANAGER) /* judged by each message */
#define HF_CARRIED_HOLDER      (HF_CARRIED_CARRIER | HF_CARRIED_PRINTS | HF_CARRIED_BY_MESSAGES)

/* A thread group's state, on its leader. */
struct hf_task {
	__u64 taint;		/* labels of all it has read */
	__u64 tainted_ktime_ns; /* first time */
	__u32 app;		/* verified identity of what it executes */
	__u32 group;		/* memory it shares with others: see hf_groups */
	__u32 app_next;		/* identity found by an exec under way */
	__u32 flags;		/* HF_TASK_* */
	__u32 mapped_count;
	__u32 held_count; /* of applications with HF_APP_FORGETS */
	__u64 said_what;  /* hash of the last record, for coalescing */
	__u64 said_print; /* likewise of printing, which may go with one of the network's */
	__u64 said_ktime_ns;
	__u32 said_again;    /* same verdicts since, not sent */
	__u32 is_introduced; /* a record said from where it has its labels */
	struct hf_source source;
	struct hf_origins origins;
	__u64 named_ktime_ns; /* a labelled reader makes names since then */
	__u32 named;
	__u32 pad;
	__u64 pasted; /* of a carrier: labels of what it fetched from the clipboard */
	struct hf_held held[HF_HELD_MAX];
	struct hf_mapped mapped[HF_MAPPED_MAX]; /* written through memory: no hook when stored to */
};

_Static_assert(__builtin_offsetof(struct hf_task, app) == 16 &&
		       __builtin_offsetof(struct hf_task, group) == 20,
	"kernel_taint() of agent/sensor/kernel_mark.c reads them");

/* Process labels. Key: task (leader). Written here only. Missing = unlabelled, unknown program.
 * Baseline: key is the task's address. Full: nobody more can read labelled files, start an
 * application or share memory (refused); an entry that is gone is freed only when no hook holds it,
 * as nothing is allocated beforehand. */
struct {
#ifndef HF_BASELINE
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__type(key, int);
#else
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HF_TASK_MAX);
	__type(key, __u64);
#endif
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(value, struct hf_task);
} hf_tasks SEC(".maps");

/* Inode cache. Key: inode. Written here only; gone with the inode. */
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct hf_inode);
} hf_inodes SEC(".maps");

/* Marks of their own, surviving eviction. Written here and at start by the sensor (database).
 * Full: the act that needed the mark is refused, HF_COUNTER_INDEX_FULL. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, HF_INDEX_MAX);
	__type(key, struct hf_inode_key);
	__type(value, struct hf_mark);
} hf_index SEC(".maps");

/* Marks whose inode is gone for good, for the sensor to take out. Written here only. Full: the
 * database keeps the oldest, for an inode that there is not; HF_COUNTER_GONE_FULL. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 16384);
	__type(value, struct hf_inode_key);
} hf_gone SEC(".maps");

/* Labels found anywhere on a file system. Key: s_dev. Written here and by the sensor; only grows.
 * A file system without an entry holds no labels and is never walked. Full: marking is refused. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HF_VOLUME_MAX);
	__type(key, __u32);
	__type(value, __u64);
} hf_disks SEC(".maps");

/* The policy in force: one slot, replaced whole. Written by the sensor. Empty: all is refused.
 * Inner maps are sized and not typed: the sensor creates their successors without BTF, and before
 * 6.2 a map with BTF and one without do not count as the same shape (timer_off differs). */
struct hf_bank_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct hf_bank));
};

struct hf_bank_map hf_bank_first SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct hf_bank_map);
} hf_banks SEC(".maps") = {.values = {&hf_bank_first}};

/* Destination prefixes, one trie per bank that can be in use at a time. Written by the sensor. */
struct hf_dest_map {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, HF_DEST_MAX);
	__uint(key_size, sizeof(struct hf_dest_key));
	__uint(value_size, sizeof(struct hf_dest));
};

struct hf_dest_map hf_dest_first SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct hf_dest_map);
} hf_dests SEC(".maps") = {.values = {&hf_dest_first, &hf_dest_first}};

/* Services of the policy, by prefix, of the same shape and in the same slots. Written by the sensor. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct hf_dest_map);
} hf_services SEC(".maps") = {.values = {&hf_dest_first, &hf_dest_first}};

/* Which of them are shut. Written by the sensor. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_zones);
} hf_zones SEC(".maps");

/* Directories in which applications are exempt, and for which labels. Written by the sensor. Full:
 * the rest is not exempt. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, HF_EXEMPT_MAX);
	__type(key, struct hf_exempt_key);
	__type(value, __u64);
} hf_exempt SEC(".maps");

/* Users' exceptions. Written by the sensor. Full: the grant is refused to the user. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HF_GRANT_MAX);
	__type(key, struct hf_grant_key);
	__type(value, struct hf_grant);
} hf_grants SEC(".maps");

/* Block devices and file systems by kernel dev_t. Written by the sensor from udev and mountinfo. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HF_VOLUME_MAX);
	__type(key, __u32);
	__type(value, struct hf_volume);
} hf_volumes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_gates);
} hf_gates SEC(".maps");

/* What users who have verified may open, by uid. Written by the sensor. Full: the user is not let in. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HF_VERIFY_MAX);
	__type(key, __u32);
	__type(value, struct hf_verified);
} hf_verified SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_state);
} hf_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_agent);
} hf_agent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_request);
} hf_request SEC(".maps");

/* Which of the maps below forget the oldest when they are full, without a word: so they are counted. */
enum hf_kept {
	HF_KEPT_SHARED_MM,
	HF_KEPT_GROUPS,
	HF_KEPT_RINGS,
	HF_KEPT_PLACES,
	HF_KEPT_FLOWS,
	HF_KEPT_PROPERTIES,
	HF_KEPT_MAX,
};

#define HF_SHARED_MM_MAX 4096
#define HF_GROUP_MAX	 65536
#define HF_RING_MAX	 65536
#define HF_PLACE_MAX	 16384
#define HF_FLOW_MAX	 16384
#define HF_PROPERTY_MAX	 16384

static const __u32 kept_max[HF_KEPT_MAX] = {
	[HF_KEPT_SHARED_MM] = HF_SHARED_MM_MAX,
	[HF_KEPT_GROUPS] = HF_GROUP_MAX,
	[HF_KEPT_RINGS] = HF_RING_MAX,
	[HF_KEPT_PLACES] = HF_PLACE_MAX,
	[HF_KEPT_FLOWS] = HF_FLOW_MAX,
	[HF_KEPT_PROPERTIES] = HF_PROPERTY_MAX,
};

/* How many elements they have. Key: enum hf_kept. Written here only. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HF_KEPT_MAX);
	__type(key, __u32);
	__type(value, __u32);
} hf_kept SEC(".maps");

/* Taint of memory shared by several thread groups. Key: mm address. Written here only. The oldest
 * goes when full, which only matters while two such groups both live without exec;
 * HF_COUNTER_FORGOTTEN, as for all that are in hf_kept. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, HF_SHARED_MM_MAX);
	__type(key, __u64);
	__type(value, __u64);
} hf_shared_mm SEC(".maps");

/* Processes that share memory. Key: number of the group. Only groups of several processes, of a
 * file's mappers, or with labels, have an entry. Written here only; the oldest goes when full. */
struct hf_group {
	__u64 labels;
	__u32 parent; /* the group it has become part of; 0 = none */
	__s32 others; /* processes of it beside the first one; -1 = all are gone */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, HF_GROUP_MAX);
	__type(key, __u32);
	__type(value, struct hf_group);
} hf_groups SEC(".maps");

#ifndef HF_BASELINE
/* From where the labels of a group come. Key: its number. Written here only; facts for people. The
 * oldest goes when full: then a process of the group has labels from nowhere known. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct hf_carried);
} hf_group_from SEC(".maps");
#endif

#ifndef HF_BASELINE
/* The group of who made an io_uring ring: its number. Written here only. The oldest goes when full:
 * then messages to it, and its memory where another program maps it, are not followed. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, HF_RING_MAX);
	__type(key, struct hf_inode_key);
	__type(value, __u32);
} hf_rings SEC(".maps");
#endif

/* Labels of pipes, FIFOs, queues, terminals, memory files ... (a hash and not inode storage: tracing
 * programs have none). Written here only. The oldest goes when full: 16,384 labelled ones at a time
 * are followed. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, HF_PLACE_MAX);
	__type(key, struct hf_inode_key);
	__type(value, struct hf_carried);
} hf_places SEC(".maps");

/* Labels in connections by TCP, and on their way to a port by UDP. Key: as the receiver's socket
 * knows its ends. Written here only. The oldest goes when full. */
struct hf_flow_key {
	__u8 here
		[16]; /* the receiver, IPv4 as ::ffff:a.b.c.d; UDP: neither address, nor port there */
	__u8 there[16];
	__u16 here_port;
	__u16 there_port;
	__u32 protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, HF_FLOW_MAX);
	__type(key, struct hf_flow_key);
	__type(value, struct hf_carried);
} hf_flows SEC(".maps");

#ifndef HF_BASELINE
/* Labels of what X clients store in properties of windows. property 0: the window was told to fetch
 * something. Written here only. The oldest goes when full. */
struct hf_property_key {
	__u32 display; /* its server's process */
	__u32 window;
	__u32 property;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, HF_PROPERTY_MAX);
	__type(key, struct hf_property_key);
	__type(value, struct hf_carried);
} hf_properties SEC(".maps");
#endif

#ifndef HF_BASELINE
/* Names on message buses: of a connection (":1.7") with what it has sent, or of a service with whether
 * a carrier has it. Written here only. The oldest goes when full: what a connection sends whose name
 * is not here counts as sent by all labelled readers on that bus (bus.bpf.h). */
struct hf_bus_key {
	__u64 bus;     /* when its process was started */
	__u64 text[4]; /* the first bytes of the name */
};

struct hf_bus_name {
	struct hf_carried sent;
	__u64 refused; /* of what it sends: labels that nobody may be handed */
	__u32 flags;   /* HF_APP_* of who has the name */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct hf_bus_key);
	__type(value, struct hf_bus_name);
} hf_bus_names SEC(".maps");

/* Where in a message the stream is. */
struct hf_bus_stream {
	__u64 owed;  /* bytes until the next message begins */
	__u64 first; /* of what is being sent: until that, */
	__u64 whole; /* all of it; 0: nothing is */
	__u64 over;  /* and what is owed after all of it */
};

/* A message bus's end of a connection, or a service manager's. Written here only; gone with the socket.
 * No memory for it: what labelled readers send there is refused, or all of them are its senders. */
struct hf_bus_end {
	struct hf_bus_key name; /* text: 0 when not known; bus: 0 when it is no bus's */
	__u64 refused;		/* as in hf_bus_name; for these */
	__u64 judged;		/* labels it was found out */
	struct hf_bus_stream in;
	struct hf_bus_stream out;
	__u32 flags; /* HF_APP_* of the program at the other end */
	__u32 is_monitor;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct hf_bus_end);
} hf_bus_ends SEC(".maps");
#endif

#ifndef HF_BASELINE
/* An end of a connection to a display. Written here only; gone with the socket. No memory for it: the
 * connection is refused. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct hf_display_end);
} hf_display_ends SEC(".maps");

/* What is known of an X server. Key: its process. Written here only. The oldest goes when full: then
 * its extensions are learned anew. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct hf_x_server);
} hf_x_servers SEC(".maps");

/* Labelled readers that sent something to a display: what is exposed there. Written here only. Full:
 * hf_state.shown_by_more, until the machine is started again. */
#define HF_SHOWN_ENTRIES 4096

struct hf_shown_key {
	__u32 server;
	__u32 tgid;
};

struct hf_shown {
	struct hf_carried carried;
	__u8 comm[HF_COMM_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, HF_SHOWN_ENTRIES);
	__type(key, struct hf_shown_key);
	__type(value, struct hf_shown);
} hf_shown SEC(".maps");
#endif

/* Labels waiting in a unix socket. Key: the receiving socket. Written here only.
 * Baseline: key is the socket's address. Full: the send is refused. */
struct {
#ifndef HF_BASELINE
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__type(key, int);
#else
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HF_SOCKET_MAX);
	__type(key, __u64);
#endif
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(value, struct hf_carried);
} hf_sockets SEC(".maps");

#ifdef HF_BASELINE
/* Locks that are held right now, see compat.bpf.h. Key: of what. Full: as if held. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u32);
} hf_locks SEC(".maps");

/* Where a path is put together, before it goes into the ring's record. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hf_record);
} hf_aside SEC(".maps");
#endif

/* Records for the sensor. Full: HF_COUNTER_LOST, the verdict stands. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} hf_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HF_COUNTER_MAX);
	__type(key, __u32);
	__type(value, __u64);
} hf_counters SEC(".maps");

#endif
