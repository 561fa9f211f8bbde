/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of the schema is one more script at the end of the list; none is ever edited. The texts
 * of events lie in `record`, compressed, many to a row as they came: rows of `event` are numbers only, a
 * tenth of what their JSON takes, and it is rows and their indexes that ingest costs.
 */
#include "console/store/sqlite/schema.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "common/sql.h"

static const char version_1[] =
	"CREATE TABLE value (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
	"CREATE TABLE tenant (id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE token (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
	" name TEXT NOT NULL, uses_left INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0,"
	" made_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, is_approving INTEGER NOT NULL,"
	" is_revoked INTEGER NOT NULL DEFAULT 0, made_by TEXT NOT NULL) STRICT;"
	"CREATE TABLE device (id INTEGER PRIMARY KEY, uid BLOB NOT NULL UNIQUE,"
	" tenant INTEGER NOT NULL REFERENCES tenant, state INTEGER NOT NULL, host TEXT NOT NULL,"
	" owner TEXT NOT NULL, os TEXT NOT NULL, details TEXT NOT NULL DEFAULT '',"
	" address TEXT NOT NULL, key BLOB NOT NULL UNIQUE, token INTEGER NOT NULL,"
	" first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL,"
	" ack INTEGER NOT NULL DEFAULT 0, link BLOB NOT NULL DEFAULT (zeroblob(32)),"
	" boot BLOB NOT NULL DEFAULT (zeroblob(16)), segment INTEGER NOT NULL DEFAULT 0,"
	" offered INTEGER NOT NULL DEFAULT 0, offered_ms INTEGER NOT NULL DEFAULT 0,"
	" offers INTEGER NOT NULL DEFAULT 0, is_restored INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE INDEX device_host ON device (host);"
	"CREATE TABLE change (id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES device,"
	" time_ms INTEGER NOT NULL, was INTEGER NOT NULL, became INTEGER NOT NULL,"
	" who TEXT NOT NULL, why TEXT NOT NULL) STRICT;"
	"CREATE INDEX change_device ON change (device, id);"
	"CREATE TABLE certificate (fingerprint BLOB NOT NULL UNIQUE,"
	" device INTEGER NOT NULL REFERENCES device, key BLOB NOT NULL, serial TEXT NOT NULL,"
	" not_before_ms INTEGER NOT NULL, not_after_ms INTEGER NOT NULL,"
	" made_ms INTEGER NOT NULL, is_used INTEGER NOT NULL DEFAULT 0,"
	" is_replaced INTEGER NOT NULL DEFAULT 0,"
	" der BLOB NOT NULL) STRICT;"
	"CREATE INDEX certificate_device ON certificate (device);"
	"CREATE INDEX certificate_key ON certificate (key);"
	"CREATE TABLE administrator (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	" hash TEXT NOT NULL, is_one_time INTEGER NOT NULL, made_ms INTEGER NOT NULL) STRICT;"
	"CREATE TABLE audit (id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,"
	" who TEXT NOT NULL, act TEXT NOT NULL, what TEXT NOT NULL) STRICT;"
	"CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE record (id INTEGER PRIMARY KEY, device INTEGER NOT NULL,"
	" first INTEGER NOT NULL, count INTEGER NOT NULL, link BLOB NOT NULL,"
	" size INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (device, first)) STRICT;"
	"CREATE TABLE event (id INTEGER PRIMARY KEY, device INTEGER NOT NULL,"
	" sequence INTEGER NOT NULL, time_ms INTEGER NOT NULL, class_uid INTEGER NOT NULL,"
	" activity_id INTEGER NOT NULL, severity_id INTEGER NOT NULL, verdict INTEGER NOT NULL,"
	" person INTEGER NOT NULL, record INTEGER NOT NULL, start INTEGER NOT NULL,"
	" size INTEGER NOT NULL) STRICT;"
	"CREATE INDEX event_time ON event (time_ms);"
	"CREATE INDEX event_device ON event (device, time_ms);"
	"CREATE INDEX event_class ON event (class_uid, time_ms);"
	"CREATE INDEX event_person ON event (person, time_ms) WHERE person > 0;"
	"CREATE INDEX event_refused ON event (time_ms) WHERE verdict >= 3;"
	"CREATE TABLE account (device INTEGER NOT NULL, boot BLOB NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, delivered INTEGER NOT NULL,"
	" coalesced INTEGER NOT NULL, pruned INTEGER NOT NULL, lost INTEGER NOT NULL, missing "
	"INTEGER NOT NULL,"
	" begun_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
	" PRIMARY KEY (device, boot)) STRICT;"
	"CREATE TABLE finding (id INTEGER PRIMARY KEY, device INTEGER NOT NULL,"
	" time_ms INTEGER NOT NULL, kind TEXT NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (device, kind, first, last)) STRICT;"
	"INSERT INTO tenant (id, uid) VALUES (1, 'default');";

