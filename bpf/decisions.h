/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a policy compiles to, and what the kernel decides from: masks over at most 64 labels.
 * Shared by bpf/ (reads), policy/ (produces) and agent/sensor/ (writes into maps). Owns layouts
 * and numbers only; no code. Fixed-width members, padded by hand: tests/unit/layout.c holds the
 * offsets against the compiled BPF object.
 */
#ifndef HOLDFAST_BPF_DECISIONS_H
#define HOLDFAST_BPF_DECISIONS_H

#ifndef __BPF__
#include <linux/types.h>
#endif

#define HF_LABEL_MAX	64	/* bits of a label set */
#define HF_APP_MAX	512	/* application identities in one policy; 0 is "unknown program" */
#define HF_DEST_SLOTS	8	/* port ranges that can apply to one address prefix */
#define HF_DEST_MAX	16384	/* address prefixes in one policy */
#define HF_SERVICE_MAX	64	/* named services in one policy: bits of a set */
#define HF_SERVICES_MAX 8192	/* address prefixes of all of them, those of names counted */
#define HF_INDEX_MAX	1048576 /* inodes with a mark of their own */
#define HF_VOLUME_MAX	4096	/* classified block devices and mounted file systems */
#define HF_GRANT_MAX	8192	/* standing user exceptions and justified warnings */
#define HF_EXEMPT_MAX	16384	/* directories of all users in which applications are exempt */
#define HF_GRANT_SLOTS	8	/* grants of one user on one channel */
#define HF_VERIFY_MAX	4096	/* users who have verified */
#define HF_VERIFY_SLOTS 4	/* grace times that a policy may have */
#define HF_APP_UNKNOWN	0

/* What root could do to the agent or to the machine below it. Wire values: events, policy. */
enum hf_protection {
	HF_PROTECTION_SELF = 0,	   /* the agent's processes, files, pins, maps and programs */
	HF_PROTECTION_MODULES = 1, /* kernel modules loaded once labels are live */
	HF_PROTECTION_KEXEC = 2,   /* another kernel made ready */
	HF_PROTECTION_DISK = 3,	   /* raw writes to the disks that hold the agent's files */
	HF_PROTECTION_CLOCK = 4,   /* the clock set back */
	HF_PROTECTION_TRACING = 5, /* tracefs, debugfs: how the kernel's own code is changed */
	HF_PROTECTION_BPF = 6,	   /* programs of others that look into the kernel */
	HF_PROTECTION_SWAP = 7,	   /* swap space switched on: seen, not refused */
	HF_PROTECTION_MAX = 8,
};

/* A way out. Wire values: events, policy banks and the console's store use these numbers. */
enum hf_channel {
	HF_CHANNEL_OPEN = 0,	  /* opening a labelled file in a program ("open-with") */
	HF_CHANNEL_REMOVABLE = 1, /* writing to a file system on an external device */
	HF_CHANNEL_NETSHARE = 2,  /* writing to nfs, cifs, sshfs and other FUSE, 9p ... */
	HF_CHANNEL_NETWORK = 3, /* connect or send to an address; raw, packet and other families */
	HF_CHANNEL_LOCAL_FILE =
		4, /* writing to a local file: follow, or block for view-only labels */
	HF_CHANNEL_RAWDISK =
		5, /* block devices: writing by a labelled reader, reading labelled disks */
	HF_CHANNEL_DEBUG = 6,	   /* ptrace, /proc/PID/mem, process_vm_readv, pidfd_getfd */
	HF_CHANNEL_DESCRIPTOR = 7, /* descriptor handed to a program that may not have it */
	HF_CHANNEL_MOUNT = 8,	   /* mounting over or below a labelled directory */
	HF_CHANNEL_PASS = 9,	   /* content handed to another process: follow, or block */
	HF_CHANNEL_PRINT = 10, /* to the print service, a printer's port or a printer's device */
	HF_CHANNEL_CLIPBOARD = 11, /* pasted, or dropped, by another program: follow, or block */
	HF_CHANNEL_SCREEN = 12,	   /* what labelled readers show, captured: follow, or block */
	HF_CHANNEL_MAX = 16,
};

/* Where channels are listed that a kernel leaves open: a part of HF_CHANNEL_PASS. */
#define HF_OPEN_BUS (1u << HF_CHANNEL_MAX)

