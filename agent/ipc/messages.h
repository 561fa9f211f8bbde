/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What engine and sensor say to each other. Each message has its struct, its put and its get; a
 * get that fails is a broken peer. Numbers are wire values.
 */
#ifndef HOLDFAST_AGENT_IPC_MESSAGES_H
#define HOLDFAST_AGENT_IPC_MESSAGES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "bpf/decisions.h"
#include "bpf/events.h"
#include "common/wire.h"

#define MESSAGE_MISSING_MAX  24 /* features the kernel lacks */
#define MESSAGE_TEXT_SIZE    256
#define MESSAGE_PATTERN_SIZE 4096
#define MESSAGE_TELL_SIZE    2048
#define MESSAGE_UUID_SIZE    16
#define MESSAGE_DEST_MAX     700 /* items of one frame */
#define MESSAGE_GRANT_MAX    4000
#define MESSAGE_MARK_MAX     2500
#define MESSAGE_RECORD_MAX   64 /* records of one frame */
#define MESSAGE_READER_MAX   64 /* labelled readers of one frame */

enum message_type {
	/* engine to sensor: one policy, whole, between BEGIN and END */
	MESSAGE_POLICY_BEGIN = 1, /* serial u64 */
	MESSAGE_BANK = 2,	  /* struct hf_bank */
	MESSAGE_DESTS = 3,	  /* count u32, {struct hf_dest_key, struct hf_dest} */
	MESSAGE_GRANTS = 4,	  /* count u32, {struct hf_grant_key, struct hf_grant} */
	MESSAGE_GATES = 5,	  /* struct hf_gates */
	MESSAGE_PROGRAM = 6,	  /* struct message_program */
	MESSAGE_PLACE = 7,	  /* struct message_place */
	MESSAGE_MATCHER = 8,	  /* struct message_matcher */
	MESSAGE_LABEL = 9,	  /* struct message_label: also of labels that this policy lacks */
	MESSAGE_POLICY_END = 10,  /* nothing */
	MESSAGE_RETIRE = 11,	  /* struct message_place: a path that an earlier policy labelled */
	MESSAGE_EXEMPT = 12,	  /* struct message_exempt */
	/* engine to sensor: the rest */
	MESSAGE_RESTORE = 20,	  /* count u32, {struct hf_inode_key, struct hf_mark} */
	MESSAGE_RESTORE_END = 21, /* nothing: every volume known so far was served */
	MESSAGE_TAKEN = 22,	  /* count u32: records that are safe now, oldest first */
	MESSAGE_REQUEST = 23,	  /* struct message_request, perhaps with a descriptor */
	MESSAGE_TELL = 24,	  /* struct message_tell */
	MESSAGE_GATE_STATE = 25,  /* struct hf_gate_state: of the policy that was sent last */
	MESSAGE_VERIFIED = 26,	  /* uid u32, struct hf_verified */
	MESSAGE_SERVICES =
		27, /* serial u64, flags u8, shut u64, rehearse u64, then as DESTS; also with a policy */
	MESSAGE_SHUT = 28,     /* serial u64, shut u64: services of that policy */
	MESSAGE_BROWSERS = 29, /* 1 << enum browser, u8: whose files are the agent's to guard */
	/* sensor to engine */
	MESSAGE_HELLO = 40,	    /* struct message_hello */
	MESSAGE_RECORDS = 41,	    /* count u16, {size u16, bytes} */
	MESSAGE_MARKED = 42,	    /* struct message_marked */
	MESSAGE_VOLUME = 43,	    /* struct message_volume */
	MESSAGE_PROGRAM_STATE = 44, /* struct message_state */
	MESSAGE_PLACE_STATE = 45,   /* struct message_state */
	MESSAGE_ANSWER = 46,	    /* struct message_answer */
	MESSAGE_APPLIED = 47,	    /* serial u64, error i32 */
	MESSAGE_FAILURE = 48,	    /* struct message_failure */
	MESSAGE_READERS = 49,	    /* struct message_readers, before the answer to READERS */
};

#define MESSAGE_SERVICES_FIRST 0x1u /* what came before does not count */
#define MESSAGE_SERVICES_LAST  0x2u /* that is all */

struct message_program {
	uint32_t app;
	char pattern[MESSAGE_PATTERN_SIZE];
};

struct message_label {
	uint8_t bit; /* below HF_LABEL_MAX */
	uint8_t uuid[MESSAGE_UUID_SIZE];
	char name[MESSAGE_TEXT_SIZE];
};

struct message_place {
	uint64_t labels;
	char pattern[MESSAGE_PATTERN_SIZE];
};

/* Where an application is exempt from labels. */
struct message_exempt {
	uint32_t app;  /* below HF_APP_MAX */
	uint32_t kind; /* enum hf_exempt */
	uint64_t labels;
	char pattern[MESSAGE_PATTERN_SIZE];
};

struct message_matcher {
	char vendor[5];
	char product[5];
	char serial[MESSAGE_TEXT_SIZE]; /* "" = any */
	uint64_t allow;
	uint64_t allow_raw;
};

/* A line for the terminal of who was refused; only when it is theirs. */
struct message_tell {
	uint32_t tty; /* as in struct hf_record */
	uint32_t uid;
	uint32_t loginuid; /* UINT32_MAX = none */
	char text[MESSAGE_TELL_SIZE];
};

