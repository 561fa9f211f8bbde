/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of the schema is one more script at the end of the list; none is ever edited.
 *
 * The layout is one that a distributed database which speaks PostgreSQL's language can spread over
 * machines: keys begin with the device (a random number) or a hash, so that what is written at the
 * same time does not meet at the end of one index; nothing draws from a sequence; no triggers,
 * extensions, partitions or foreign keys, which would lock rows that all devices share. What must be
 * in order is numbered in a lane for each console (store.h). Two rows are everybody's: lane 0, which
 * numbers notices and orders the audit log, is written when an administrator changes something, and
 * a token by who enrols.
 */
#include "console/store/postgres/schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/store/postgres/problem.h"

static const char version_1[] =
	"CREATE TABLE value (name text PRIMARY KEY, value text NOT NULL);"
	"CREATE TABLE tenant (id bigint PRIMARY KEY, uid text NOT NULL UNIQUE);"
	"CREATE TABLE lane (lane bigint PRIMARY KEY, name text NOT NULL UNIQUE,"
	" last bigint NOT NULL);"
	"CREATE TABLE notice (number bigint PRIMARY KEY, teller bigint NOT NULL,"
	" device bigint NOT NULL);"
	"CREATE TABLE token (id bigint PRIMARY KEY, hash bytea NOT NULL UNIQUE,"
	" name text NOT NULL, uses_left bigint NOT NULL, used bigint NOT NULL DEFAULT 0,"
	" made_ms bigint NOT NULL, expires_ms bigint NOT NULL, is_approving bigint NOT NULL,"
	" is_revoked bigint NOT NULL DEFAULT 0, made_by text NOT NULL, owner text NOT NULL);"
	"CREATE TABLE device (id bigint PRIMARY KEY, uid bytea NOT NULL UNIQUE,"
	" tenant bigint NOT NULL, state bigint NOT NULL, host text NOT NULL, owner text NOT NULL,"
	" os text NOT NULL, details text NOT NULL DEFAULT '', address text NOT NULL,"
	" key bytea NOT NULL UNIQUE, token bigint NOT NULL, first_seen_ms bigint NOT NULL,"
	" last_seen_ms bigint NOT NULL, ack bigint NOT NULL DEFAULT 0,"
	" link bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),"
	" boot bytea NOT NULL DEFAULT decode(repeat('00', 16), 'hex'),"
	" segment bigint NOT NULL DEFAULT 0, offered bigint NOT NULL DEFAULT 0,"
	" offered_ms bigint NOT NULL DEFAULT 0, offers bigint NOT NULL DEFAULT 0,"
	" is_restored bigint NOT NULL DEFAULT 0);"
	"CREATE INDEX device_host ON device (host);"
	"CREATE TABLE change (device bigint NOT NULL, number bigint NOT NULL,"
	" time_ms bigint NOT NULL, was bigint NOT NULL, became bigint NOT NULL,"
	" who text NOT NULL, why text NOT NULL, PRIMARY KEY (device, number));"
	"CREATE TABLE certificate (fingerprint bytea PRIMARY KEY, device bigint NOT NULL,"
	" key bytea NOT NULL, serial text NOT NULL, not_before_ms bigint NOT NULL,"
	" not_after_ms bigint NOT NULL, made_ms bigint NOT NULL,"
	" is_used bigint NOT NULL DEFAULT 0, is_replaced bigint NOT NULL DEFAULT 0,"
	" der bytea NOT NULL);"
	"CREATE INDEX certificate_device ON certificate (device);"
	"CREATE INDEX certificate_key ON certificate (key);"
	"CREATE TABLE administrator (name text PRIMARY KEY, hash text NOT NULL,"
	" is_one_time bigint NOT NULL, made_ms bigint NOT NULL);"
	"CREATE TABLE audit (id bigint PRIMARY KEY, time_ms bigint NOT NULL, who text NOT NULL,"
	" act text NOT NULL, what text NOT NULL, before text NOT NULL, after text NOT NULL,"
	" link bytea NOT NULL);"
	"CREATE TABLE record (device bigint NOT NULL, first bigint NOT NULL,"
	" count bigint NOT NULL, link bytea NOT NULL, size bigint NOT NULL,"
	" body bytea NOT NULL, PRIMARY KEY (device, first));"
	/* The key is what no event may be there twice by, whatever the console believes. */
	"CREATE TABLE event (device bigint NOT NULL, sequence bigint NOT NULL, id bigint NOT NULL,"
	" time_ms bigint NOT NULL, class_uid int NOT NULL, activity_id int NOT NULL,"
	" severity_id int NOT NULL, verdict smallint NOT NULL, person text NOT NULL,"
	" record bigint NOT NULL, start int NOT NULL, size int NOT NULL,"
	" PRIMARY KEY (device, sequence));"
	"CREATE INDEX event_id ON event (id);"
	"CREATE INDEX event_time ON event (time_ms, id);"
	"CREATE INDEX event_device ON event (device, time_ms, id);"
	"CREATE INDEX event_class ON event (class_uid, time_ms, id);"
	"CREATE INDEX event_person ON event (person, time_ms, id) WHERE person <> '';"
	"CREATE INDEX event_refused ON event (time_ms, id) WHERE verdict >= 3;"
	"CREATE TABLE account (device bigint NOT NULL, boot bytea NOT NULL,"
	" first bigint NOT NULL, last bigint NOT NULL, delivered bigint NOT NULL,"
	" coalesced bigint NOT NULL, pruned bigint NOT NULL, lost bigint NOT NULL,"
	" missing bigint NOT NULL, begun_ms bigint NOT NULL, last_ms bigint NOT NULL,"
	" unfit bigint NOT NULL, PRIMARY KEY (device, boot));"
	"CREATE TABLE finding (device bigint NOT NULL, kind text NOT NULL, first bigint NOT NULL,"
	" last bigint NOT NULL, id bigint NOT NULL, time_ms bigint NOT NULL, text text NOT NULL,"
	" PRIMARY KEY (device, kind, first, last));"
	"CREATE INDEX finding_id ON finding (id);"
	"CREATE TABLE policy (version bigint PRIMARY KEY, name text NOT NULL,"
	" digest text NOT NULL, key_id text NOT NULL, made_ms bigint NOT NULL,"
	" expires_ms bigint NOT NULL, size bigint NOT NULL, origin bigint NOT NULL,"
	" percent bigint NOT NULL, published_ms bigint NOT NULL, who text NOT NULL,"
	" why text NOT NULL);"
	"CREATE TABLE bundle (version bigint PRIMARY KEY, bytes bytea NOT NULL);"
	"CREATE TABLE policy_group (version bigint NOT NULL, tag text NOT NULL,"
	" PRIMARY KEY (version, tag));"
	"CREATE TABLE device_tag (device bigint NOT NULL, tag text NOT NULL,"
	" PRIMARY KEY (device, tag));"
	"CREATE TABLE receipt (device bigint PRIMARY KEY, sent bigint NOT NULL DEFAULT 0,"
	" sent_ms bigint NOT NULL DEFAULT 0, applied bigint NOT NULL DEFAULT 0,"
	" digest text NOT NULL DEFAULT '', mode text NOT NULL DEFAULT '',"
	" applied_ms bigint NOT NULL DEFAULT 0, refused bigint NOT NULL DEFAULT 0,"
	" code text NOT NULL DEFAULT '', refused_ms bigint NOT NULL DEFAULT 0);"
	"INSERT INTO tenant (id, uid) VALUES (1, 'default');"
	"INSERT INTO lane (lane, name, last) VALUES (0, '', 0);";