/* Ordered by severity: the kernel takes the highest that applies. */
enum hf_verdict {
	HF_VERDICT_ALLOW = 0,
	HF_VERDICT_AUDIT = 1, /* allowed and recorded */
	HF_VERDICT_WARN = 2,  /* refused until the user justifies it (a grant), recorded */
	HF_VERDICT_BLOCK = 3, /* refused, recorded */
	HF_VERDICT_MAX = 4,
};

struct hf_channel_masks {
	__u64 block;
	__u64 warn;
	__u64 audit;
	__u64 follow; /* LOCAL_FILE, PASS, CLIPBOARD, SCREEN: the file, the receiver inherits these */
};

#define HF_APP_CARRIER	0x1u /* display server, bus, journal ...: receives without being labelled */
#define HF_APP_PRINTS	0x2u /* print service: what it is handed was judged on channel print */
#define HF_APP_STATE	0x4u /* has directories of its own settings: HF_EXEMPT_STATE */
#define HF_APP_SHEDS	0x8u /* what it writes in some directories is declassified */
#define HF_APP_FORGETS	0x10u /* keeps nothing of files that it closed */
#define HF_APP_BUS	0x20u /* a message bus: whom it hands a message gets its sender's labels */
#define HF_APP_MANAGER	0x40u /* starts programs for whoever asks: labelled readers may not ask */
#define HF_APP_CAPTURES 0x80u /* may capture the screen until hf_gate_state.capture_until_ns */

#define HF_SCREEN_ALWAYS	 0x1u /* who has no HF_APP_CAPTURES captures nothing at all */
#define HF_SCREEN_RECORD_EXPOSED 0x2u /* each capture of labels is recorded, */
#define HF_SCREEN_RECORD_ALL	 0x4u /* or each capture */

struct hf_app {
	__u64 open;		      /* labels this application may open */
	__u64 except[HF_CHANNEL_MAX]; /* labels exempt from the channel's masks, per channel */
	__u32 flags;		      /* HF_APP_* */
	__u32 pad;
};

/*
 * One whole policy. Published by replacing the single slot of an array-of-maps, so that a hook,
 * which looks the bank up once, sees one policy or the next and never a mixture.
 */
struct hf_bank {
	__u64 serial;	  /* policy version; copied into every record */
	__u32 dest_slot;  /* which of the two destination tries belongs to this bank: 0 or 1 */
	__u32 has_caches; /* there are directories of HF_EXEMPT_CACHE */
	__u32 screen;	  /* HF_SCREEN_* */
	__u32 pad;
	struct hf_channel_masks channels[HF_CHANNEL_MAX];
	struct hf_app apps[HF_APP_MAX];
};

/* Longest-prefix key; IPv4 is stored as ::ffff:a.b.c.d with prefixlen + 96. */
struct hf_dest_key {
	__u32 prefixlen; /* bits, 0..128 */
	__u8 address[16];
};

/* Labels that may go to this prefix; the compiler folds enclosing prefixes in. */
struct hf_dest {
	__u64 allow[HF_DEST_SLOTS];
	__u64 allow_print[HF_DEST_SLOTS]; /* the same of the print channel, beside the network's */
	__u16 port_first[HF_DEST_SLOTS];  /* host byte order; inclusive */
	__u16 port_last[HF_DEST_SLOTS];
};

/*
 * Which services are shut in the present network; written by the agent only. As with the destination
 * tries there are two, and the bank in force says which one counts. In a trie of services, allow of
 * struct hf_dest is the services that are there, allow_print is 0.
 */
struct hf_zones {
	__u64 shut[2];	   /* services that may not be reached now */
	__u64 rehearse[2]; /* of all: those whose refusals are only recorded */
	__u32 is_shut;	   /* one of them is: else nothing is looked up */
	__u32 pad;
};

/* Where a file system or block device counts as a way out; key: the kernel's dev_t (32 bit). */
struct hf_volume {
	__u32 channel; /* enum hf_channel: LOCAL_FILE, REMOVABLE or NETSHARE */
	__u32 pad;
	__u64 allow;	 /* labels that may go to this very device (policy's except-device) */
	__u64 allow_raw; /* the same of the raw-disk channel */
};

#define HF_GRANT_STANDING 0 /* the policy's; the slots behind it are justified warnings */

/*
 * A user's exception on a channel: standing (until = UINT64_MAX), or a justified warning. Each
 * justification has its own labels and its own end, hence a slot of its own.
 */