enum request_kind {
	REQUEST_MARK = 1,   /* adds labels to the object `name` in the directory sent along */
	REQUEST_CLEAR = 2,  /* takes all its own labels away */
	REQUEST_LABELS = 3, /* reads */
	REQUEST_TAINT = 4,  /* of process pid */
	REQUEST_GRANT = 5,  /* uid, channel, labels, until */
	REQUEST_COUNTERS = 6,
	REQUEST_READERS = 7,	/* who carries labels now, or process pid alone */
	REQUEST_DOOR = 20,	/* the maintenance door: labels are HF_DOOR_*, until; 0 shuts it */
	REQUEST_DOOR_SHOW = 21, /* both answer labels and, in own, until */
};

struct message_request {
	uint64_t id;
	uint8_t kind;	 /* enum request_kind */
	uint8_t channel; /* enum hf_channel */
	uint32_t uid;	 /* who asks; of GRANT whom it is for */
	uint32_t pid;
	uint64_t labels;
	uint64_t until_ktime_ns;
	char name[NAME_MAX + 1];
	char path[MESSAGE_PATTERN_SIZE]; /* for the database and the words only */
};

struct message_answer {
	uint64_t id;
	int32_t error; /* 0 or negative errno */
	uint32_t app;
	uint64_t labels;
	uint64_t own;
	struct hf_inode_key key; /* of LABELS */
	uint32_t unsent;	 /* of READERS: more than are sent */
	uint64_t counters[HF_COUNTER_MAX];
};

struct message_hello {
	bool has_bpf_lsm;
	bool was_adopted;
	bool is_enforcing;	/* the kernel part is in */
	uint32_t counts_id;	/* of the kernel part's counts: another after a release */
	uint32_t open_channels; /* 1 << channel, HF_OPEN_*: not covered on this kernel */
	unsigned int missing_count;
	char missing[MESSAGE_MISSING_MAX][MESSAGE_TEXT_SIZE];
};

/* An inode's mark as it is now; labels 0 = none any more. */
struct message_marked {
	struct hf_inode_key key;
	struct hf_mark mark;
	char volume[MESSAGE_TEXT_SIZE]; /* identity of the file system over reboots */
	char path[MESSAGE_PATTERN_SIZE];
};

struct message_volume {
	uint32_t dev; /* as in struct hf_inode_key */
	uint8_t channel;
	bool is_gone;
	bool is_device; /* a block device; else a mounted file system */
	char identity[MESSAGE_TEXT_SIZE];
	char name[MESSAGE_TEXT_SIZE];	/* device node or mount point */
	char reason[MESSAGE_TEXT_SIZE]; /* why it is of this channel */
};

/* What became of a path of the policy: error 0 = verified or marked. */
struct message_state {
	uint32_t app; /* of programs */
	int32_t error;
	char path[MESSAGE_PATTERN_SIZE];
	char reason[MESSAGE_TEXT_SIZE];
};

struct message_failure {
	uint16_t reason; /* enum failure_reason of agent/engine/failure_table.h */
	char what[MESSAGE_TEXT_SIZE];
};

/* Some of the processes that carry labels. */
struct message_readers {
	uint64_t id; /* of the request */
	uint16_t count;
	struct hf_reader readers[MESSAGE_READER_MAX];
};

void message_put_program(struct bytes_writer *frame, const struct message_program *program);
void message_get_program(struct bytes_reader *payload, struct message_program *ret_program);
void message_put_label(struct bytes_writer *frame, const struct message_label *label);
void message_get_label(struct bytes_reader *payload, struct message_label *ret_label);
void message_put_place(struct bytes_writer *frame, const struct message_place *place);
void message_get_place(struct bytes_reader *payload, struct message_place *ret_place);
void message_put_exempt(struct bytes_writer *frame, const struct message_exempt *exempt);
void message_get_exempt(struct bytes_reader *payload, struct message_exempt *ret_exempt);
void message_put_matcher(struct bytes_writer *frame, const struct message_matcher *matcher);
void message_get_matcher(struct bytes_reader *payload, struct message_matcher *ret_matcher);
void message_put_tell(struct bytes_writer *frame, const struct message_tell *tell);
void message_get_tell(struct bytes_reader *payload, struct message_tell *ret_tell);
void message_put_request(struct bytes_writer *frame, const struct message_request *request);
void message_get_request(struct bytes_reader *payload, struct message_request *ret_request);
void message_put_answer(struct bytes_writer *frame, const struct message_answer *answer);
void message_get_answer(struct bytes_reader *payload, struct message_answer *ret_answer);
void message_put_hello(struct bytes_writer *frame, const struct message_hello *hello);
void message_get_hello(struct bytes_reader *payload, struct message_hello *ret_hello);
void message_put_marked(struct bytes_writer *frame, const struct message_marked *marked);
void message_get_marked(struct bytes_reader *payload, struct message_marked *ret_marked);
void message_put_volume(struct bytes_writer *frame, const struct message_volume *volume);
void message_get_volume(struct bytes_reader *payload, struct message_volume *ret_volume);
void message_put_state(struct bytes_writer *frame, const struct message_state *state);
void message_get_state(struct bytes_reader *payload, struct message_state *ret_state);
void message_put_failure(struct bytes_writer *frame, const struct message_failure *failure);
void message_get_failure(struct bytes_reader *payload, struct message_failure *ret_failure);
void message_put_readers(struct bytes_writer *frame, const struct message_readers *readers);
void message_get_readers(struct bytes_reader *payload, struct message_readers *ret_readers);

#endif
