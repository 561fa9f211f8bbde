/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Records the kernel sends to the sensor over the ring buffer, and the counters it keeps.
 * Outside bytes for the sensor: decode with agent/sensor/record.c only.
 */
#ifndef HOLDFAST_BPF_EVENTS_H
#define HOLDFAST_BPF_EVENTS_H

#include "decisions.h"

#define HF_RECORD_VERSION 3
#define HF_COMM_SIZE	  16
#define HF_PATH_SIZE	  1024
#define HF_ORIGIN_MAX	  4

enum hf_record_type {
	HF_RECORD_VERDICT = 1,	/* an act was judged: audited, warned or blocked */
	HF_RECORD_LABELLED = 2, /* the kernel gave an inode a mark of its own: persist it */
	HF_RECORD_OPENED = 3,	/* a labelled file was opened by an application that may */
	HF_RECORD_APP_LOST = 4, /* an application's executable was opened for writing */
	HF_RECORD_FILE = 5,	/* rename, link or unlink of a labelled file (see operation) */
	HF_RECORD_TAINTED = 6,	/* a labelled reader is about to pass labels on: who it is */
	HF_RECORD_GUARD = 7, /* an attempt on the agent or the machine below it (see operation) */
	HF_RECORD_DECLASSIFIED = 8, /* an application wrote where the policy takes labels away */
	HF_RECORD_FORGOT = 9,	    /* a process is no labelled reader any more */
	HF_RECORD_MAX,
};

/* What the process tried; finer than the channel, for the words a person reads. */
enum hf_operation {
	HF_OPERATION_NONE = 0,
	HF_OPERATION_OPEN = 1,
	HF_OPERATION_READ = 2,
	HF_OPERATION_WRITE = 3,
	HF_OPERATION_MAP = 4,
	HF_OPERATION_CONNECT = 5,
	HF_OPERATION_SEND = 6,
	HF_OPERATION_SOCKET = 7,
	HF_OPERATION_RECEIVE_FD = 8,
	HF_OPERATION_TRACE = 9,
	HF_OPERATION_IOCTL = 10,
	HF_OPERATION_MOUNT = 11,
	HF_OPERATION_RENAME = 12,
	HF_OPERATION_LINK = 13,
	HF_OPERATION_UNLINK = 14,
	HF_OPERATION_EXEC = 15,
	HF_OPERATION_COPY_UP = 16,
	HF_OPERATION_CREATE = 17, /* a name on a way out; there is no inode yet */
	/* of HF_RECORD_GUARD; port carries a detail */
	HF_OPERATION_SIGNAL = 18,    /* detail: its number */
	HF_OPERATION_SCHEDULE = 19,  /* priority, affinity, limits */
	HF_OPERATION_PROC = 20,	     /* a file of /proc/PID written */
	HF_OPERATION_CGROUP = 21,    /* moved to another control group, or its own one changed */
	HF_OPERATION_ATTRIBUTE = 22, /* mode, owner, size, flags, extended attributes */
	HF_OPERATION_UNMOUNT = 23,
	HF_OPERATION_BPF = 24, /* a map or program of ours; of others: detail is its type */
	HF_OPERATION_MODULE = 25,
	HF_OPERATION_KEXEC = 26,
	HF_OPERATION_RAW_WRITE = 27,
	HF_OPERATION_CLOCK = 28,
	HF_OPERATION_TRACING = 29,
	HF_OPERATION_FREEZE = 30, /* a file system frozen, shut down or made read-only */
	/* of HF_RECORD_VERDICT: content that is out already, so that nothing could refuse it */
	HF_OPERATION_TAKEN = 31,
	HF_OPERATION_CAPTURE = 32, /* of the screen; port is enum hf_screen_method */
	HF_OPERATION_MAX,
};

/* Why the kernel refused when no rule did: rows of agent/engine/failure_table.c. */
enum hf_reason {
	HF_REASON_RULE = 0,	/* the policy's masks */
	HF_REASON_GATE = 1,	/* a state gate is shut */
	HF_REASON_TOO_DEEP = 2, /* more than HF_WALK_MAX directories up: not known, so refused */
	HF_REASON_DISCONNECTED = 3, /* opened by handle, no path, on a file system with labels */
	HF_REASON_MAPPED = 4,	    /* holds a writable shared mapping that labels could leave by */
	HF_REASON_TRACED = 5,	    /* is being traced by a process that may not have the label */
	HF_REASON_NO_MEMORY = 6,    /* no storage for a mark or a process's labels */
	HF_REASON_UNCLASSIFIED = 7, /* file system or device not classified yet */
	HF_REASON_UNFOLLOWED = 8,   /* a way between processes that can't be followed */
	HF_REASON_NAMES = 9,	    /* many names made in short time: they can carry content */
	HF_REASON_LEASE = 10,	    /* the device is not trusted, or no longer: a gate */
	HF_REASON_VERIFY = 11,	    /* the user has not verified, or no longer: a gate */
	HF_REASON_ZONE = 12,	    /* not in the network that the label asks for: a gate */
	HF_REASON_VAULT = 13,  /* the key of the encrypted folder that it is in is gone: a gate */
	HF_REASON_SCREEN = 14, /* [screen] when = always: the policy lets nobody capture */
	HF_REASON_UNREAD = 15, /* what is sent to a display can't be read any more */
	HF_REASON_MAX,
};

