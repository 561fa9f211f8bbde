/* SPDX-License-Identifier: Apache-2.0 */
/* How far each output has come. */
#include <errno.h>

#include "console/store/sqlite/sqlite.h"

static int read_export(sqlite3_stmt *statement, struct store_export *ret_export)
{
	char place[STORE_PLACE_SIZE];

	sql_column_text(statement, 0, ret_export->name, sizeof(ret_export->name));
	sql_column_text(statement, 1, place, sizeof(place));
	ret_export->delivered = (uint64_t)sqlite3_column_int64(statement, 2);
	ret_export->moved_ms = sqlite3_column_int64(statement, 3);
	ret_export->is_rewound = sqlite3_column_int(statement, 4);
	return store_place_parse(place, &ret_export->place) < 0 ? -EBADMSG : 0;
}

int sqlite_export_get(struct store *store, const char *name, struct store_export *ret_export)
{
	sqlite3_stmt *statement = sqlite_statement(store, EXPORT_GET);
	int r;

	sql_bind_text(statement, 1, name);
	r = sql_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = read_export(statement, ret_export);
	(void)sqlite3_reset(statement); /* of a row that was there */
	return r;
}

int sqlite_export_set(struct store *store, const struct store_export *export)
{
	sqlite3_stmt *statement = sqlite_statement(store, EXPORT_SET);
	char place[STORE_PLACE_SIZE];

	store_place_format(&export->place, place);
	sql_bind_text(statement, 1, export->name);
	sql_bind_text(statement, 2, place);
	sql_bind(statement, 3, (int64_t) export->delivered);
	sql_bind(statement, 4, export->moved_ms);
	sql_bind(statement, 5, export->is_rewound);
	return sql_run(statement);
}

int sqlite_export_hold(struct store *store, const char *name, int64_t lease_ms)
{
	(void)store; /* no other console can have it */
	(void)name;
	(void)lease_ms;
	return 0;
}

int sqlite_exports(struct store *store, struct store_export *ret_exports, unsigned int most)
{
	sqlite3_stmt *statement = sqlite_statement(store, EXPORT_LIST);
	unsigned int count = 0;
	int r;

	sql_bind(statement, 1, most);
	while (count < most && (r = sql_step(statement)) != 0) {
		if (r > 0)
			r = read_export(statement, &ret_exports[count++]);
		if (r < 0)
			return r;
	}
	(void)sqlite3_reset(statement); /* of rows that were there */
	return (int)count;
}

int sqlite_event_since(struct store *store, int64_t since_ms, struct store_place *ret_place)
{
	sqlite3_stmt *statement = sqlite_statement(store, EVENT_SINCE);
	int64_t first;
	int r;

	sql_bind(statement, 1, since_ms);
	r = sql_number(statement, &first);
	if (r < 0)
		return r;
	if (!first)
		return sqlite_event_last(store, ret_place);
	*ret_place = (struct store_place){.last = {first - 1}};
	return 0;
}
