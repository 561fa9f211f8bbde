/* SPDX-License-Identifier: Apache-2.0 */
/* One record of a batch, whose place is proven: opened, parsed, added. */
#ifndef HOLDFAST_CONSOLE_STORE_INGEST_RECORD_H
#define HOLDFAST_CONSOLE_STORE_INGEST_RECORD_H

#include "common/segment.h"
#include "console/store/store.h"

/* Numbers without events, for one finding a batch. */
struct ingest_range {
	uint64_t count, first, last;
};

#define INGEST_TALLIES 64 /* kinds of events of one batch that are held; then they are written */

#define INGEST_USERS 16 /* as many accounts */

struct ingest_batch {
	struct store *store;
	struct store_device *device; /* ack and link move as records are taken */
	const char *address;
	bool is_after_loss;
	struct segment_header header;
	struct segment_opener *opener; /* borrowed */
	int64_t key_made_ms;	       /* of the key it is sealed to; 0 = not the one in use */
	uint16_t refusal;
	bool is_new; /* something was taken */
	size_t raw_size;
	struct store_account account;
	struct ingest_range pruned, lost;
	struct store_tally tallies[INGEST_TALLIES];
	unsigned int tally_count;
	struct store_user users[INGEST_USERS];
	unsigned int user_count;
	int64_t now_ms;
	struct ingest_range unfit;    /* stored, but not as OCSF has events */
	const char *fault;	      /* of the first of them */
	struct store_receipt receipt; /* what its events say of policies */
};

/* Takes it, or sets batch->refusal. 0 or negative errno of the store. */
int ingest_record(struct ingest_batch *batch, const struct segment_record *record);
/* Writes down how many events of which kinds there were. */
int ingest_tallies(struct ingest_batch *batch);
/* ingest_user.c: whether a user's number, as text, is one that people have. */
bool ingest_is_person(const char *uid);
/* Notes whose act it is, if a person's. */
int ingest_user(struct ingest_batch *batch, const struct store_event *event);
/* Writes down who they were. */
int ingest_users(struct ingest_batch *batch);
/* Says which numbers came without their events. */
int ingest_findings(struct ingest_batch *batch);
/* Writes down what the events said of policies. */
int ingest_receipt(struct ingest_batch *batch);

#endif
