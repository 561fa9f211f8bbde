/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpq, without its blocking calls: https://www.postgresql.org/docs/15/libpq-async.html. A
 * connection that does not answer in time is closed, as a transaction on it can't be known any more.
 */
#include "console/store/postgres/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/postgres/problem.h"

#define OPTIONS_MAX 64
#define MS_NS	    UINT64_C(1000000)
#define TYPE_INT8   20 /* pg_type.dat: numbers of these types never change */
#define TYPE_TEXT   25
#define TYPE_BYTEA  17

struct pg_connection {
	PGconn *pg; /* NULL: lost */
	PQconninfoOption *options;
	struct pg_plan plan;
	bool is_in_transaction;
	bool is_broken; /* the connection answered what can't be gone on from */
	uint64_t retry_ns;
};

static void lose(struct pg_connection *connection)
{
	PQfinish(connection->pg);
	connection->pg = NULL;
	connection->is_in_transaction = false;
	connection->is_broken = false;
}

static int lost(struct pg_connection *connection)
{
	pg_take_problem(PQerrorMessage(connection->pg));
	connection->is_broken = true;
	return -EHOSTUNREACH;
}

/* 0 when the socket is ready; -EHOSTUNREACH when it takes too long. */
static int wait_for(struct pg_connection *connection, short events, uint64_t end_ns)
{
	struct pollfd socket = {PQsocket(connection->pg), events, 0};

	for (;;) {
		uint64_t now_ns = clock_steady_ns();
		int r;

		if (now_ns >= end_ns || socket.fd < 0) {
			pg_set_problem("the database does not answer");
			connection->is_broken = true;
			return -EHOSTUNREACH;
		}
		r = poll(&socket, 1, (int)((end_ns - now_ns) / MS_NS) + 1);
		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

static int flush(struct pg_connection *connection, uint64_t end_ns)
{
	int left, r;

	while ((left = PQflush(connection->pg)) > 0) {
		r = wait_for(connection, POLLIN | POLLOUT, end_ns);
		if (r < 0)
			return r;
		if (!PQconsumeInput(connection->pg)) /* it may have to be read first */
			return lost(connection);
	}
	return left < 0 ? lost(connection) : 0;
}

/* *ret_result: NULL when there is no other. */
static int next_result(struct pg_connection *connection, uint64_t end_ns, PGresult **ret_result)
{
	int r;

	r = flush(connection, end_ns);
	while (r == 0 && PQisBusy(connection->pg)) {
		r = wait_for(connection, POLLIN, end_ns);
		if (r == 0 && !PQconsumeInput(connection->pg))
			r = lost(connection);
	}
	if (r == 0)
		*ret_result = PQgetResult(connection->pg);
	return r;
}

static int check_result(struct pg_connection *connection, const PGresult *result)
{
	switch ((int)PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_COPY_IN:
		return 0;
	default:
		pg_take_problem(PQresultErrorMessage(result));
		if (PQstatus(connection->pg) != CONNECTION_OK)
			return lost(connection);
		return pg_error_of(PQresultErrorField(result, PG_DIAG_SQLSTATE));
	}
}

/* The answer to what was sent: the last result (the caller's, or NULL), the first error. */
static int finish(struct pg_connection *connection, PGresult **ret_result)
{
	uint64_t end_ns = clock_steady_ns() + PG_ANSWER_MS * MS_NS;
	PGresult *result, *last = NULL;
	int r, error = 0;

	while ((r = next_result(connection, end_ns, &result)) == 0 && result) {
		PQclear(last);
		last = result;
		r = check_result(connection, result);
		if (r < 0 && error == 0)
			error = r;
		if (connection->is_broken || PQresultStatus(result) == PGRES_COPY_IN)
			break;
	}
	if (r == 0 || error < 0)
		r = error;
	if (r < 0 || !ret_result)
		PQclear(last);
	else
		*ret_result = last;
	return r;
}

static int prepare(struct pg_connection *connection)
{
	for (int i = 0; i < PG_STATEMENT_MAX; i++) {
		const struct postgres_text *text = &postgres_statements[i];
		Oid types[POSTGRES_PARAMETERS_MAX];
		int count = (int)strlen(text->types), r;
		char name[16];

		if (text->is_plain)
			continue;
		for (int k = 0; k < count; k++)
			types[k] = text->types[k] == 'i'   ? TYPE_INT8
				   : text->types[k] == 't' ? TYPE_TEXT
							   : TYPE_BYTEA;
		(void)snprintf(name, sizeof(name), "s%d", i);
		if (!PQsendPrepare(connection->pg, name, text->sql, count, types))
			return lost(connection);
		r = finish(connection, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What the address says, and what it leaves open. */
static void gather(const struct pg_connection *connection, const char *keywords[OPTIONS_MAX],
	const char *values[OPTIONS_MAX])
{
	static const char *const usual[][2] = {{"client_encoding", "UTF8"},
		{"fallback_application_name", "holdfast-console"}, {"gssencmode", "disable"},
		{"target_session_attrs", "read-write"}, {"tcp_user_timeout", "20000"},
		{"passfile", "/nonexistent"}};
	unsigned int count = 0;

	for (const PQconninfoOption *option = connection->options; option->keyword; option++) {
		if (!option->val || count >= OPTIONS_MAX - 10)
			continue;
		keywords[count] = option->keyword;
		values[count++] = option->val;
	}
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (pg_connection_option(connection, usual[i][0])[0])
			continue;
		keywords[count] = usual[i][0];
		values[count++] = usual[i][1];
	}
	keywords[count] = values[count] = NULL;
}

/* libpq would write them to the error output. What matters of them fails something as well. */
static void ignore_notice(void *userdata, const char *message)
{
	(void)userdata;
	(void)message;
}

static int start(struct pg_connection *connection)
{
	uint64_t end_ns = clock_steady_ns() + PG_CONNECT_MS * MS_NS;
	const char *keywords[OPTIONS_MAX], *values[OPTIONS_MAX];
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;
	int r = 0;

	gather(connection, keywords, values);
	connection->pg = PQconnectStartParams(keywords, values, 0);
	if (!connection->pg)
		return -ENOMEM;
	(void)PQsetNoticeProcessor(connection->pg, ignore_notice, NULL); /* returns the old one */
	while (r == 0 && PQstatus(connection->pg) != CONNECTION_BAD && status != PGRES_POLLING_OK &&
		status != PGRES_POLLING_FAILED) {
		r = wait_for(
			connection, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, end_ns);
		if (r == 0)
			status = PQconnectPoll(connection->pg);
	}
	if (r == 0 && PQstatus(connection->pg) != CONNECTION_OK)
		r = lost(connection);
	return r;
}

static int connect_to(struct pg_connection *connection)
{
	static const char settings[] = "SET statement_timeout = 25000; SET lock_timeout = 10000;"
				       "SET idle_in_transaction_session_timeout = 30000";
	int r;

	r = start(connection);
	if (r == 0 && PQsetnonblocking(connection->pg, 1) < 0)
		r = lost(connection);
	if (r == 0)
		r = pg_script(connection, settings);
	if (r == 0 && connection->plan.check)
		r = connection->plan.check(connection, connection->plan.userdata);
	if (r == 0)
		r = prepare(connection);
	if (r == 0 && connection->plan.is_reader)
		r = pg_script(connection, "SET default_transaction_read_only = on");
	if (r < 0) {
		r = pg_refine_error(r);
		lose(connection);
		connection->retry_ns = clock_steady_ns() + PG_RETRY_MS * MS_NS;
	}
	return r;
}

/* In a transaction it can't be made anew. */
static int ensure(struct pg_connection *connection)
{
	if (connection->pg && connection->is_broken)
		lose(connection);
	if (connection->pg && PQstatus(connection->pg) == CONNECTION_OK)
		return 0;
	if (connection->is_in_transaction || clock_steady_ns() < connection->retry_ns)
		return -EHOSTUNREACH;
	PQfinish(connection->pg); /* NULL is fine */
	connection->pg = NULL;
	return connect_to(connection);
}

int pg_connection_new(const struct pg_plan *plan, struct pg_connection **ret_connection)
{
	auto_call(pg_connection_freep) struct pg_connection *connection = calloc(
		1, sizeof(*connection));
	char *words = NULL;
	int r;

	if (!connection)
		return -ENOMEM;
	connection->plan = *plan;
	connection->options = PQconninfoParse(plan->url, &words);
	if (!connection->options) {
		pg_set_problem("%s", words ? words : "it can't be parsed");
		PQfreemem(words);
		return -EINVAL;
	}
	r = connect_to(connection);
	if (r < 0)
		return r;
	*ret_connection = take_ptr(connection);
	return 0;
}

void pg_connection_free(struct pg_connection *connection)
{
	if (!connection)
		return;
	PQfinish(connection->pg);
	PQconninfoFree(connection->options);
	free(connection);
}

const char *pg_connection_option(const struct pg_connection *connection, const char *keyword)
{
	for (const PQconninfoOption *option = connection->options; option->keyword; option++)
		if (!strcmp(option->keyword, keyword))
			return option->val ? option->val : "";
	return "";
}

int pg_ask(struct pg_connection *connection, const char *question, PGresult **ret_result)
{
	if (!PQsendQuery(connection->pg, question))
		return lost(connection);
	return finish(connection, ret_result);
}

int pg_script(struct pg_connection *connection, const char *script)
{
	if (!connection->pg || connection->is_broken)
		return -EHOSTUNREACH;
	return pg_ask(connection, script, NULL);
}

/* A lost connection is found at the first word: then another one is tried, once. */
int pg_connection_begin(struct pg_connection *connection)
{
	int r = -EHOSTUNREACH;

	for (int i = 0; i < 2 && r == -EHOSTUNREACH; i++) {
		r = ensure(connection);
		if (r < 0)
			return r;
		r = pg_script(connection, postgres_statements[PG_BEGIN].sql);
	}
	connection->is_in_transaction = r == 0;
	return r;
}

int pg_connection_end(struct pg_connection *connection, enum postgres_statement which)
{
	int r;

	if (!connection->pg || connection->is_broken || !connection->is_in_transaction) {
		if (connection->pg && connection->is_broken)
			lose(connection);
		connection->is_in_transaction = false;
		return -EHOSTUNREACH;
	}
	/* COMMIT of a transaction in which something failed is a rollback, and answers so. */
	if (which == PG_COMMIT && PQtransactionStatus(connection->pg) != PQTRANS_INTRANS)
		return -EIO;
	r = pg_script(connection, postgres_statements[which].sql);
	if (r == 0 || which == PG_ROLLBACK)
		connection->is_in_transaction = false;
	if (connection->is_broken)
		lose(connection);
	return r;
}

static int query_once(
	struct pg_connection *connection, const struct pg_question *question, PGresult **ret_result)
{
	char name[16];
	int r;

	if (connection->is_in_transaction && (!connection->pg || connection->is_broken))
		return -EHOSTUNREACH;
	r = ensure(connection);
	if (r < 0)
		return r;
	(void)snprintf(name, sizeof(name), "s%d", (int)question->which);
	if (!PQsendQueryPrepared(connection->pg, name, question->count, question->values,
		    question->lengths, question->formats, 1))
		return lost(connection);
	return finish(connection, ret_result);
}

int pg_connection_query(
	struct pg_connection *connection, const struct pg_question *question, PGresult **ret_result)
{
	int r = query_once(connection, question, ret_result);

	/* Outside of transactions it only looks: it may do so again. */
	if (r == -EHOSTUNREACH && !connection->is_in_transaction && connection->is_broken)
		r = query_once(connection, question, ret_result);
	return r;
}

static int put_data(
	struct pg_connection *connection, const char *data, size_t size, uint64_t end_ns)
{
	int r, taken;

	while (size) {
		int piece = size > (64 << 10) ? (64 << 10) : (int)size;

		taken = PQputCopyData(connection->pg, data, piece);
		if (taken < 0)
			return lost(connection);
		if (taken > 0) {
			data += piece;
			size -= (size_t)piece;
			continue;
		}
		r = wait_for(connection, POLLOUT, end_ns);
		if (r < 0)
			return r;
	}
	return 0;
}

int pg_copy(struct pg_connection *connection, enum postgres_statement which, const void *data,
	size_t size)
{
	uint64_t end_ns = clock_steady_ns() + PG_ANSWER_MS * MS_NS;
	int r, taken;

	if (!connection->pg || connection->is_broken)
		return -EHOSTUNREACH;
	r = pg_script(connection, postgres_statements[which].sql);
	if (r == 0)
		r = put_data(connection, data, size, end_ns);
	while (r == 0 && (taken = PQputCopyEnd(connection->pg, NULL)) != 1)
		r = taken < 0 ? lost(connection) : wait_for(connection, POLLOUT, end_ns);
	return r < 0 ? r : finish(connection, NULL);
}
