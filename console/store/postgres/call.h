/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question with its parameters, and the rows of its answer. What comes back is read by length,
 * never trusted to fit.
 */
#ifndef HOLDFAST_CONSOLE_STORE_POSTGRES_CALL_H
#define HOLDFAST_CONSOLE_STORE_POSTGRES_CALL_H

#include "console/store/postgres/connection.h"

/* One question. Texts and blobs are borrowed until it has run. */
struct pg_call {
	struct pg_connection *connection;
	enum postgres_statement which;
	int count;
	const char *values[POSTGRES_PARAMETERS_MAX];
	int lengths[POSTGRES_PARAMETERS_MAX];
	uint64_t numbers[POSTGRES_PARAMETERS_MAX];
	char *cleaned[POSTGRES_PARAMETERS_MAX]; /* texts that were no UTF-8 */
	int error;
};

void pg_int(struct pg_call *call, int64_t value);
/* What is no UTF-8 in it is replaced: the database would refuse all of the transaction for it. */
void pg_text(struct pg_call *call, const char *text);
void pg_blob(struct pg_call *call, const void *blob, size_t size);
bool pg_is_utf8(const char *text);

struct pg_rows {
	PGresult *result;
	int count;   /* of rows, or of those that were changed */
	bool is_bad; /* something had another length than it may have */
};

void pg_rows_done(struct pg_rows *rows);
#define auto_rows auto_call(pg_rows_done) struct pg_rows

/* As pg_connection_query(). */
int pg_run(struct pg_call *call, struct pg_rows *ret_rows);
int64_t pg_get_int(struct pg_rows *rows, int row, int column);
void pg_get_text(struct pg_rows *rows, int row, int column, char *ret_text, size_t size);
/* Zeros, and is_bad, when it has another size. */
void pg_get_blob(struct pg_rows *rows, int row, int column, void *ret_blob, size_t size);
/* Borrowed as long as the rows. */
const void *pg_get_bytes(struct pg_rows *rows, int row, int column, size_t *ret_size);
/* -EBADMSG when something of them was bad. */
int pg_rows_check(const struct pg_rows *rows);
/* What a reading of at most `most` rows answers: r when that is a failure, else how many were read. */
int pg_rows_count(int r, const struct pg_rows *rows, unsigned int most);

#endif