/* The key of each device's newest segment: by when it was made. */
static const char version_2[] = "CREATE TABLE device_seal (device bigint PRIMARY KEY,"
				" made_ms bigint NOT NULL);";

/* How far each output of the exporter has come, and the lane of the console that runs it, until when. */
static const char version_3[] =
	"CREATE TABLE export (name text PRIMARY KEY, place text NOT NULL,"
	" delivered bigint NOT NULL, moved_ms bigint NOT NULL, is_rewound bigint NOT NULL,"
	" holder bigint NOT NULL DEFAULT 0, held_ms bigint NOT NULL DEFAULT 0);";

/* Sums of events, which those that are there begin with. */
static const char version_4[] =
	"CREATE TABLE tally (device bigint NOT NULL, day bigint NOT NULL,"
	" class_uid bigint NOT NULL, verdict bigint NOT NULL, count bigint NOT NULL,"
	" PRIMARY KEY (device, day, class_uid, verdict));"
	"CREATE INDEX tally_day ON tally (day);"
	"INSERT INTO tally SELECT device, time_ms / 86400000, class_uid, verdict, count(*)"
	" FROM event GROUP BY 1, 2, 3, 4;";

/* Who used a device. Begins empty: earlier events' rows do not say whether it was a person. */
static const char version_5[] =
	"CREATE TABLE device_user (device bigint NOT NULL, name text NOT NULL,"
	" first_ms bigint NOT NULL, last_ms bigint NOT NULL, PRIMARY KEY (device, name));"
	"CREATE INDEX device_user_name ON device_user (name, device);";