/* Whose the devices are that a token enrols. */
static const char version_2[] = "ALTER TABLE token ADD COLUMN owner TEXT NOT NULL DEFAULT '';";

/* Policies, for whom they are, and what devices said of them. Bundles apart: a list does not read them. */
static const char version_3[] =
	"CREATE TABLE policy (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
	" digest TEXT NOT NULL, key_id TEXT NOT NULL, made_ms INTEGER NOT NULL,"
	" expires_ms INTEGER NOT NULL, size INTEGER NOT NULL, origin INTEGER NOT NULL,"
	" percent INTEGER NOT NULL, published_ms INTEGER NOT NULL, who TEXT NOT NULL,"
	" why TEXT NOT NULL) STRICT;"
	"CREATE TABLE bundle (version INTEGER PRIMARY KEY REFERENCES policy,"
	" bytes BLOB NOT NULL) STRICT;"
	"CREATE TABLE policy_group (version INTEGER NOT NULL REFERENCES policy,"
	" tag TEXT NOT NULL, PRIMARY KEY (version, tag)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE device_tag (device INTEGER NOT NULL REFERENCES device,"
	" tag TEXT NOT NULL, PRIMARY KEY (device, tag)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE receipt (device INTEGER PRIMARY KEY REFERENCES device,"
	" sent INTEGER NOT NULL DEFAULT 0, sent_ms INTEGER NOT NULL DEFAULT 0,"
	" applied INTEGER NOT NULL DEFAULT 0, digest TEXT NOT NULL DEFAULT '',"
	" mode TEXT NOT NULL DEFAULT '', applied_ms INTEGER NOT NULL DEFAULT 0,"
	" refused INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '',"
	" refused_ms INTEGER NOT NULL DEFAULT 0) STRICT;";

/* Acts of administrators in a chain, what they changed; events that are not as OCSF has them. */
static const char version_4[] = "ALTER TABLE audit ADD COLUMN before TEXT NOT NULL DEFAULT '';"
				"ALTER TABLE audit ADD COLUMN after TEXT NOT NULL DEFAULT '';"
				"ALTER TABLE audit ADD COLUMN link BLOB NOT NULL DEFAULT (x'');"
				"ALTER TABLE account ADD COLUMN unfit INTEGER NOT NULL DEFAULT 0;";
/* The key of each device's newest segment: by when it was made. */
static const char version_5[] =
	"CREATE TABLE device_seal (device INTEGER PRIMARY KEY REFERENCES device,"
	" made_ms INTEGER NOT NULL) STRICT;";

/* How far each output of the exporter has come. */
static const char version_6[] = "CREATE TABLE export (name TEXT PRIMARY KEY, place TEXT NOT NULL,"
				" delivered INTEGER NOT NULL, moved_ms INTEGER NOT NULL,"
				" is_rewound INTEGER NOT NULL) STRICT;";

/* Sums of events, which those that are there begin with. */
static const char version_7[] =
	"CREATE TABLE tally (device INTEGER NOT NULL, day INTEGER NOT NULL,"
	" class_uid INTEGER NOT NULL, verdict INTEGER NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (device, day, class_uid, verdict)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX tally_day ON tally (day);"
	"INSERT INTO tally SELECT device, time_ms / 86400000, class_uid, verdict, count(*)"
	" FROM event GROUP BY 1, 2, 3, 4;";

/* Who used a device. Begins empty: earlier events' rows do not say whether it was a person. */
static const char version_8[] =
	"CREATE TABLE device_user (device INTEGER NOT NULL REFERENCES device,"
	" name TEXT NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
	" PRIMARY KEY (device, name)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX device_user_name ON device_user (name);";

/* Leases: the serial of what the console says of a device. */
static const char version_9[] = "ALTER TABLE device ADD COLUMN word INTEGER NOT NULL DEFAULT 1;";

/* Keys of labels, to whom they are released, and who asked for them. */
static const char version_10[] =
	"CREATE TABLE label_key (label BLOB NOT NULL, generation INTEGER NOT NULL,"
	" name TEXT NOT NULL, home BLOB NOT NULL, slot INTEGER NOT NULL, wrapped BLOB NOT NULL,"
	" made_ms INTEGER NOT NULL, replaced_ms INTEGER NOT NULL DEFAULT 0,"
	" destroyed_ms INTEGER NOT NULL DEFAULT 0, receipt TEXT NOT NULL DEFAULT '',"
	" PRIMARY KEY (label, generation)) STRICT;"
	"CREATE TABLE label_key_terms (label BLOB PRIMARY KEY, networks TEXT NOT NULL,"
	" is_for_verified INTEGER NOT NULL, seconds INTEGER NOT NULL) STRICT;"
	"CREATE TABLE key_question (device INTEGER NOT NULL, hash BLOB NOT NULL,"
	" boot BLOB NOT NULL, asked_ms INTEGER NOT NULL, time_ms INTEGER NOT NULL,"
	" PRIMARY KEY (device, hash)) STRICT, WITHOUT ROWID;";

