/* SPDX-License-Identifier: Apache-2.0 */
/* console_seal.c, with PostgreSQL; and a second console, which has the same database and files of its own. */
#define FIXTURE_POSTGRES
#include "tests/unit/console_seal.c"

static char second_directory[] = "/tmp/holdfast-console-XXXXXX";
static struct store *second_store;
static struct ingest *second_ingest;
static struct seal_keys second;

static void second_opens(void)
{
	ingest_free(second_ingest);
	second_ingest = NULL;
	cr_assert_eq(seal_keys_open(second_directory, second_store, &second, &second_ingest), 0);
}

static void second_joins(void)
{
	char command[256];

	cr_assert_not_null(mkdtemp(second_directory));
	(void)snprintf(command, sizeof(command), "cp %s/seal*.key %s", fixture_directory,
		second_directory);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(store_open(fixture_path, STORE_WRITE, &second_store), 0);
	second_opens();
}

static void second_ends(void)
{
	char command[128];

	store_free(second_store);
	ingest_free(second_ingest);
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", second_directory);
	cr_assert_eq(system(command), 0);
}

static void second_follows(void *its_ingest)
{
	cr_assert_eq(seal_keys_follow(&second, second_store, its_ingest), 0);
}

/* What is delivered comes to the second console, or to the first again. */
static void change_places(void)
{
	struct ingest *ingest = fixture_ingest;

	fixture_ingest = second_ingest;
	second_ingest = ingest;
}

/* They have the same keys, and have devices seal to the same one. */
static void expect_same(unsigned int count)
{
	cr_assert_eq(service.seals.count, count);
	cr_assert_eq(second.count, count);
	for (unsigned int i = 0; i < count; i++)
		cr_expect_arr_eq(
			&second.keys[i], &service.seals.keys[i], sizeof(second.keys[i]), "%u", i);
	cr_expect_arr_eq(
		ingest_public_key(second_ingest), ingest_public_key(fixture_ingest), HPKE_KEY_SIZE);
}

Test(console_seal, a_second_console_has_the_new_key)
{
	second_joins();
	rotate();
	rotate();
	cr_expect_eq(second.count, 1, "control: not before it looks");
	second_follows(second_ingest);
	expect_same(3);
	second_opens();
	expect_same(3);
	rotate(); /* while the second is down */
	second_opens();
	expect_same(4);
	second_ends();
}

Test(console_seal, the_second_rotates_when_it_has_what_the_first_made)
{
	second_joins();
	rotate();
	cr_expect_eq(seal_keys_rotate(&second, second_store, second_ingest, "test", 1), -EAGAIN);
	cr_expect_eq(second.count, 1);
	second_follows(second_ingest);
	cr_assert_eq(seal_keys_rotate(
			     &second, second_store, second_ingest, "test", (int64_t)clock_day_ms()),
		0);
	cr_assert_eq(seal_keys_follow(&service.seals, fixture_store, fixture_ingest), 0);
	expect_same(3);
	second_ends();
}

Test(console_seal, what_one_destroys_is_destroyed_at_both)
{
	uint8_t id[HPKE_KEY_ID_SIZE];
	char path[256], text[4096];
	int64_t count;

	second_joins();
	memcpy(id, service.seals.keys[0].id, sizeof(id));
	rotate();
	second_follows(second_ingest);
	cr_assert_eq(store_get(fixture_store, "seal-keys-shared", text, sizeof(text)), 0);
	cr_expect_gt(strlen(text), 64, "control: the new key is there, sealed");
	cr_assert_eq(seal_keys_destroy(&service.seals, fixture_store, fixture_ingest, id, true,
			     "test", 1, &count),
		0);
	seal_key_id_format(id, text);
	(void)snprintf(path, sizeof(path), "%s/seal-%s.key", second_directory, text);
	cr_expect_eq(access(path, F_OK), 0, "control: it has the file until it looks");
	second_follows(second_ingest);
	expect_same(1);
	cr_expect_eq(access(path, F_OK), -1);
	cr_assert_eq(store_get(fixture_store, "seal-keys-shared", text, sizeof(text)), 0);
	cr_expect_str_eq(text, "", "nothing is left that the destroyed key would open");
	second_ends();
}

/* Its files are ahead of the database: it has the others have them. */
Test(console_seal, a_rotation_of_which_the_database_knows_nothing)
{
	char text[1024];

	second_joins();
	cr_assert_eq(store_get(fixture_store, "seal-keys", text, sizeof(text)), 0);
	rotate();
	FIXTURE_DO(store_set(fixture_store, "seal-keys", text));
	FIXTURE_DO(store_set(fixture_store, "seal-keys-shared", ""));
	second_follows(second_ingest);
	cr_expect_eq(second.count, 1, "control: nothing is to be had");
	restart();
	second_follows(second_ingest);
	expect_same(2);
	second_ends();
}

/* What could not be committed is as if it had never been. */
Test(console_seal, a_rotation_that_fails_is_none)
{
	second_joins();
	/* at the commit: the files are written */
	PQclear(fixture_sql(
		"CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS "
		"'BEGIN RAISE EXCEPTION ''stop''; END'; CREATE CONSTRAINT TRIGGER stop "
		"AFTER INSERT OR UPDATE ON value DEFERRABLE INITIALLY DEFERRED FOR EACH "
		"ROW WHEN (NEW.name = 'seal-keys') EXECUTE FUNCTION stop()"));
	cr_expect_lt(seal_keys_rotate(&service.seals, fixture_store, fixture_ingest, "test", 1), 0);
	cr_expect_eq(files(), 2, "control: it came so far");
	PQclear(fixture_sql("DROP TRIGGER stop ON value"));
	restart();
	expect_same(1);
	rotate();
	second_follows(second_ingest);
	expect_same(2);
	second_ends();
}

/* A device may be faster than the notice. */
Test(console_seal, a_batch_for_the_new_key_makes_the_second_look)
{
	second_joins();
	fixture_device(&device, "pc-1");
	rotate();
	cr_assert_eq(deliver(&device), REFUSAL_NONE);
	fixture_segment(&device); /* to the new key */
	fixture_batch(&device, 1, 10, &batch);
	change_places();
	cr_expect_eq(fixture_send(&device, &batch, &answer), REFUSAL_BATCH_KEY,
		"control: it does not look");
	ingest_look_for_keys(fixture_ingest, second_follows, fixture_ingest);
	cr_expect_eq(fixture_send(&device, &batch, &answer), REFUSAL_NONE);
	change_places();
	expect_same(2);
	fixture_free(&device);
	second_ends();
}