/* Leases: the serial of what the console says of a device. */
static const char version_6[] = "ALTER TABLE device ADD COLUMN word bigint NOT NULL DEFAULT 1;";

/* Keys of labels, to whom they are released, and who asked for them. */
static const char version_7[] =
	"CREATE TABLE label_key (label bytea NOT NULL, generation bigint NOT NULL,"
	" name text NOT NULL, home bytea NOT NULL, slot bigint NOT NULL, wrapped bytea NOT NULL,"
	" made_ms bigint NOT NULL, replaced_ms bigint NOT NULL DEFAULT 0,"
	" destroyed_ms bigint NOT NULL DEFAULT 0, receipt text NOT NULL DEFAULT '',"
	" PRIMARY KEY (label, generation));"
	"CREATE TABLE label_key_terms (label bytea PRIMARY KEY, networks text NOT NULL,"
	" is_for_verified bigint NOT NULL, seconds bigint NOT NULL);"
	"CREATE TABLE key_question (device bigint NOT NULL, hash bytea NOT NULL,"
	" boot bytea NOT NULL, asked_ms bigint NOT NULL, time_ms bigint NOT NULL,"
	" PRIMARY KEY (device, hash));";

/* Tokens for checking tickets, and which tickets were shown. */
static const char version_8[] = "ALTER TABLE token ADD COLUMN audience text NOT NULL DEFAULT '';"
				"ALTER TABLE token ADD COLUMN tenant text NOT NULL DEFAULT '';"
				"CREATE TABLE ticket (device bigint NOT NULL, id text NOT NULL,"
				" expires_ms bigint NOT NULL, PRIMARY KEY (device, id));";

/* Orders to destroy, with the devices' receipts. */
static const char version_9[] =
	"CREATE TABLE device_order (device bigint NOT NULL, number bigint NOT NULL,"
	" what bigint NOT NULL, who text NOT NULL, why text NOT NULL,"
	" ordered_ms bigint NOT NULL, sent_ms bigint NOT NULL, done_ms bigint NOT NULL,"
	" withdrawn_ms bigint NOT NULL DEFAULT 0, receipt text NOT NULL DEFAULT '',"
	" PRIMARY KEY (device, number));";

/* Whom blind marks name. */
static const char version_10[] =
	"CREATE TABLE mark (subject bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
	" device bigint NOT NULL, uid bigint NOT NULL, name text NOT NULL DEFAULT '',"
	" made_ms bigint NOT NULL, UNIQUE (device, uid));";

static const char *const versions[] = {version_1, version_2, version_3, version_4, version_5,
	version_6, version_7, version_8, version_9, version_10};

