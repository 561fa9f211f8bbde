/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database that several consoles share: opening, transactions, few named things. The address
 * is a URL of libpq, which may name a file with a password (passfile), and holds none itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "console/store/postgres/postgres.h"
#include "console/store/postgres/problem.h"
#include "console/store/postgres/schema.h"

#define FLUSH_SIZE (8 << 20) /* so much waits: it goes in before the next mark */

struct pg_call pg_call(struct store *store, enum postgres_statement which)
{
	struct postgres_store *postgres = postgres_of(store);
	struct pg_call call = {.connection = postgres->connection, .which = which};

	/* Changes behind a mark can be taken back only if the database knows of the mark. */
	if (postgres->is_marked && !postgres->is_mark_sent &&
		strncmp(postgres_statements[which].sql, "SELECT", 6) != 0) {
		call.error = pg_script(postgres->connection, postgres_statements[PG_MARK].sql);
		postgres->is_mark_sent = call.error == 0;
	}
	return call;
}

int pg_run_any(struct pg_call *call)
{
	auto_rows rows = {0};

	return pg_run(call, &rows);
}

int pg_run_list(struct store *store, enum postgres_statement which, int64_t key, unsigned int most,
	struct pg_rows *ret_rows)
{
	struct pg_call call = pg_call(store, which);

	pg_int(&call, key);
	pg_int(&call, most);
	return pg_run(&call, ret_rows);
}

int pg_run_one(struct pg_call *call)
{
	auto_rows rows = {0};
	int r = pg_run(call, &rows);

	if (r < 0)
		return r;
	return rows.count > 0 ? 0 : -ENOENT;
}

int pg_run_number(struct pg_call *call, int64_t *ret_number)
{
	auto_rows rows = {0};
	int64_t number;
	int r = pg_run(call, &rows);

	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	number = pg_get_int(&rows, 0, 0);
	r = pg_rows_check(&rows);
	if (r == 0)
		*ret_number = number;
	return r;
}

/* After each connecting: a database that was switched to meanwhile has to keep the promise too. */
static int check(struct pg_connection *connection, void *userdata)
{
	const struct postgres_store *postgres = userdata;
	int r;

	r = postgres_schema_assert(connection);
	if (r < 0)
		return r;
	return postgres->access == STORE_WRITE ? postgres_schema_migrate(connection)
					       : postgres_schema_check(connection);
}

static int take_lane(struct postgres_store *postgres)
{
	const char *name = pg_connection_option(postgres->connection, "application_name");
	char host[65] = "";

	if (!name[0]) {
		(void)gethostname(host, sizeof(host) - 1); /* "" is a name too */
		name = host[0] ? host : "console";
	}
	return postgres_lane_take(postgres, name);
}

static bool is_good_address(const char *url)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	bool has_password = false, has_user = false;

	for (const PQconninfoOption *option = options; option && option->keyword; option++) {
		has_password |= !strcmp(option->keyword, "password") && option->val;
		has_user |= !strcmp(option->keyword, "user") && option->val;
	}
	if (!options)
		pg_set_problem("it is no address of a database: postgresql://ROLE@HOST/DATABASE");
	else if (has_password)
		pg_set_problem("a password is not to be in the address: put it in a file");
	else if (!has_user)
		pg_set_problem("the address has to name the role: postgresql://ROLE@...");
	PQconninfoFree(options); /* NULL is fine */
	return options && !has_password && has_user;
}

int postgres_open(const char *path, enum store_access access, struct store **ret_store)
{
	auto_call(store_freep) struct store *base = NULL;
	struct postgres_store *postgres = calloc(1, sizeof(*postgres));
	struct pg_plan plan = {.url = path,
		.is_reader = access == STORE_READ,
		.check = check,
		.userdata = postgres};
	int r;

	if (!postgres)
		return -ENOMEM;
	base = &postgres->store;
	base->engine = &postgres_engine;
	base->is_shared = true;
	postgres->access = access;
	postgres->last = -1;
	if (getrandom(&postgres->teller, sizeof(postgres->teller), 0) != sizeof(postgres->teller))
		return -EIO;
	if (!is_good_address(path))
		return -EINVAL;
	r = bodies_new(&postgres->bodies);
	if (r == 0)
		r = pg_connection_new(&plan, &postgres->connection);
	if (r == 0 && access == STORE_WRITE)
		r = take_lane(postgres);
	if (r < 0)
		return r;
	*ret_store = take_ptr(base);
	return 0;
}

