/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to PostgreSQL: made, and made again when it was lost; statements prepared once;
 * every wait has an end.
 */
#ifndef HOLDFAST_CONSOLE_STORE_POSTGRES_CONNECTION_H
#define HOLDFAST_CONSOLE_STORE_POSTGRES_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "console/store/postgres/statements.h"

#define PG_CONNECT_MS 4000  /* for a connection to be there */
#define PG_ANSWER_MS  30000 /* for an answer */
#define PG_RETRY_MS   1000  /* between two tries to connect */

struct pg_connection;

struct pg_plan {
	const char *url;
	bool is_reader;
	/* After each connecting, before anything else is asked. */
	int (*check)(struct pg_connection *connection, void *userdata);
	void *userdata;
};

/*
 * Connects. -EHOSTUNREACH when nobody answers, -EACCES when it does not let us in, -EINVAL for what
 * is no address of a database; problem.h has words.
 */
int pg_connection_new(const struct pg_plan *plan, struct pg_connection **ret_connection);
/* Accepts NULL. */
void pg_connection_free(struct pg_connection *connection);
CLEANUP_DEFINE(struct pg_connection, pg_connection_free)
/* What the address says by that keyword; "" = nothing. Borrowed. */
const char *pg_connection_option(const struct pg_connection *connection, const char *keyword);

/* Begins a transaction, connecting anew if need be; ends it. */
int pg_connection_begin(struct pg_connection *connection);
int pg_connection_end(struct pg_connection *connection, enum postgres_statement which);

/* A prepared statement, filled. */
struct pg_question {
	enum postgres_statement which;
	int count;
	const char *const *values;
	const int *lengths, *formats;
};

/*
 * 0, and the caller clears the result; or -EHOSTUNREACH (the connection is gone, and the
 * transaction), -EDEADLK (another console was faster: as a whole again), -ETIMEDOUT (it keeps what is
 * needed), -ENOSPC, -EEXIST, -EROFS, -EACCES, -EBADMSG, -EIO.
 */
int pg_connection_query(struct pg_connection *connection, const struct pg_question *question,
	PGresult **ret_result);
/* A script of ours, or COPY with all of its data. */
int pg_script(struct pg_connection *connection, const char *script);
/* A question of ours that is not prepared; rows are texts, and the caller's to clear. */
int pg_ask(struct pg_connection *connection, const char *question, PGresult **ret_result);
int pg_copy(struct pg_connection *connection, enum postgres_statement which, const void *data,
	size_t size);

#endif
