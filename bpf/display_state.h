/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What is remembered of connections to displays, and of X servers. The kernel part's own; tests run its
 * parsers over it in user space (tests/unit/x11_requests.c). Owns layouts only.
 */
#ifndef HOLDFAST_BPF_DISPLAY_STATE_H
#define HOLDFAST_BPF_DISPLAY_STATE_H

#ifndef __BPF__
#include <linux/types.h>
#endif

#define HF_STREAM_HEAD	   40 /* bytes of a request that are looked at */
#define HF_X11_EXTENSIONS  8
#define HF_X11_ASKED	   32
#define HF_X11_PICTURES	   8
#define HF_WAYLAND_OBJECTS 12

#define HF_END_SERVER  0x1u  /* the display's own end of the connection */
#define HF_END_REFUSED 0x2u  /* the display is to read and to answer nothing any more */
#define HF_END_UNREAD  0x4u  /* where requests begin is not known any more */
#define HF_END_ADOPTED 0x8u  /* was there before us */
#define HF_END_SETUP   0x10u /* the connection's first words are still to come */
#define HF_END_SWAPPED 0x20u /* its byte order is the other one */
#define HF_END_BIG     0x40u /* its requests may be longer (BIG-REQUESTS) */

/* What the kernel has copied: the piece at hand, and those behind it. */
struct hf_copied {
	__u64 at; /* kernel address */
	__u64 left;
	__u64 shared; /* struct skb_shared_info */
	__u32 next;
	__u32 count;
	__u32 is_unread; /* a piece that can't be reached */
	__u32 pad;
};

/* Where in a request, or an answer, a stream is. */
struct hf_stream {
	__u64 owed;		   /* bytes until the next one begins */
	__u8 head[HF_STREAM_HEAD]; /* its first bytes */
	__u32 have;		   /* so many are there of one that is cut */
	__u32 is_busy;		   /* the rest is of a copy that is being looked at */
	struct hf_copied copied;
	__u64 found;	 /* X11: 1 << enum hf_screen_method; Wayland: 1 << enum wayland_kind */
	__u32 is_head;	 /* head is whole, */
	__u32 head_size; /* with so many bytes */
	__u32 is_lost;	 /* where the next one begins is not known */
	__u32 pad;
};

/* Of a Wayland client: objects by which it can capture. */
struct hf_wayland {
	__u32 ids[HF_WAYLAND_OBJECTS]; /* 0: free */
	__u8 kinds[HF_WAYLAND_OBJECTS];
	__u32 count;
	__u32 is_many; /* there were more: each request of others than these counts as theirs */
	__u32 has_clipboard; /* it may read what is copied without being asked to paste */
	__u32 bound;	     /* enum wayland_kind of what is being bound: its number comes */
	__u32 bound_in;	     /* in so many bytes, */
	__u32 bound_rest;    /* and behind it so many are the request's */
};

/* An end of a connection. */
struct hf_display_end {
	__u32 server; /* process that serves it */
	__u32 number;
	__u32 kind; /* enum hf_display_kind */
	__u32 flags;
	struct hf_stream stream; /* of what this end sends */
	__u32 id_base;		 /* X11: of the client's own resources; */
	__u32 id_mask;		 /* 0: not known yet */
	__u32 sequence;		 /* X11: of its last request */
	__u32 asked_first;	 /* X11: extensions asked for, of which no answer was seen yet */
	__u32 asked_last;
	__u16 asked_at[HF_X11_ASKED]; /* by these requests */
	__u8 asked_what[HF_X11_ASKED];
	__u32 pictures[HF_X11_PICTURES]; /* X11: of others' drawables */
	struct hf_wayland wayland;
};

struct hf_x_server {
	__u8 opcodes[HF_X11_EXTENSIONS]; /* 0: not known, or not there */
	__u32 id_mask;			 /* bits of its clients' resources */
	__u32 is_adopted;		 /* was there before us: not all of them were seen */
	__u64 told[2];			 /* opcodes from 128 on that somebody was told of */
};

#endif
