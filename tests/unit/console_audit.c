/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever an administrator can ask for either changes nothing, or writes down who did it; and what is
 * written down can't be changed without somebody seeing it.
 */
#define FIXTURE_AUTHORITY
#include "console/store/store_keys.h"
#include "tests/unit/console_service_fixture.h"

#include <sqlite3.h>

#include "common/file.h"
#include "common/signing.h"
#include "policy/bundle.h"

static void begin(void)
{
	service_begin();
	authority_begin();
}

TestSuite(console_audit, .init = begin, .fini = service_end);

static struct fixture_device device;

#define BUNDLE "a bundle"

/* A signed policy, in a file without a name. */
static int make_bundle(void)
{
	static char private_key[SIGNING_KEY_MAX], public_key[SIGNING_KEY_MAX];
	struct signing_key *key;
	struct bundle bundle = {.version = 1, .made_s = 1, .expires_s = 9, .packed_size = 4};
	uint8_t *bytes;
	size_t size;
	int fd;

	cr_assert_eq(signing_key_make("", private_key, public_key), 0);
	cr_assert_eq(signing_key_read(private_key, strlen(private_key), true, "", &key), 0);
	bundle.packed = (const uint8_t *)"text";
	(void)strcpy(bundle.name, "Office");
	(void)strcpy(bundle.tenant, "0123456789abcdef0123456789abcdef");
	cr_assert_eq(bundle_write(&bundle, key, &bytes, &size), 0);
	fd = file_in_memory("bundle", bytes, size);
	cr_assert_geq(fd, 0);
	free(bytes);
	signing_key_free(key);
	return fd;
}

struct act {
	struct admin_request request;
	const char *act; /* NULL = changes nothing */
	const char *before, *after;
	const char *file; /* what comes with it; BUNDLE: a signed policy */
};

#define READS(...)                                    \
	{                                             \
		{__VA_ARGS__}, NULL, NULL, NULL, NULL \
	}
#define CHANGES(act, before, after, ...)                \
	{                                               \
		{__VA_ARGS__}, act, before, after, NULL \
	}
#define WITH_FILE(file, act, before, after, ...)        \
	{                                               \
		{__VA_ARGS__}, act, before, after, file \
	}
#define PUBLISHES(...) WITH_FILE(BUNDLE, __VA_ARGS__)

#define LABEL	"0f0e0d0c-0b0a-4908-8706-050403020100"
#define MARKS	"48464d41-524b-0000-ffff-ffff00000000" /* common/mark_id.h: the tenant's */
#define PICTURE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* Of fixture_seal_key. */
#define FIRST_KEY "a48125a8dec7088637d3d75f062060ba"

