/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the engine share: one struct, made by main.c. Trust: user holdfast, no
 * capability, no network; reads the policy file, the sensor's messages and local requests.
 */
#ifndef HOLDFAST_AGENT_ENGINE_ENGINE_H
#define HOLDFAST_AGENT_ENGINE_ENGINE_H

#include <json-c/json_object.h>
#include <stdbool.h>

#include "agent/engine/accounting.h"
#include "agent/engine/database.h"
#include "agent/engine/event_log.h"
#include "agent/engine/event_note.h"
#include "agent/engine/event_record.h"
#include "agent/engine/event_words.h"
#include "agent/engine/failure_table.h"
#include "agent/engine/lineage.h"
#include "agent/engine/posture.h"
#include "agent/engine/recent.h"
#include "agent/engine/reconcile.h"
#include "agent/engine/trust.h"
#include "agent/engine/wipe.h"
#include "common/channel.h"
#include "agent/ipc/messages.h"
#include "agent/ipc/request.h"
#include "common/log.h"

#define ENGINE_STATE_MAX    16384 /* paths of places and programs remembered for `doctor` */
#define ENGINE_FAILURE_TEXT 256

struct failure_count {
	uint64_t count; /* since this engine started */
	uint64_t last_day_ms;
	char last[ENGINE_FAILURE_TEXT];
	struct log_limit limit; /* of events; the counter counts all */
};

struct engine_volume {
	struct message_volume told;
	bool needs_restore;
	int64_t cursor;
};

/* A policy of the console's in force. */
struct engine_managed {
	uint64_t version; /* of the bundle; 0 = the policy is the file's */
	char digest[65];
};

struct engine_bundle_seen {
	uint64_t inode;
	int64_t changed_ns;
	int64_t size;
};

struct login_book;
struct verify;

struct engine {
	/* where things are */
	const char *policy_path;
	const char *state_directory;
	const char *runtime_directory;
	const char *log_directory;
	const char *bundle_path;  /* where uplink leaves the console's policy; NULL = nowhere */
	const char *anchor_path;  /* root's file with the key that such a policy is signed with */
	const char *console_path; /* console.ini: it is there where there is a console */
	char vault_program[PATH_MAX]; /* the agent's own application; "" = not known */
	/* what it holds */
	struct event_origin origin;
	struct database *database; /* NULL: FAILURE_DATABASE; labels hold until reboot */
	struct lineage *lineage;   /* NULL: FAILURE_LINEAGE; the events have what it would */
	struct event_log *log;
	struct accounting accounting;
	uint64_t sequence; /* of the last event written */
	struct recent *recent;
	struct failure_count failures[FAILURE_REASON_MAX];
	/* policy */
	struct policy_compiled *policy; /* that the sensor was last given; NULL before the first */
	bool is_policy_applied;		/* and has put into the kernel */
	bool is_policy_last_good;	/* from policy.last, not from the file */
	uint64_t policy_day_ms;		/* when it was applied */
	uint64_t policy_count;		/* taken so far: another number, another policy */
	struct engine_managed managed;
	struct engine_bundle_seen bundle_seen;
	/* sensor */
	struct channel sensor;
	bool has_hello;
	struct message_hello hello;
	bool is_restored; /* RESTORE_END is sent */
	struct engine_volume *volumes[HF_VOLUME_MAX];
	unsigned int volume_count;
	struct message_state *states; /* places (app 0) and programs that are not well */
	size_t state_count;
	unsigned int program_count, place_count; /* verified, marked */
	uint64_t lost_told;			 /* of HF_COUNTER_LOST, in events */
	uint64_t full_told[HF_COUNTER_MAX];	 /* of those that say a table is full */
	bool is_log_failing; /* a batch of records waits in intake.c; the sensor is not read */
	bool is_published;   /* a policy is with the sensor */
	struct hf_gate_state gate_state; /* gates.c */
	struct trust trust;
	struct engine_wipe wipe;
	struct engine_posture posture;
	struct verify *verify; /* verify.c */
	/* guarding itself */
	uint8_t protect[HF_PROTECTION_MAX]; /* enum hf_verdict in force */
	uint64_t door_until_ns;		    /* of the maintenance door; 0 = shut */
	uint32_t door_acts;
	struct login_book *login;   /* login.c */
	struct zones *zones;	    /* zones.c */
	struct browsers *browsers;  /* browsers.c */
	struct reconcile reconcile; /* witness.c */
	/* clients */
	struct server *server;
	int supervisor_fd;
};

/* journal.c: the one way into the log */
/* 0, or negative errno with nothing written. */
int journal_record(struct engine *engine, const struct record *record);
/* An own event; what can't be written is counted. Returns as journal_record. */
int journal_note(struct engine *engine, const struct event_note *note);
/* The event that stands for a record that can't become one. Returns as journal_record. */
int journal_dropped(struct engine *engine, uint64_t sequence, const char *why);
/* At start: last events to memory, sequence and delivered numbers back. */
int journal_restore(struct engine *engine);

/* intake.c: a message's worth of kernel records */
void intake_records(struct engine *engine, struct bytes_reader *payload);
/* Tries again to write the batch that could not be written. */
void intake_retry(struct engine *engine);

/* failures.c */
void failure_note(struct engine *engine, enum failure_reason reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Only counts: the event that it belongs to is there already. */
void failure_count(struct engine *engine, unsigned int reason, const char *what);

/* policy_store.c */
/* Reads the console's policy or, without one, the file; keeps what is in force when it is bad. True when there is a new one to publish. */
bool policy_store_load(struct engine *engine);
/* At start, when the file is bad: the last good one. */
bool policy_store_load_last(struct engine *engine);

/* publish.c */
void publish_labels(struct engine *engine);
void publish_policy(struct engine *engine);

/* link.c */
#define LINK_COUNTERS_ID UINT64_MAX /* of the loop's own question */
#define LINK_DOOR_ID	 (UINT64_MAX - 1)
void link_on_message(struct engine *engine, unsigned int type, struct bytes_reader *payload);
void link_begin(struct bytes_writer *frame, unsigned int type);
void link_send(struct engine *engine, struct bytes_writer *frame, int fd);
/* Goes on restoring marks while the sensor keeps up. */
void link_restore(struct engine *engine);
/* Makes a request for a client, with a descriptor or -1. */
void link_request(struct engine *engine, const struct message_request *request, int fd);

/* lineage_keep.c: lineage.db over the engine's life, and what went wrong with it */
void lineage_keep_start(struct engine *engine);
void lineage_keep_tick(struct engine *engine);
/* It is gone from the disk, and begins anew. 1 when there was something; 0, negative errno. */
int lineage_keep_destroy(struct engine *engine);
void lineage_keep_record(struct engine *engine, const struct record *record);

/* tell.c: shows a fresh refusal on the terminal that caused it, where there is one. */
void tell_terminal(struct engine *engine, const struct record *record);

/* server.c, verbs.c */
struct server;
struct client;
int server_new(struct engine *engine, struct server **ret_server);
void server_free(struct server *server);
/* The sensor's answer to a request made for a client. */
void server_on_answer(struct engine *engine, const struct message_answer *answer);
/* Some of what comes before the answer. */
void server_on_readers(struct engine *engine, const struct message_readers *readers);

#endif