void postgres_free(struct store *base)
{
	struct postgres_store *postgres = postgres_of(base);

	pg_connection_free(postgres->connection);
	bodies_free(postgres->bodies);
	free(postgres->records.bytes);
	free(postgres->events.bytes);
	free(postgres->pending);
	free(postgres);
}

/* What has a log to copy from, and other consoles that write, is pg_dump's to copy. */
int postgres_backup(const char *from, const char *to)
{
	(void)from;
	(void)to;
	return -EOPNOTSUPP;
}

int postgres_begin(struct store *store)
{
	struct postgres_store *postgres = postgres_of(store);

	postgres_forget(postgres);
	return pg_connection_begin(postgres->connection);
}

int postgres_commit(struct store *store)
{
	struct postgres_store *postgres = postgres_of(store);
	int r;

	postgres->is_marked = postgres->is_mark_sent = false;
	r = postgres_flush(postgres);
	return r < 0 ? r : pg_connection_end(postgres->connection, PG_COMMIT);
}

void postgres_rollback(struct store *store)
{
	struct postgres_store *postgres = postgres_of(store);

	postgres_forget(postgres);
	(void)pg_connection_end(postgres->connection, PG_ROLLBACK); /* or the database did it */
}

int postgres_mark(struct store *store)
{
	struct postgres_store *postgres = postgres_of(store);
	int r = 0;

	if (postgres->events.size + postgres->records.size > FLUSH_SIZE)
		r = postgres_flush(postgres);
	postgres->is_marked = true;
	postgres->is_mark_sent = false;
	postgres->mark_records = postgres->records.size;
	postgres->mark_events = postgres->events.size;
	postgres->mark_pending = postgres->pending_count;
	postgres->mark_last = postgres->last;
	return r;
}

int postgres_mark_undo(struct store *store)
{
	struct postgres_store *postgres = postgres_of(store);
	int r = 0;

	postgres_cut(postgres);
	if (postgres->is_mark_sent)
		r = pg_script(postgres->connection, postgres_statements[PG_MARK_UNDO].sql);
	postgres->is_marked = postgres->is_mark_sent = false;
	return r;
}

/* A later one of the same name hides it: it need not be released. */
int postgres_mark_keep(struct store *store)
{
	postgres_of(store)->is_marked = postgres_of(store)->is_mark_sent = false;
	return 0;
}

/* A statement with one text. */
static int text_get(struct pg_call *call, char *ret_value, size_t size)
{
	auto_rows rows = {0};
	int r = pg_run(call, &rows);

	if (r < 0)
		return r;
	if (!rows.count)
		return -ENOENT;
	pg_get_text(&rows, 0, 0, ret_value, size);
	return pg_rows_check(&rows);
}

int postgres_get(struct store *store, const char *name, char *ret_value, size_t size)
{
	struct pg_call call = pg_call(store, PG_VALUE_GET);

	pg_text(&call, name);
	return text_get(&call, ret_value, size);
}

int postgres_set(struct store *store, const char *name, const char *value)
{
	struct pg_call call = pg_call(store, PG_VALUE_SET);

	pg_text(&call, name);
	pg_text(&call, value);
	return pg_run_any(&call);
}

int postgres_tenant_set(struct store *store, const char *uid)
{
	struct pg_call call = pg_call(store, PG_TENANT_SET);

	pg_text(&call, uid);
	return pg_run_one(&call);
}

int postgres_tenant(struct store *store, char *ret_uid, size_t size)
{
	struct pg_call call = pg_call(store, PG_TENANT_GET);

	return text_get(&call, ret_uid, size);
}

const struct store_engine postgres_engine = {.open = postgres_open,
	.backup = postgres_backup,
	.free = postgres_free,
	STORE_CALLS(POSTGRES_ENTRY)};
