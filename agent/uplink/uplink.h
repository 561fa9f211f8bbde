/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of uplink share: one struct, made by main.c. Trust: user holdfast-uplink, no
 * capability; the only process of the agent with a network socket, and it holds no key. Reads the
 * event log, its configuration, and what consoles answer.
 */
#ifndef HOLDFAST_AGENT_UPLINK_UPLINK_H
#define HOLDFAST_AGENT_UPLINK_UPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/ipc/console_files.h"
#include "agent/uplink/config.h"
#include "agent/uplink/exchange.h"
#include "agent/uplink/feed.h"
#include "agent/uplink/identity.h"
#include "agent/uplink/keyring_client.h"
#include "agent/uplink/log_reader.h"
#include "agent/uplink/spool.h"
#include "common/key_words.h"

/* What the console last said of us. */
enum standing {
	STANDING_UNKNOWN = 0, /* never asked since the start */
	STANDING_UNENROLLED = 1,
	STANDING_PENDING = 2,
	STANDING_TRUSTED = 3,
	STANDING_REFUSED = 4, /* suspended, revoked: see code */
};

enum errand { /* the request under way */
	ERRAND_NONE = 0,
	ERRAND_ENROL,
	ERRAND_RENEW,
	ERRAND_ASK,
	ERRAND_EVENTS,
	ERRAND_LEASE,
	ERRAND_KEYS,
	ERRAND_KEYLESS,
	ERRAND_RECEIPT,
};

/* What is known of the console's word. */
struct uplink_lease {
	uint64_t
		serial; /* 0 = none was ever given to this device, or the console knows no leases */
	uint8_t state;	/* enum lease_state; 0 = none since the start */
	uint32_t seconds;	 /* it lasts */
	uint32_t policy_seconds; /* by the policy; 0 = nothing hangs on it */
	uint32_t early;		 /* random: by how much of the half it is renewed earlier */
	uint64_t asked_ns;
	uint64_t again_ns;  /* when to ask again while it is not trusted */
	uint64_t failed_ns; /* not asked before then: what came was not taken */
};

#define UPLINK_QUOTE_SIZE 700 /* bytes of text */

struct uplink {
	/* where things are */
	const char *config_path;
	const char *state_directory;
	const char *runtime_directory;
	const char *log_directory;
	int state_fd;
	int runtime_fd;
	/* what it holds */
	struct config config;
	bool has_config;
	int64_t config_changed; /* nanoseconds of its last change; 0 = not there */
	struct identity identity;
	struct network *network;
	struct exchange *exchange;	  /* NULL without configuration, as is */
	struct exchange *policy_exchange; /* the one that waits for a policy */
	struct log_reader *reader;
	struct spool *spool; /* NULL until it is known to whom to seal */
	struct feed *feed;
	char described[SURVEY_MAX];    /* what the request under way says */
	char description[SURVEY_MAX];  /* of this machine, JSON; "" = none yet */
	char challenge[33];	       /* of the console, that the quote is to; "" = none */
	char quote[UPLINK_QUOTE_SIZE]; /* what the TPM says, in base64; "" = nothing */
	/* what is going on */
	enum standing standing;
	enum errand errand;
	char *request_body;  /* of the request under way */
	uint8_t *batch;	     /* SEGMENT_BATCH_MAX bytes */
	uint64_t batch_last; /* sequence of what is under way */
	bool is_anew;	     /* refused, and configured again since: enrols with another key */
	bool is_key_refused; /* the console can't open what is sealed to the key that we had */
	bool is_key_fresh;   /* and has said since to which key to seal */
	bool has_ack;	     /* the console has said where it stands */
	uint64_t ack;
	uint64_t describe_ns;	 /* when it was described last */
	uint64_t ask_ns;	 /* when to ask anew how we stand, on the boot clock */
	uint64_t renew_ns;	 /* when to try to renew again */
	uint64_t policy_version; /* of the bundle that is here; 0 = none */
	struct uplink_lease lease;
	uint8_t key_question[KEY_QUESTION_MAX]; /* under way */
	bool has_receipt;			/* of what was destroyed here, to be delivered */
	uint64_t receipt_ns;			/* not before then */
	uint64_t keys_look_ns; /* when keyring was asked last whether it needs keys */
	/* for people: `holdfast status` */
	uint64_t contact_ms;	  /* of the last good answer */
	uint64_t gone;		  /* events that went before they were delivered, likewise */
	uint64_t delivered;	  /* events, since the start */
	struct keyring_state key; /* while it has trouble, the console is not asked */
	uint64_t key_ns;	  /* when it was looked at last, on the boot clock */
	uint64_t keyless_ns; /* when the console is told (again) that it can't be used, likewise */
	int spool_error;     /* negative errno of the last try to write to it, or 0 */
	char code[64];	     /* of the last refusal; "" = none */
	char trouble[EXCHANGE_ERROR_SIZE]; /* in words */
};