/* How labels came from one process to the next. */
enum hf_hop {
	HF_HOP_NONE = 0, /* it read files itself */
	HF_HOP_FORK = 1,
	HF_HOP_PIPE = 2,
	HF_HOP_SOCKET = 3,
	HF_HOP_SHARED_MEMORY = 4,
	HF_HOP_QUEUE = 5,
	HF_HOP_SIGNAL = 6,
	HF_HOP_TRACE = 7,
	HF_HOP_TERMINAL = 8,
	HF_HOP_KEY = 9,
	HF_HOP_LOOPBACK = 10,
	HF_HOP_CLIPBOARD = 11,
	HF_HOP_BUS = 12,
	HF_HOP_SCREEN = 13,
	HF_HOP_MAX,
};

/* The process that a process has its labels from. */
struct hf_source {
	__u64 start_ktime_ns; /* with tgid names it for good */
	__u32 tgid;	      /* 0: none */
	__u32 hop;	      /* enum hf_hop */
};

/* The files that labels came from, the first ones. */
struct hf_origins {
	__u32 count; /* at most HF_ORIGIN_MAX */
	__u32 is_many;
	struct hf_inode_key keys[HF_ORIGIN_MAX];
};

/* How the screen is captured. Wire values: events use these numbers. */
enum hf_screen_method {
	HF_SCREEN_NONE = 0,
	HF_SCREEN_X11_GETIMAGE = 1,
	HF_SCREEN_X11_SHM = 2,	     /* MIT-SHM GetImage */
	HF_SCREEN_X11_COPY = 3,	     /* what others draw, copied or made a picture */
	HF_SCREEN_X11_COMPOSITE = 4, /* a window's pixmap named */
	HF_SCREEN_X11_DRI3 = 5,	     /* a pixmap's buffer taken */
	HF_SCREEN_X11_DGA = 6,
	HF_SCREEN_X11_RECORD = 7,  /* what other clients send */
	HF_SCREEN_X11_XTEST = 8,   /* input made up */
	HF_SCREEN_X11_UNKNOWN = 9, /* a request of an extension that the server told nobody of */
	HF_SCREEN_X11_TCP = 10,	   /* a client by TCP: who it is, the display does not know */
	HF_SCREEN_UNREAD = 11,	   /* requests that can't be read */
	HF_SCREEN_WAYLAND_SCREENCOPY = 16,
	HF_SCREEN_WAYLAND_EXT_CAPTURE = 17,
	HF_SCREEN_WAYLAND_DMABUF = 18,
	HF_SCREEN_WAYLAND_DATA_CONTROL = 19,
	HF_SCREEN_WESTON = 20,
	HF_SCREEN_HYPRLAND = 21,
	HF_SCREEN_PORTAL_SCREENSHOT = 24,
	HF_SCREEN_PORTAL_SCREENCAST = 25,
	HF_SCREEN_PORTAL_REMOTE_DESKTOP = 26,
	HF_SCREEN_GNOME_SHELL = 27,
	HF_SCREEN_KWIN = 28,
	HF_SCREEN_PIPEWIRE_NODE = 29,
	HF_SCREEN_FRAMEBUFFER = 32,
	HF_SCREEN_DRM = 33,
	HF_SCREEN_CONSOLE_VCS = 34,
	HF_SCREEN_PTRACE = 35,
	HF_SCREEN_METHOD_MAX = 48,
};

enum hf_display_kind {
	HF_DISPLAY_NONE = 0, /* a device, or all displays of the machine */
	HF_DISPLAY_X11 = 1,
	HF_DISPLAY_WAYLAND = 2,
	HF_DISPLAY_MAX,
};

/* What a record's path holds when it is none. */
enum hf_payload {
	HF_PAYLOAD_NONE = 0,
	HF_PAYLOAD_PRINT = 1,  /* what was about to be sent: agent/engine/print_job.c */
	HF_PAYLOAD_SCREEN = 2, /* struct hf_screen_shown */
	HF_PAYLOAD_MAX,
};

#define HF_SHOWN_MAX 8

/* A labelled reader that shows something on the display. */
struct hf_screen_reader {
	__u64 labels;
	__u32 tgid;
	__u32 pad;
	struct hf_inode_key origin; /* the first file its labels came from; ino 0: not known */
	__u8 comm[HF_COMM_SIZE];
};

/* What a capture would have got. */
struct hf_screen_shown {
	__u32 kind;   /* enum hf_display_kind */
	__u32 number; /* of the display: :0, wayland-0 */
	__u32 count;  /* of readers, those that did not fit counted */
	__u32 pad;
	struct hf_screen_reader readers[HF_SHOWN_MAX];
};