/* Each in its turn, and each is possible then. A request that is not here is one nobody thought of. */
static const struct act acts[] = {
	READS(.type = ADMIN_STATUS),
	READS(.type = ADMIN_DEVICES),
	READS(.type = ADMIN_DEVICE, .device = "pc-1"),
	CHANGES("device approve", "pending", "trusted", .type = ADMIN_APPROVE, .device = "pc-1"),
	CHANGES("device suspend", "trusted", "suspended", .type = ADMIN_SUSPEND, .device = "pc-1"),
	CHANGES("device wipe", "", "wipe", .type = ADMIN_DEVICE_WIPE, .device = "pc-1",
		.name = "wipe", .why = "stolen"),
	CHANGES("device wipe withdrawn", "ordered", "withdrawn", .type = ADMIN_DEVICE_WIPE,
		.device = "pc-1", .name = "withdraw"),
	READS(.type = ADMIN_DEVICE_RECEIPT, .device = "pc-2"),
	CHANGES("device tag", "", "a b", .type = ADMIN_DEVICE_TAG, .device = "pc-1",
		.text = "+a +b"),
	CHANGES("device tag", "a b", "b", .type = ADMIN_DEVICE_TAG, .device = "pc-1", .text = "-a"),
	CHANGES("device revoke", "suspended", "revoked, to be wiped", .type = ADMIN_REVOKE,
		.device = "pc-1", .why = "lost", .name = "files"),
	CHANGES("device assign", "", "anna ben", .type = ADMIN_DEVICE_ASSIGN, .device = "pc-1",
		.text = "anna ben"),
	CHANGES("device assign", "anna ben", "", .type = ADMIN_DEVICE_ASSIGN, .device = "pc-1"),
	CHANGES("device pcr accept", "", "0=11111111", .type = ADMIN_DEVICE_PCR, .device = "pc-1"),
	READS(.type = ADMIN_POLICY_PREVIEW, .number = 1, .limit = 100),
	READS(.type = ADMIN_TOKENS),
	CHANGES("token create", "", "uses 2, ", .type = ADMIN_TOKEN_CREATE, .uses = 2, .days = 1,
		.name = "desk"),
	CHANGES("token revoke", "good", "revoked", .type = ADMIN_TOKEN_REVOKE, .number = 3),
	READS(.type = ADMIN_EVENTS, .limit = 3),
	READS(.type = ADMIN_EVENT, .number = 1),
	READS(.type = ADMIN_FINDINGS),
	READS(.type = ADMIN_POLICY_NEXT),
	PUBLISHES("policy publish", "version 0", "version 1", .type = ADMIN_POLICY_PUBLISH,
		.limit = 10, .why = "first"),
	CHANGES("policy rollout", "10 %", "50 %", .type = ADMIN_POLICY_ROLLOUT, .number = 1,
		.limit = 50),
	READS(.type = ADMIN_POLICIES),
	READS(.type = ADMIN_POLICY),
	READS(.type = ADMIN_RULES),
	WITH_FILE("host=desk-*\n", "rule add", "", "host=desk-", .type = ADMIN_RULE_ADD,
		.name = "desks"),
	CHANGES("rule remove", "", "", .type = ADMIN_RULE_REMOVE, .name = "desks"),
	READS(.type = ADMIN_REPORT),
	READS(.type = ADMIN_SEAL_KEYS),
	CHANGES("seal-key rotate", FIRST_KEY, "in use", .type = ADMIN_SEAL_ROTATE),
	CHANGES("seal-key destroy", "1 devices", "destroyed", .type = ADMIN_SEAL_DESTROY,
		.name = FIRST_KEY, .flags = ADMIN_IS_FORCED),
	CHANGES("key rotate", "", "generation 1 made", .type = ADMIN_KEY_ROTATE, .device = LABEL,
		.name = "acme/finance"),
	CHANGES("key rotate", "", "generation 2 made", .type = ADMIN_KEY_ROTATE, .device = LABEL,
		.name = "acme/finance"),
	READS(.type = ADMIN_KEYS),
	CHANGES("key terms", "", "from 10.0.0.0/8, to users", .type = ADMIN_KEY_TERMS,
		.device = LABEL, .name = "acme/finance", .text = "10.0.0.0/8",
		.flags = ADMIN_IS_VERIFIED),
	CHANGES("key destroy", "", "generation 1 destroyed", .type = ADMIN_KEY_DESTROY,
		.device = LABEL, .name = "acme/finance", .number = 1),
	READS(.type = ADMIN_KEY_RECEIPT, .device = LABEL, .number = 1),
	CHANGES("key rotate", "", "generation 1 made", .type = ADMIN_KEY_ROTATE, .device = MARKS,
		.name = "@watermark"),
	CHANGES("trace", "", "looked for marks of generation 1", .type = ADMIN_TRACE,
		.text = PICTURE),
	CHANGES("trace", "", "names user 1000 '' of device 'pc-1'", .type = ADMIN_TRACE_FRAME,
		.text = PICTURE, .name = "01000000000000000000"),
	READS(.type = ADMIN_EXPORTS),
	CHANGES("export rewound", "1", "0", .type = ADMIN_EXPORT_REWIND, .name = "siem"),
	READS(.type = ADMIN_AUDIT),
};

#define ACTS (sizeof(acts) / sizeof(acts[0]))

/* A number that is another one once anybody has written to the database. */
static int64_t data_version(sqlite3 *sqlite)
{
	sqlite3_stmt *statement;
	int64_t version;

	cr_assert_eq(
		sqlite3_prepare_v2(sqlite, "PRAGMA data_version", -1, &statement, NULL), SQLITE_OK);
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
	version = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return version;
}