struct hf_grant_key {
	__u32 uid;
	__u16 channel;
	__u16 slot; /* below HF_GRANT_SLOTS */
};

struct hf_grant {
	__u64 labels;
	__u64 until_ktime_ns; /* CLOCK_BOOTTIME */
};

/*
 * Conditions of the machine and of its user that labels ask for. The kernel itself looks at the
 * clock, so that a dead agent opens nothing. No exception of a user answers them.
 */
struct hf_gate_state {
	__u64 leased;		/* labels that are shut when the lease is over */
	__u64 lease_until_ns;	/* CLOCK_BOOTTIME */
	__u64 verified;		/* labels that are shut to who has not verified: hf_verified */
	__u64 out_of_zone;	/* labels that are shut in the present network */
	__u64 capture_until_ns; /* CLOCK_BOOTTIME: HF_APP_CAPTURES counts until then */
};

/* State gates, written by the agent only. */
struct hf_gates {
	__u64 shut;	/* labels that nobody may open now, whatever for */
	__u64 rehearse; /* labels whose block and warn count as audit (roll-out rehearsal) */
	struct hf_gate_state state;
	__u8 protect[HF_PROTECTION_MAX]; /* enum hf_verdict: allow, audit or block */
	__u32 clock_tolerance_s;	 /* set back by so much is correction, not attack */
	__u32 pad;
};

/* What a user who has verified may open, and until when (CLOCK_BOOTTIME); the key is the uid. */
struct hf_verified {
	__u64 labels[HF_VERIFY_SLOTS];
	__u64 until_ktime_ns[HF_VERIFY_SLOTS];
};

/* An inode as the kernel names it. User space learns it from the kernel, never from stat(2). */
struct hf_inode_key {
	__u64 ino;
	__u64 subvolume;  /* btrfs subvolume root id, else 0 */
	__u32 dev;	  /* s_dev, kernel encoding (major << 20 | minor) */
	__u32 generation; /* i_generation */
};

enum hf_exempt {
	HF_EXEMPT_STATE = 1,	  /* what it wrote there itself does not label it again */
	HF_EXEMPT_DECLASSIFY = 2, /* what it writes there loses labels, and is recorded */
	HF_EXEMPT_CACHE = 3,	  /* of all applications: files mapped there are no shared memory */
};

/* Instead of labels, for HF_EXEMPT_STATE: from here down it is not. */
#define HF_EXEMPT_DOCUMENTS 1ull

/* What one application is exempt from below one directory; the value is labels. */
struct hf_exempt_key {
	struct hf_inode_key directory;
	__u32 app;
	__u32 kind; /* enum hf_exempt */
};

#define HF_MARK_DIRECTORY 0x1u	/* labels apply to everything below */
#define HF_MARK_POLICY	  0x2u	/* set by a policy's path key, not by hand or by writing */
#define HF_MARK_DERIVED	  0x4u	/* set by the kernel: written by a labelled reader, or moved out */
#define HF_MARK_DIRTY	  0x8u	/* changed by the kernel since the agent last persisted it */
#define HF_MARK_STATE	  0x10u /* its application wrote it among its own settings */
#define HF_MARK_ATTRIBUTE 0x20u /* a labelled reader wrote an extended attribute of it */
#define HF_MARK_OWED	  0x40u /* the file itself does not carry all of it yet */

/* The agent's own; set anew at each start, never stored. */
#define HF_MARK_GUARDED 0x100u	/* nobody else changes it; of a directory: nor what is in it */
#define HF_MARK_AGENT	0x200u	/* executable: who starts it cleanly is the agent */
#define HF_MARK_ABOVE	0x400u	/* directory on the way to a guarded one: not moved, not covered */
#define HF_MARK_NAMES	0x800u	/* directory: names that begin as ours are guarded in it */
#define HF_MARK_PINS	0x1000u /* directory of pins: only the sensor in office takes any away */
#define HF_MARK_FIRST	0x2000u /* of the agent's executables the one that starts the others */
#define HF_MARK_GUARD	0x3f00u

/* A mark of an inode's own: the value of the index map, which outlives the inode in memory. */
struct hf_mark {
	__u64 labels;
	__u32 flags; /* HF_MARK_* */
	__u32 app;   /* verified application identity of this executable; HF_APP_UNKNOWN = none */
};

#endif