/* Tokens for checking tickets, and which tickets were shown. */
static const char version_11[] =
	"ALTER TABLE token ADD COLUMN audience TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE token ADD COLUMN tenant TEXT NOT NULL DEFAULT '';"
	"CREATE TABLE ticket (device INTEGER NOT NULL, id TEXT NOT NULL,"
	" expires_ms INTEGER NOT NULL, PRIMARY KEY (device, id)) STRICT, WITHOUT ROWID;";

/* Orders to destroy, with the devices' receipts. */
static const char version_12[] =
	"CREATE TABLE device_order (device INTEGER NOT NULL REFERENCES device,"
	" number INTEGER NOT NULL, what INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,"
	" ordered_ms INTEGER NOT NULL, sent_ms INTEGER NOT NULL, done_ms INTEGER NOT NULL,"
	" withdrawn_ms INTEGER NOT NULL DEFAULT 0, receipt TEXT NOT NULL DEFAULT '',"
	" PRIMARY KEY (device, number)) STRICT;";

/* Whom blind marks name. AUTOINCREMENT: no number is ever another's. */
static const char version_13[] =
	"CREATE TABLE mark (subject INTEGER PRIMARY KEY AUTOINCREMENT,"
	" device INTEGER NOT NULL REFERENCES device, uid INTEGER NOT NULL,"
	" name TEXT NOT NULL DEFAULT '', made_ms INTEGER NOT NULL, UNIQUE (device, uid)) STRICT;";

static const char *const versions[] = {version_1, version_2, version_3, version_4, version_5,
	version_6, version_7, version_8, version_9, version_10, version_11, version_12, version_13};

#define VERSION_TODAY ((int)(sizeof(versions) / sizeof(versions[0])))

static int pragma_number(sqlite3 *sqlite, const char *text, int *ret_number)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = 0;
	int r;

	if (sqlite3_prepare_v2(sqlite, text, -1, &statement, NULL) != SQLITE_OK)
		return sql_error(sqlite);
	r = sql_number(statement, &number);
	(void)sqlite3_finalize(statement); /* repeats the code of step */
	*ret_number = (int)number;
	return r;
}

/* The version of the file's tables; 0 = it has none yet. */
static int version_of(sqlite3 *sqlite, int *ret_version)
{
	int application, version, pages;
	int r;

	r = pragma_number(sqlite, "PRAGMA application_id", &application);
	if (r == 0)
		r = pragma_number(sqlite, "PRAGMA user_version", &version);
	if (r == 0)
		r = pragma_number(sqlite, "SELECT count(*) FROM sqlite_master", &pages);
	if (r < 0)
		return r;
	if (pages == 0 && application == 0 && version == 0) {
		*ret_version = 0;
		return 0;
	}
	if (application != SQLITE_SCHEMA_APPLICATION || version < 1 || version > VERSION_TODAY)
		return -EPROTO;
	*ret_version = version;
	return 0;
}

static int execute(sqlite3 *sqlite, const char *script)
{
	return sqlite3_exec(sqlite, script, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_error(sqlite);
}

static int migrate_to(sqlite3 *sqlite, int version)
{
	char numbers[128];
	int r;

	(void)snprintf(numbers, sizeof(numbers),
		"PRAGMA application_id = %d; PRAGMA user_version = %d", SQLITE_SCHEMA_APPLICATION,
		version);
	r = execute(sqlite, "BEGIN IMMEDIATE");
	if (r < 0)
		return r;
	r = execute(sqlite, versions[version - 1]);
	if (r == 0)
		r = execute(sqlite, numbers);
	if (r == 0)
		r = execute(sqlite, "COMMIT");
	if (r < 0)
		(void)execute(sqlite, "ROLLBACK"); /* SQLite may have done it itself */
	return r;
}

int sqlite_schema_migrate(sqlite3 *sqlite)
{
	int version;
	int r;

	r = version_of(sqlite, &version);
	while (r == 0 && version < VERSION_TODAY)
		r = migrate_to(sqlite, ++version);
	return r;
}

int sqlite_schema_check(sqlite3 *sqlite)
{
	int version;
	int r;

	r = version_of(sqlite, &version);
	if (r < 0)
		return r;
	return version == VERSION_TODAY ? 0 : -EPROTO;
}
