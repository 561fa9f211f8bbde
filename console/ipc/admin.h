/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an administrator's command asks of the store, on ADMIN_SOCKET_NAME in the runtime directory:
 * one request frame, then the answer of common/answer.h. A bundle goes either way as a descriptor
 * beside the frame. Outside bytes for the store: decoded by
 * admin_request_decode() only, which tests/fuzz/admin_request.c exercises. Who may ask is the
 * socket's peer: root, or a member of the group ADMIN_GROUP.
 */
#ifndef HOLDFAST_CONSOLE_IPC_ADMIN_H
#define HOLDFAST_CONSOLE_IPC_ADMIN_H

#include <stddef.h>
#include <stdint.h>

#include "common/answer.h"

#define ADMIN_SOCKET_NAME "admin.sock"
#define ADMIN_GROUP	  "holdfast-console"
#define ADMIN_TEXT_SIZE	  256
#define ADMIN_WHY_SIZE	  513
#define ADMIN_REQUEST_MAX 4096 /* bytes of a request frame */
#define ADMIN_USES_MAX	  10000000
#define ADMIN_DAYS_MAX	  3650
#define ADMIN_LIMIT_MAX	  100000000

enum admin_type {
	ADMIN_STATUS = 1,
	ADMIN_DEVICES = 2, /* name: a state, user: an account used on them; "" = all */
	ADMIN_DEVICE = 3,  /* device; with changes, certificates, accounts and findings */
	ADMIN_APPROVE = 4, /* device, why */
	ADMIN_SUSPEND = 5,
	ADMIN_REVOKE = 6, /* and name: an order as of DEVICE_WIPE, "" = none */
	ADMIN_TOKENS = 7,
	/* name, uses, days, ADMIN_IS_APPROVING; or, for checking tickets, text: audience, user: tenant */
	ADMIN_TOKEN_CREATE = 8,
	ADMIN_TOKEN_REVOKE = 9, /* number */
	ADMIN_EVENTS = 10,	/* the filter; limit 0 = all; name: a place; ADMIN_IS_FOLLOWING */
	ADMIN_FINDINGS = 11,	/* device, "" = all; limit */
	ADMIN_DEVICE_TAG = 12,	/* device; text: "+TAG -TAG ..." */
	ADMIN_POLICY_NEXT = 13, /* what the next policy must say: version, tenant */
	ADMIN_POLICY_PUBLISH =
		14, /* text: groups, "TAG", "device:NAME", "user:NAME"; limit: percent; number:
		       version it repeats; with the bundle */
	ADMIN_POLICIES = 15,	   /* limit */
	ADMIN_POLICY = 16,	   /* number, 0 = the newest; answered with the bundle */
	ADMIN_POLICY_ROLLOUT = 17, /* number; limit: percent */
	ADMIN_AUDIT = 18,	   /* limit: the newest so many, 0 = all */
	ADMIN_EVENT = 19,	   /* number: its id */
	ADMIN_DEVICE_ASSIGN = 20,  /* device; text: all its users, with spaces between */
	ADMIN_POLICY_PREVIEW = 21, /* text: groups; number: version; limit: percent */
	ADMIN_RULES = 22,
	ADMIN_RULE_ADD = 23,	/* name; with the rule, as a file: console/store/rule.h */
	ADMIN_RULE_REMOVE = 24, /* name */
	ADMIN_SEAL_KEYS = 25,
	ADMIN_SEAL_ROTATE = 26,
	ADMIN_SEAL_DESTROY = 27,  /* name: its id; ADMIN_IS_FORCED */
	ADMIN_EXPORTS = 28,	  /* how far each has come */
	ADMIN_EXPORT_REWIND = 29, /* name; since_ms, 0 = from the first event on */
	ADMIN_REPORT = 30,	  /* days */
	/* keys of labels: device: the label's UUID; name: "tenant/label"; number: a generation */
	ADMIN_KEYS = 31,	   /* device: "" = all */
	ADMIN_KEY_ROTATE = 32,	   /* device, name */
	ADMIN_KEY_DESTROY = 33,	   /* device, number, ADMIN_IS_FORCED: also the newest */
	ADMIN_KEY_RECEIPT = 34,	   /* device, number */
	ADMIN_KEY_TERMS = 35,	   /* device; text: networks, number: seconds, ADMIN_IS_VERIFIED */
	ADMIN_DEVICE_PCR = 36,	   /* device: what it has measured is accepted as it is now */
	ADMIN_DEVICE_WIPE = 37,	   /* device, why; name: keys, wipe, files, or withdraw */
	ADMIN_DEVICE_RECEIPT = 38, /* device: of its last order */
	ADMIN_TRACE =
		39, /* number: a generation of the key of marks, 0 = newest; text: the picture's hash */
	ADMIN_TRACE_FRAME = 40, /* likewise; name: a frame that was found in it, in hexadecimal */
	ADMIN_TYPE_MAX,
};

#define ADMIN_IS_APPROVING  0x1u
#define ADMIN_IS_UNLIMITED  0x2u
#define ADMIN_IS_FOLLOWING  0x4u
#define ADMIN_IS_ENTERPRISE 0x8u /* TOKEN_CREATE: whose its devices are; neither: not said */
#define ADMIN_IS_PERSONAL   0x10u
#define ADMIN_IS_FORCED	    0x20u
#define ADMIN_IS_VERIFIED   0x40u
#define ADMIN_FLAGS	    0x7fu

struct admin_request {
	uint16_t type; /* enum admin_type */
	uint32_t flags;
	uint32_t uses, days;
	uint32_t limit;
	uint32_t class_uid;
	uint64_t number; /* of a token, of a policy's version */
	uint64_t since_ms, until_ms;
	char device[ADMIN_TEXT_SIZE]; /* uid or host name */
	char name[ADMIN_TEXT_SIZE];
	char verdict[16]; /* allow, audit, warn, block, refused */
	char user[64];
	char text[ADMIN_TEXT_SIZE];
	char file[ADMIN_TEXT_SIZE];
	char why[ADMIN_WHY_SIZE];
};

/* Writes a frame; wire_end() is channel_send()'s. */
void admin_request_put(
	struct bytes_writer *frame, void *buffer, size_t size, const struct admin_request *request);
/*
 * 0; -EBADMSG, -EPROTONOSUPPORT (framing), -EOPNOTSUPP (no such request), -EINVAL (control
 * characters in a text, or a number that is too large).
 */
int admin_request_decode(const void *packet, size_t size, struct admin_request *ret_request);

/* A connected socket to the store, the caller's to close; negative errno. */
int admin_connect(const char *runtime_directory);

#endif