/* setup.c: reads the configuration when it has changed, and what follows from it. */
void setup_config(struct uplink *uplink);
/* Opens the spool once certificate and console key are known. */
void setup_spool(struct uplink *uplink);

/* attest.c: has the TPM asked, unless it was with that challenge. */
void attest(struct uplink *uplink, const char *challenge);

/* describe.c: puts the description together anew. Whether it is another one than before. */
bool describe(struct uplink *uplink);

/* keyless.c: tells the console that this machine has the device's disk and can't use its key. False: not now. */
bool keyless_ask(struct uplink *uplink, uint64_t now, struct exchange_request *ret_request);
void keyless_told(struct uplink *uplink, const struct exchange_answer *answer);

/* errands.c: what to ask of the console next, and what its answer means. */
void errand_begin(struct uplink *uplink);
void errand_end(struct uplink *uplink, const struct exchange_answer *answer);

/* lease.c: asks the console for its word, when it is needed; keyring makes the question and proves it. */
void lease_start(struct uplink *uplink);
/* What the policy says of it, looked at now and then. */
void lease_look(struct uplink *uplink);
bool lease_is_due(const struct uplink *uplink, uint64_t now);
/* Something of it has changed: it is asked for at once. False: that was tried, and is again later. */
bool lease_hurry(struct uplink *uplink);
/* The question, which the caller frees; NULL: not now. */
char *lease_question(struct uplink *uplink);
void lease_take(struct uplink *uplink, const struct exchange_answer *answer);
/* The console does not say it, at all or at the moment. */
void lease_refused(struct uplink *uplink, const char *code);
/* Seconds until it is due; 0 = now. */
uint64_t lease_seconds_left(const struct uplink *uplink, uint64_t now);

/* keys.c: bytes of keyring's question for keys; 0: it needs none now. */
size_t keys_question(struct uplink *uplink, uint64_t now, uint8_t ret_bytes[KEY_QUESTION_MAX]);
void keys_take(struct uplink *uplink, const struct exchange_answer *answer);
/* The console's code, or one of ours: UNREACHABLE, NOT_TAKEN. */
void keys_refused(const char *code);

/* receipt.c: whether there is one. */
void receipt_look(struct uplink *uplink);
bool receipt_is_due(const struct uplink *uplink, uint64_t now);
/* With certificates, which the caller frees; NULL: not to be read. */
char *receipt_body(struct uplink *uplink);
void receipt_taken(struct uplink *uplink);
/* Or not delivered: again later. */
void receipt_refused(struct uplink *uplink);

/* policy_poll.c */
void policy_poll_start(struct uplink *uplink);
void policy_poll_begin(struct uplink *uplink);
void policy_poll_end(struct uplink *uplink, const struct exchange_answer *answer);

/* show.c: writes status.json into the runtime directory when something in it has changed. */
void show_status(const struct uplink *uplink);

#endif
