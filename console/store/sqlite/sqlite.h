/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that implement store.h on SQLite share; nobody else includes it. */
#ifndef HOLDFAST_CONSOLE_STORE_SQLITE_SQLITE_H
#define HOLDFAST_CONSOLE_STORE_SQLITE_SQLITE_H

#include <sqlite3.h>

#include "common/sql.h"
#include "console/store/body.h"
#include "console/store/engine.h"
#include "console/store/sqlite/statements.h"

#define SQLITE_PERSON_SLOTS 256 /* names of users whose numbers are at hand */

struct sqlite_person {
	int64_t id; /* 0 = free */
	char name[64];
};

struct sqlite_store {
	struct store store;
	sqlite3 *sqlite;
	sqlite3_stmt *prepared[STATEMENT_MAX];
	struct sqlite_person persons[SQLITE_PERSON_SLOTS];
	struct bodies *bodies;
};

#define SQLITE_ENTRY(name)     .name = sqlite_##name,
#define SQLITE_PROTOTYPE(name) __typeof__(store_##name) sqlite_##name;
STORE_CALLS(SQLITE_PROTOTYPE)

__typeof__(store_open) sqlite_open;
__typeof__(store_backup) sqlite_backup;
void sqlite_free(struct store *store);

static inline struct sqlite_store *sqlite_of(struct store *store)
{
	return (struct sqlite_store *)store;
}

/* Reset, so that it can be bound. */
sqlite3_stmt *sqlite_statement(struct store *store, enum statement which);
/* -ENOENT when the statement changed no row. */
int sqlite_run_one(struct store *store, sqlite3_stmt *statement);
/* What a rolled back transaction made is no more. */
void sqlite_persons_forget(struct store *store);

#endif
