/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How the agent speaks to the kernel part beyond plain map writes: it fills the request slot and
 * calls ioctl(fd, HF_IOC_REQUEST) on the object meant; the file_ioctl hook answers in the slot.
 * This way the kernel itself names the inode (its s_dev and generation are not what stat(2) shows).
 * The ioctl itself then fails with ENOTTY, as no file system knows it; that is expected.
 */
#ifndef HOLDFAST_BPF_CONTROL_H
#define HOLDFAST_BPF_CONTROL_H

#include "decisions.h"

#define HF_IOC_REQUEST 0x4846d0f5u

enum hf_request_op {
	HF_REQUEST_NONE = 0,
	HF_REQUEST_MARK = 1,	/* set own labels and flags */
	HF_REQUEST_LABELS = 2,	/* read the set in force */
	HF_REQUEST_SET_APP = 3, /* give or take a verified identity */
	HF_REQUEST_HELLO = 4,	/* first request of a new agent, labels: its supervisor's words */
	HF_REQUEST_REFRESH =
		5, /* marks were written to the index from outside: forget what is cached */
	HF_REQUEST_TAINT = 6, /* baseline only: labels and app of the process a pidfd names */
	HF_REQUEST_GUARD = 7, /* HF_MARK_GUARD flags of any inode: added */
	HF_REQUEST_DOOR = 8,  /* labels: HF_DOOR_*, own: until; see guard_door() */
	HF_REQUEST_WRITTEN =
		9, /* the file carries the labels now: HF_MARK_OWED goes, if these are all */
};

struct hf_request {
	__u32 op;    /* enum hf_request_op; the hook sets it back to NONE when it has answered */
	__s32 error; /* 0 or negative errno */
	__u64 labels;
	__u32 flags; /* HF_MARK_* */
	__u32 app;
	struct hf_inode_key key; /* answer */
	struct hf_mark previous; /* answer: the mark it had */
	__u64 own;		 /* answer to LABELS */
};

/* The kernel part's own, in one slot; user space reads it and never writes. */
struct hf_state {
	__u64 sequence;		   /* of records */
	__u32 label_generation;	   /* cached inode labels of another generation are stale */
	__u32 has_tainted;	   /* 0 until the first process of this boot read a labelled file */
	__u32 has_carried;	   /* likewise for pipes, queues and the like */
	__u32 has_labelled_socket; /* likewise for unix sockets */
	__u32 has_labelled_group;  /* likewise for processes that share memory */
	__u32 last_group;	   /* number of the last group of processes that share memory */
	__u32 has_labelled_flow;   /* likewise for internet sockets */
	__u32 has_labelled_property; /* likewise for properties of windows */
	__u32 has_bus;		     /* a message bus, or a service manager, holds a socket */
	__u32 has_labelled_bus;	     /* a message bus was sent something by a labelled reader */
	__u32 has_display;	     /* somebody is connected to a display */
	__u32 has_shown;	     /* a labelled reader sent something to one */
	__u32 has_refused_display;   /* somebody was to lose the connection to one */
	__u32 pad;
	__u64 shown_by_more; /* labels of readers that hf_shown had no room for */
	__u64 shown_on_console; /* of those that wrote to a virtual console, until the machine is started again */
};

/* The agent's, in one slot: who it is, and which build of the object it attached. */
struct hf_agent {
	__u64 object_hash; /* 0 while attaching */
	__u64 start_ns;	   /* with tgid: the process that may make requests; set by HELLO */
	__u32 tgid;
	__u32 supervisor_tgid;	   /* who started it; set by HELLO as well, */
	__u64 supervisor_start_ns; /* and not when that was process 1 */
};

#define HF_DOOR_STOP	0x1u /* the agent may be stopped */
#define HF_DOOR_UPGRADE 0x2u /* and its files replaced, its maps opened by a build not known yet */
#define HF_DOOR_REMOVE	0x4u /* and its pins removed */

/* The maintenance door, in one slot; written here, as the sensor asks. */
struct hf_door {
	__u64 until_ktime_ns; /* CLOCK_BOOTTIME; 0 = shut */
	__u32 acts;	      /* HF_DOOR_* */
	__u32 pad;
};

#define HF_GUARD_TASKS 64 /* processes of the agent, over its restarts */
#define HF_GUARD_DISKS 8

/* FNV-1a, in both worlds: of the supervisor's arguments. */
#define HF_HASH_BASIS 0xcbf29ce484222325ull
#define HF_HASH_PRIME 0x100000001b3ull

/* What the kernel part learned of the things it guards, in one slot; cleared by the sensor. */
struct hf_guarded {
	__u64 words;	  /* hash of the supervisor's arguments; see guard_words() of the sensor */
	__u64 root;	  /* its root directory: address of the dentry */
	__u64 root_mount; /* and of the mount */
	__u32 mount_ns;	  /* 0 = none said hello */
	__u32 disk_count;
	__u32 disks[HF_GUARD_DISKS]; /* dev_t of block devices that hold guarded files */
};

#endif