#define VERSION_TODAY ((int)(sizeof(versions) / sizeof(versions[0])))
#define TABLE	      "holdfast_schema"

static const char lock_table[] = "SELECT version FROM " TABLE " FOR UPDATE";
static const char make_table[] = "CREATE TABLE " TABLE " (version bigint NOT NULL);"
				 "INSERT INTO " TABLE " (version) VALUES (0)";

/* One row of two texts; what there is not stays as it is. */
static void take_setting(const PGresult *result, int row, bool *is_good)
{
	static const char *const wanted[][3] = {{"synchronous_commit", "on", "remote_apply"},
		{"fsync", "on", "on"}, {"server_encoding", "UTF8", "UTF8"}};
	const char *name = PQgetvalue(result, row, 0), *value = PQgetvalue(result, row, 1);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (strcmp(name, wanted[i][0]) != 0 || !strcmp(value, wanted[i][1]) ||
			!strcmp(value, wanted[i][2]))
			continue;
		pg_set_problem("its %s is '%.32s' and has to be '%s': what is acknowledged to "
			       "devices must be on its disk and readable",
			name, value, wanted[i][1]);
		*is_good = false;
	}
}

int postgres_schema_assert(struct pg_connection *connection)
{
	PGresult *result;
	bool is_good = true;
	int r;

	r = pg_ask(connection, postgres_statements[PG_SETTINGS].sql, &result);
	if (r < 0)
		return r;
	for (int i = 0; i < PQntuples(result); i++)
		take_setting(result, i, &is_good);
	PQclear(result);
	return is_good ? 0 : -EOPNOTSUPP;
}

/* The version of the tables; -EPROTO when it is none, -EBADMSG when there is no such table. */
static int version_of(struct pg_connection *connection, const char *question, int *ret_version)
{
	PGresult *result;
	long version = -1;
	int r;

	r = pg_ask(connection, question, &result);
	if (r < 0)
		return r;
	if (PQntuples(result) == 1)
		version = strtol(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	if (version < 0 || version > VERSION_TODAY) {
		pg_set_problem("its tables are of a newer holdfast-console");
		return -EPROTO;
	}
	*ret_version = (int)version;
	return 0;
}

static int bring_up(struct pg_connection *connection, int version)
{
	char number[64];
	int r = 0;

	for (; version < VERSION_TODAY && r == 0; version++)
		r = pg_script(connection, versions[version]);
	(void)snprintf(number, sizeof(number), "UPDATE " TABLE " SET version = %d", VERSION_TODAY);
	if (r == 0)
		r = pg_script(connection, number);
	if (r == 0)
		r = pg_script(connection, "COMMIT");
	return r;
}

/* Whoever migrates at the same time waits for the row; only init makes the tables. */
int postgres_schema_migrate(struct pg_connection *connection)
{
	int version = 0;
	int r;

	r = pg_script(connection, "BEGIN");
	if (r < 0)
		return r;
	r = version_of(connection, lock_table, &version);
	if (r == 0 && version == VERSION_TODAY)
		return pg_script(connection, "COMMIT");
	if (r == -EBADMSG) { /* there is none; the transaction is of no use any more */
		r = pg_script(connection, "ROLLBACK");
		if (r == 0)
			r = pg_script(connection, "BEGIN");
		if (r == 0)
			r = pg_script(connection, make_table);
	}
	if (r == 0)
		r = bring_up(connection, version);
	if (r < 0)
		(void)pg_script(connection, "ROLLBACK"); /* or it is closed */
	return r == -EBADMSG ? -EPROTO : r; /* its names are taken by tables of others */
}

int postgres_schema_check(struct pg_connection *connection)
{
	int version;
	int r;

	r = version_of(connection, "SELECT version FROM " TABLE, &version);
	if (r < 0)
		return r == -EBADMSG ? -EPROTO : r;
	return version == VERSION_TODAY ? 0 : -EPROTO;
}