static void check_row(const struct act *act, int64_t before)
{
	static struct store_audit row;

	row = (struct store_audit){0};
	cr_assert_eq(store_audit_last(fixture_store, &row), 0, "%s", act->act);
	cr_expect_eq(row.id, before + 1, "%s writes one row", act->act);
	cr_expect_str_eq(row.act, act->act);
	cr_expect(!strncmp(row.before, act->before, strlen(act->before)), "%s", row.before);
	cr_expect(!strncmp(row.after, act->after, strlen(act->after)), "%s", row.after);
	cr_expect(strstr(row.who, "uid "), "%s", row.who);
	cr_expect(!act->request.why[0] || strstr(row.what, act->request.why), "%s", row.what);
}

/* -1 = none. */
static int file_of(const struct act *act)
{
	int fd = -1;

	if (act->file && !strcmp(act->file, BUNDLE))
		return make_bundle();
	if (act->file) {
		fd = file_in_memory("file", act->file, strlen(act->file));
		cr_assert_geq(fd, 0);
	}
	return fd;
}

/* Its receipt is there, as far as this is about. */
static void set_wiped(const struct fixture_device *wiped)
{
	struct store_device stored;
	struct store_order order = {.number = 1, .what = 1, .ordered_ms = 1, .sent_ms = 1};

	cr_assert_eq(store_device_by_uid(fixture_store, wiped->uid, &stored), 0);
	order.device = stored.id;
	FIXTURE_DO(store_order_add(fixture_store, &order));
	FIXTURE_DO(store_order_set(fixture_store, &order, "a receipt"));
}

static void run_acts(void)
{
	struct store_token token;
	char text[ENROLMENT_TOKEN_SIZE];
	struct store_device stored;
	static struct fixture_device other;
	static struct fixture_batch batch;
	struct console_device answer;
	uint32_t subject;
	sqlite3 *sqlite;

	fixture_device(&other, "pc-2");
	fixture_batch(&other, 1, 1, &batch);
	cr_assert_eq(fixture_send(&other, &batch, &answer), REFUSAL_NONE);
	set_wiped(&other);
	fixture_free(&other);
	FIXTURE_DO(store_export_set(fixture_store,
		&(struct store_export){.name = "siem", .place = {.last = {1}}, .delivered = 1}));
	fixture_token(1, false, &token, text);
	fixture_key(&device);
	cr_assert_eq(fixture_enrol(&device, text, "pc-1"), REFUSAL_NONE);
	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &stored), 0);
	FIXTURE_DO(store_device_describe(
		fixture_store, stored.id, "", "", "{\"pcrs\":\"0=11111111\"}"));
	FIXTURE_DO(store_mark_subject(fixture_store, stored.id, 1000, 1, &subject));
	cr_assert_eq(subject, 1);
	cr_assert_eq(sqlite3_open(fixture_path, &sqlite), SQLITE_OK);
	for (size_t i = 0; i < ACTS; i++) {
		static struct store_audit last;
		int fd = file_of(&acts[i]);
		int64_t version = data_version(sqlite);
		unsigned int lines;

		last = (struct store_audit){0};
		(void)store_audit_last(fixture_store, &last); /* the first time there is none */
		cr_expect_eq(ask_with(&acts[i].request, fd, &lines), 0, "request %u",
			acts[i].request.type);
		if (fd >= 0)
			(void)close(fd);
		if (acts[i].act)
			check_row(&acts[i], last.id);
		else
			cr_expect_eq(data_version(sqlite), version, "request %u changes something",
				acts[i].request.type);
	}
	(void)sqlite3_close(sqlite);
	fixture_free(&device);
}

Test(console_audit, every_change_is_written_down)
{
	bool is_there[ADMIN_TYPE_MAX] = {false};

	for (size_t i = 0; i < ACTS; i++)
		is_there[acts[i].request.type] = true;
	for (unsigned int type = ADMIN_STATUS; type < ADMIN_TYPE_MAX; type++)
		cr_expect(is_there[type], "request %u is in no row of this test", type);
	run_acts();
}

