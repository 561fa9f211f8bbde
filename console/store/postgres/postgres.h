/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that implement store.h on PostgreSQL share; nobody else includes it. */
#ifndef HOLDFAST_CONSOLE_STORE_POSTGRES_POSTGRES_H
#define HOLDFAST_CONSOLE_STORE_POSTGRES_POSTGRES_H

#include "console/store/body.h"
#include "console/store/engine.h"
#include "console/store/postgres/call.h"
#include "console/store/postgres/copy.h"

/* A record that waits to be copied, and where it begins in what waits. */
struct postgres_pending {
	int64_t device;
	uint64_t first;
	uint8_t link[CONSOLE_HASH_SIZE];
};

struct postgres_store {
	struct store store;
	struct pg_connection *connection;
	enum store_access access;
	int64_t lane;	/* this console's, for ids of events; 0 = reads only */
	int64_t teller; /* a random number: which notices are this process's own */
	int64_t noticed;
	bool is_noticing;
	/* What the transaction adds, copied in when it is committed: event.c. */
	struct copy_buffer records, events;
	struct postgres_pending *pending;
	unsigned int pending_count, pending_room;
	int64_t last; /* id given in the lane; -1 = not known in this transaction */
	/* The place to go back to. The database hears of it before the first change behind it. */
	bool is_marked, is_mark_sent;
	size_t mark_records, mark_events;
	unsigned int mark_pending;
	int64_t mark_last;
	struct bodies *bodies;
};

static inline struct postgres_store *postgres_of(struct store *store)
{
	return (struct postgres_store *)store;
}

#define POSTGRES_ENTRY(name)	 .name = postgres_##name,
#define POSTGRES_PROTOTYPE(name) __typeof__(store_##name) postgres_##name;
STORE_CALLS(POSTGRES_PROTOTYPE)
__typeof__(store_open) postgres_open;
__typeof__(store_backup) postgres_backup;
void postgres_free(struct store *store);

/* A question to be filled with pg_int() and so on, in the order of its parameters. */
struct pg_call pg_call(struct store *store, enum postgres_statement which);
/* pg_run() when it is to change something: 0, or -ENOENT when it changed no row. */
int pg_run_one(struct pg_call *call);
/* When it may change none. */
int pg_run_any(struct pg_call *call);
/* One of which the parameters are a key and how many rows there may be. As pg_run(). */
int pg_run_list(struct store *store, enum postgres_statement which, int64_t key, unsigned int most,
	struct pg_rows *ret_rows);
/* One that answers with one number; -ENOENT without a row. */
int pg_run_number(struct pg_call *call, int64_t *ret_number);

/* event.c: what waits goes in, before a commit; is forgotten; is cut back to the mark. */
int postgres_flush(struct postgres_store *store);
void postgres_forget(struct postgres_store *store);
void postgres_cut(struct postgres_store *store);
/* Takes the console's lane: of its name. */
int postgres_lane_take(struct postgres_store *store, const char *name);

#endif