struct hf_record_header {
	__u8 type;    /* enum hf_record_type */
	__u8 version; /* HF_RECORD_VERSION */
	__u16 size;   /* bytes of the whole record */
	__u32 cpu;
	__u64 sequence; /* from each load on; counts also records that the ring had no room for */
	__u64 ktime_ns; /* CLOCK_BOOTTIME */
};

struct hf_record {
	struct hf_record_header header;
	/* who */
	__u32 pid; /* thread id */
	__u32 tgid;
	__u32 uid;
	__u32 loginuid;	      /* UINT32_MAX = not set */
	__u64 start_ktime_ns; /* of the thread group: with tgid names a process for good */
	__u32 parent_tgid;
	__u32 app; /* verified application, HF_APP_UNKNOWN = none */
	__u32 tty; /* controlling terminal as kernel dev_t, 0 = none */
	__u8 comm[HF_COMM_SIZE];
	/* what */
	__u8 channel;		   /* enum hf_channel */
	__u8 verdict;		   /* enum hf_verdict */
	__u8 operation;		   /* enum hf_operation */
	__u8 reason;		   /* enum hf_reason */
	__u64 labels;		   /* the set that was judged */
	__u64 decided;		   /* of those, the labels that made the verdict */
	__u64 policy;		   /* hf_bank.serial it was judged under */
	struct hf_inode_key inode; /* object, zero when it is not a file */
	/* where to */
	__u8 address[16]; /* IPv4 as ::ffff:a.b.c.d */
	__u16 port;	  /* host byte order */
	__u16 family;	  /* AF_*; 0 = not a socket */
	__u8 protocol;	  /* IPPROTO_* */
	__u8 pad[3];
	__u32 target_tgid;    /* HF_OPERATION_TRACE, HF_RECORD_GUARD: the process that is meant */
	__u32 coalesced;      /* same verdicts of this process since its last record, not sent */
	__u16 path_size;      /* bytes used in path */
	__u8 path_is_cut;     /* the outermost directories did not fit */
	__u8 path_is_within;  /* it ends at the file system's root: hooks on names know no mount */
	__u8 path_is_payload; /* enum hf_payload: it holds no path */
	__u8 pad2[3];
	/* from where the process has its labels */
	struct hf_source source;
	struct hf_origins origins;
	__u8 path
		[HF_PATH_SIZE]; /* names from the file outwards, each ended by NUL; the root has none */
};

/* A process that carries labels now; no record: the sensor asks for all of them (reader.bpf.h). */
struct hf_reader {
	__u64 labels;
	__u64 since_ktime_ns; /* CLOCK_BOOTTIME; 0 = not known */
	__u64 start_ktime_ns;
	__u32 tgid;
	__u32 uid;
	__u32 app;
	__u32 pad;
	__u8 comm[HF_COMM_SIZE];
	struct hf_source source;
	struct hf_origins origins;
};

/* Totals since boot, summed over CPUs by the reader. made = sent + coalesced + lost. */
enum hf_counter {
	HF_COUNTER_MADE = 0,	  /* records due */
	HF_COUNTER_SENT = 1,	  /* put into the ring */
	HF_COUNTER_COALESCED = 2, /* folded into the next record of the same process */
	HF_COUNTER_LOST = 3,	  /* ring full: the verdict stood, the record is gone */
	HF_COUNTER_REFUSED = 4,	  /* block and warn verdicts, whatever became of the record */
	HF_COUNTER_AUDITED = 5,
	HF_COUNTER_INDEX_FULL = 6, /* marks refused because the index was full */
	HF_COUNTER_NO_MEMORY = 7,
	HF_COUNTER_TOO_DEEP = 8,
	HF_COUNTER_TAINTED = 9, /* processes that became labelled readers */
	HF_COUNTER_GUARD = 10,	/* attempts on the agent or the machine below it */
	HF_COUNTER_GUARD_FULL =
		11, /* processes, mounts, disks of the agent without room: not guarded */
	HF_COUNTER_GONE_FULL = 12, /* marks of deleted files that the database keeps */
	HF_COUNTER_FORGOTTEN = 13, /* labels on their way, the oldest, that made room for others */
	HF_COUNTER_CAPTURES = 14,  /* of the screen, tried by programs that are no carriers */
	HF_COUNTER_UNREAD = 15, /* connections to displays whose requests can't be read any more */
	HF_COUNTER_MAX = 16,
};

#ifndef __BPF__
_Static_assert(sizeof(struct hf_record_header) == 24, "wire");
_Static_assert(sizeof(struct hf_record) == 288 + HF_PATH_SIZE, "wire");
_Static_assert(sizeof(struct hf_reader) == 176, "wire");
_Static_assert(sizeof(struct hf_screen_shown) == 16 + HF_SHOWN_MAX * 56 &&
		       sizeof(struct hf_screen_shown) <= HF_PATH_SIZE,
	"wire");

#endif
#endif