/* What is refused is not an act. */
Test(console_audit, what_is_refused_is_not_written_down)
{
	static const struct admin_request refused[] = {
		{.type = ADMIN_APPROVE, .device = "pc-9"},
		{.type = ADMIN_DEVICE_TAG, .device = "pc-1", .text = "a"},
		{.type = ADMIN_TOKEN_CREATE},
		{.type = ADMIN_TOKEN_REVOKE, .number = 77},
		{.type = ADMIN_POLICY_PUBLISH},
		{.type = ADMIN_DEVICE_WIPE, .device = "pc-1", .name = "all"},
		{.type = ADMIN_DEVICE_WIPE, .device = "pc-1", .name = "withdraw"},
		{.type = ADMIN_DEVICE_RECEIPT, .device = "pc-1"},
		{.type = ADMIN_APPROVE, .device = "pc-1", .name = "wipe"},
		{.type = ADMIN_TRACE, .text = PICTURE},
		{.type = ADMIN_TRACE_FRAME, .text = PICTURE, .name = "no frame"},
		{.type = ADMIN_TRACE_FRAME, .text = PICTURE, .name = "00000000000000000000"},
		{.type = ADMIN_POLICY_ROLLOUT, .number = 77, .limit = 5},
		{.type = ADMIN_POLICY_ROLLOUT, .number = 0, .limit = 5},
		{.type = ADMIN_KEY_ROTATE, .device = "finance"},
		{.type = ADMIN_KEY_DESTROY, .device = LABEL, .number = 1},
		{.type = ADMIN_KEY_TERMS, .device = LABEL, .text = "10.0.0.0"},
	};
	static struct store_audit row;
	unsigned int lines;

	fixture_device(&device, "pc-1");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		cr_expect_lt(ask(&refused[i], &lines), 0, "%zu", i);
	cr_expect_eq(store_audit_last(fixture_store, &row), -ENOENT);
	fixture_free(&device);
}

/* How many rows follow from those before them, from the first one on. */
static int64_t proven(void)
{
	static struct store_audit rows[64];
	uint8_t link[CONSOLE_HASH_SIZE] = {0};
	int count = store_audits(fixture_store, 0, rows, 64), i = 0;

	for (; i < count; i++) {
		if (rows[i].id != i + 1 || audit_link(&rows[i], link, link) < 0 ||
			memcmp(link, rows[i].link, sizeof(link)) != 0)
			break;
	}
	return i;
}

Test(console_audit, a_row_that_is_changed_is_found)
{
	static const char *const changes[] = {"UPDATE audit SET who = 'nobody' WHERE id = 3",
		"UPDATE audit SET act = 'device approve' WHERE id = 3",
		"UPDATE audit SET what = what || ' ' WHERE id = 3",
		"UPDATE audit SET before = 'x' WHERE id = 3",
		"UPDATE audit SET after = 'x' WHERE id = 3",
		"UPDATE audit SET time_ms = time_ms + 1 WHERE id = 3",
		"UPDATE audit SET link = zeroblob(32) WHERE id = 3",
		"UPDATE audit SET before = after, after = before WHERE id = 3",
		"DELETE FROM audit WHERE id = 3"};
	sqlite3 *sqlite;

	run_acts();
	cr_assert_geq(proven(), 5, "the control: as it was written it is proven");
	cr_assert_eq(sqlite3_open(fixture_path, &sqlite), SQLITE_OK);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		cr_assert_eq(sqlite3_exec(sqlite, "CREATE TABLE kept AS SELECT * FROM audit", NULL,
				     NULL, NULL),
			SQLITE_OK);
		cr_assert_eq(sqlite3_exec(sqlite, changes[i], NULL, NULL, NULL), SQLITE_OK);
		cr_expect_eq(proven(), 2, "%s", changes[i]);
		cr_assert_eq(sqlite3_exec(sqlite,
				     "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept;"
				     "DROP TABLE kept",
				     NULL, NULL, NULL),
			SQLITE_OK);
	}
	(void)sqlite3_close(sqlite);
	cr_expect_geq(proven(), 5);
}
