/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person's command asks of the engine, on /run/holdfast/engine.sock: one request frame, then
 * the answer of common/answer.h. Outside bytes for the engine: decoded by local_request_decode()
 * only, which tests/fuzz/request.c exercises.
 */
#ifndef HOLDFAST_AGENT_IPC_REQUEST_H
#define HOLDFAST_AGENT_IPC_REQUEST_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "common/answer.h"
#include "common/wire.h"

#define LOCAL_SOCKET_NAME	"engine.sock"
#define LOCAL_RUNTIME_DIRECTORY "/run/holdfast"
#define LOCAL_PATH_SIZE		4096
#define LOCAL_LABEL_SIZE	33
#define LOCAL_REASON_SIZE	513
#define LOCAL_REQUEST_MAX	8192 /* bytes of a request frame */
#define LOCAL_GROUP_MAX		1024
#define LOCAL_ANY		UINT32_MAX
#define LOCAL_FROM_NOW		UINT64_MAX /* FOLLOW answers first where it begins: {"following": N} */

enum local_type {
	/* requests */
	LOCAL_STATUS = 1,
	LOCAL_DOCTOR = 2,
	LOCAL_EVENTS = 3, /* those kept in memory, of own uid; of all for root */
	LOCAL_WHY = 4,
	LOCAL_JUSTIFY = 5,
	LOCAL_LABEL_SET = 6, /* root; with a descriptor of the directory */
	LOCAL_LABEL_CLEAR = 7,
	LOCAL_LABEL_SHOW = 8,
	LOCAL_RELOAD = 9, /* root */
	LOCAL_POLICY_SHOW = 10,
	LOCAL_FOLLOW = 11, /* refusals of own uid as they come; ends when the client does */
	LOCAL_MAINTENANCE_BEGIN = 12, /* root; with a descriptor of the token's file; minutes */
	LOCAL_MAINTENANCE_END = 13,   /* root */
	LOCAL_MAINTENANCE_SHOW = 14,
	LOCAL_LINEAGE = 15,    /* root; with a descriptor of the directory, if it is still there */
	LOCAL_TAINT = 16,      /* of own uid, of all for root; pid */
	LOCAL_LOGIN = 17,      /* may this account log in; root, others of their own; no lines */
	LOCAL_TICKET = 18,     /* one line, {"ticket": ...} */
	LOCAL_VAULTS = 22,     /* a line for each [vault] of the policy in force */
	LOCAL_VAULT_TELL = 23, /* root, which is holdfast-vault; path and, as reason, words */
	LOCAL_WITNESS = 24,    /* of holdfast-session: pid, method, after captures of a screen */
	LOCAL_MARK = 25,       /* of holdfast-session: what to write over its display: a line */
	/* root, which is holdfast-wipe; of the engine's answers agent/engine/wipe.c */
	LOCAL_WIPE_PLAN = 28,	 /* what the policy says of it: a line each */
	LOCAL_WIPE_MARKS = 29,	 /* volume and after: inodes that are marked there */
	LOCAL_WIPE_LINEAGE = 30, /* of what came from where; a line when there was something */
	LOCAL_WIPE_TELL = 31,	 /* event and, as reason, words */
	LOCAL_TYPE_MAX,		 /* behind the last request */
};

/* MARK: what is on the display, bits. */
#define LOCAL_MARK_TEXT	  0x1u
#define LOCAL_MARK_BLIND  0x2u
#define LOCAL_MARK_SHAPED 0x4u /* nothing blends there: no blind mark can be */
#define LOCAL_MARK_ALL	  0x7u

/* Of VAULT_TELL. */
enum local_vault_event {
	LOCAL_VAULT_LOCKED = 1,
	LOCAL_VAULT_UNLOCKED = 2,
	LOCAL_VAULT_HELD = 3, /* the key is gone, and files that were open are still readable */
	LOCAL_VAULT_BROKEN = 4,
	LOCAL_VAULT_UNSEEN = 5, /* of all: nobody says before the machine sleeps */
};

/* LOGIN: which of PAM's calls it is. */
enum local_stage {
	LOCAL_STAGE_AUTH = 1,
	LOCAL_STAGE_ACCOUNT = 2,
	LOCAL_STAGE_OPEN = 3,
	LOCAL_STAGE_CLOSE = 4,
};

/* One layout for all; what a request has under a name of its own is what others call otherwise. */
struct local_request {
	uint16_t type;
	union {
		uint32_t pid;	/* WHY: 0 = the last one; TAINT: 0 = all; WITNESS: 0 = not known */
		uint32_t uid;	/* LOGIN: the account's */
		uint32_t event; /* VAULT_TELL: enum local_vault_event; WIPE_TELL: enum wipe_event */
		uint32_t volume; /* WIPE_MARKS: its number, from 0 on */
	};
	union {
		uint32_t minutes; /* JUSTIFY, MAINTENANCE_BEGIN */
		uint32_t stage;	  /* LOGIN: enum local_stage */
		uint32_t
			method; /* WITNESS: enum capture_method; 0 = only that it watches; MARK: LOCAL_MARK_* */
	};
	uint64_t
		after; /* EVENTS, FOLLOW: sequence; FOLLOW: LOCAL_FROM_NOW; WITNESS: how many; MARK: minute of the mark that it has, 0 = none */
	union {
		char reason[LOCAL_REASON_SIZE];
		char host[LOCAL_REASON_SIZE];	 /* LOGIN: where from */
		char nonce[LOCAL_REASON_SIZE];	 /* TICKET */
		char program[LOCAL_REASON_SIZE]; /* WITNESS: its name */
	};
	union {
		char label[LOCAL_LABEL_SIZE];
		char service[LOCAL_LABEL_SIZE]; /* LOGIN: PAM's */
		char vault[LOCAL_LABEL_SIZE];	/* VAULT_TELL */
		char display[LOCAL_LABEL_SIZE]; /* WITNESS: what is watched */
	};
	union {
		char name[NAME_MAX + 1];     /* LABEL_*, LINEAGE: in the directory sent along */
		char account[NAME_MAX + 1];  /* LOGIN */
		char audience[NAME_MAX + 1]; /* TICKET */
	};
	union {
		char path[LOCAL_PATH_SIZE];
		char terminal[LOCAL_PATH_SIZE];	 /* LOGIN */
		char challenge[LOCAL_PATH_SIZE]; /* TICKET: of the answer before, or "" */
	};
	/* LOGIN only */
	uint32_t group_count;
	uint32_t groups[LOCAL_GROUP_MAX]; /* all that the account is in */
};

/* Writes a frame; wire_end() is channel_send()'s. */
void local_request_put(
	struct bytes_writer *frame, void *buffer, size_t size, const struct local_request *request);
/* 0; -EBADMSG, -EPROTONOSUPPORT (framing), -EOPNOTSUPP (no such request), -EINVAL (bad text). */
int local_request_decode(const void *packet, size_t size, struct local_request *ret_request);

/*
 * A connected socket to the engine, the caller's to close; flags: SOCK_NONBLOCK or 0. Negative
 * errno: -ENOENT and -ECONNREFUSED without an agent, -EAGAIN when it is too busy.
 */
int local_connect(const char *runtime_directory, int flags);

#endif
