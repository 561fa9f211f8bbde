/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New keys to seal to: devices that know the earlier one alone still deliver, nothing is thrown away
 * that somebody can need, and what is thrown away is refused, and found.
 */
#include "tests/unit/console_service_fixture.h"

#include <dirent.h>

TestSuite(console_seal, .init = service_begin, .fini = service_end);

#define DAY_MS (24 * 60 * 60 * 1000LL)

static struct fixture_device device, other;
static struct fixture_batch batch;
static struct console_device answer;

static void rotate(void)
{
	cr_assert_eq(seal_keys_rotate(&service.seals, fixture_store, fixture_ingest, "test",
			     (int64_t)clock_day_ms()),
		0);
}

static void restart(void)
{
	ingest_free(fixture_ingest);
	cr_assert_eq(
		seal_keys_open(fixture_directory, fixture_store, &service.seals, &fixture_ingest),
		0);
}

static uint16_t deliver(struct fixture_device *from)
{
	fixture_batch(from, 1, 10, &batch);
	return fixture_send(from, &batch, &answer);
}

static int64_t waiting(unsigned int at)
{
	int64_t count = -1;

	cr_assert_eq(seal_keys_waiting(fixture_store, &service.seals.keys[at], &count), 0);
	return count;
}

/* Files of keys in the directory. */
static unsigned int files(void)
{
	DIR *directory = opendir(fixture_directory);
	struct dirent *entry;
	unsigned int count = 0;

	while ((entry = readdir(directory)) != NULL)
		count += !strncmp(entry->d_name, "seal", 4);
	(void)closedir(directory);
	return count;
}

static unsigned int expire(int64_t later_ms)
{
	return seal_keys_expire(
		&service.seals, fixture_store, fixture_ingest, (int64_t)clock_day_ms() + later_ms);
}

static int findings_of(const char *kind)
{
	static struct store_finding findings[64];
	int count = store_findings(fixture_store, 0, findings, 64), found = 0;

	for (int i = 0; i < count; i++)
		found += !strcmp(findings[i].kind, kind);
	return found;
}

Test(console_seal, an_earlier_key_still_opens_and_goes_when_nobody_needs_it)
{
	uint8_t before[HPKE_KEY_SIZE];

	fixture_device(&device, "pc-1");
	fixture_device(&other, "pc-2");
	cr_assert_eq(deliver(&device), REFUSAL_NONE);
	cr_assert_eq(deliver(&other), REFUSAL_NONE);
	memcpy(before, answer.seal_key, sizeof(before));
	rotate();
	cr_expect_eq(service.seals.count, 2);
	cr_expect_eq(waiting(0), 2);
	cr_assert_eq(deliver(&device), REFUSAL_NONE, "its segment is of the earlier key");
	cr_expect_arr_neq(answer.seal_key, before, sizeof(before), "it is told the new one");
	cr_expect_eq(waiting(0), 2);
	fixture_segment(&device); /* to the new one */
	cr_assert_eq(deliver(&device), REFUSAL_NONE);
	cr_expect_eq(waiting(0), 1);
	cr_expect_eq(expire(30 * DAY_MS), 0, "the other one may come with it for years");
	restart();
	cr_expect_eq(service.seals.count, 2);
	cr_expect_eq(waiting(0), 1, "a restart forgets nothing");
	cr_assert_eq(deliver(&other), REFUSAL_NONE, "offline for long, it delivers");
	cr_assert_eq(deliver(&device), REFUSAL_NONE);
	fixture_segment(&other);
	cr_assert_eq(deliver(&other), REFUSAL_NONE);
	cr_expect_eq(waiting(0), 0);
	cr_expect_eq(expire(0), 0, "not on the same day");
	cr_expect_eq(files(), 2);
	cr_expect_eq(expire(DAY_MS + 1000), 1);
	cr_expect_eq(files(), 1, "its file is gone");
	cr_expect_eq(service.seals.count, 1);
	cr_assert_eq(deliver(&device), REFUSAL_NONE);
	restart();
	cr_expect_eq(service.seals.count, 1);
	cr_assert_eq(deliver(&other), REFUSAL_NONE);
	cr_expect_eq(findings_of("old-key"), 0);
	fixture_free(&device);
	fixture_free(&other);
}

Test(console_seal, what_is_sealed_to_a_destroyed_key_is_refused_and_found)
{
	uint8_t id[HPKE_KEY_ID_SIZE];
	int64_t count;

	fixture_device(&device, "pc-1");
	cr_assert_eq(deliver(&device), REFUSAL_NONE);
	memcpy(id, service.seals.keys[0].id, sizeof(id));
	cr_expect_eq(seal_keys_destroy(&service.seals, fixture_store, fixture_ingest, id, true,
			     "test", 1, &count),
		-EINVAL, "it is in use");
	rotate();
	cr_expect_eq(seal_keys_destroy(&service.seals, fixture_store, fixture_ingest, id, false,
			     "test", 1, &count),
		-EBUSY);
	cr_expect_eq(count, 1);
	cr_assert_eq(deliver(&device), REFUSAL_NONE, "the control: nothing was changed");
	cr_expect_eq(seal_keys_destroy(&service.seals, fixture_store, fixture_ingest, id, true,
			     "test", 1, &count),
		0);
	cr_expect_eq(deliver(&device), REFUSAL_BATCH_KEY);
	cr_expect_eq(answer.ack, 20, "and nothing is stored of it");
	cr_expect_eq(findings_of("old-key"), 1);
	cr_expect_eq(fixture_send(&device, &batch, &answer), REFUSAL_BATCH_KEY);
	cr_expect_eq(findings_of("old-key"), 1, "told once of a segment");
	cr_expect_eq(seal_keys_destroy(&service.seals, fixture_store, fixture_ingest, id, true,
			     "test", 1, &count),
		-ENOENT);
	fixture_free(&device);
}

Test(console_seal, who_is_revoked_is_not_waited_for)
{
	struct store_device row;

	fixture_device(&device, "pc-1");
	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &row), 0);
	rotate();
	cr_expect_eq(waiting(0), 1);
	FIXTURE_DO(store_device_set_state(fixture_store, row.id, DEVICE_SUSPENDED, "test", "", 5));
	cr_expect_eq(waiting(0), 1, "it can be approved again");
	FIXTURE_DO(store_device_set_state(fixture_store, row.id, DEVICE_REVOKED, "test", "", 5));
	cr_expect_eq(waiting(0), 0);
	fixture_free(&device);
	fixture_device(&other, "pc-2");
	cr_expect_eq(waiting(0), 0, "who enrolled later never had it");
	fixture_free(&other);
}

/* Keys of several rotations; a database that knows nothing of them, as a restored one. */
Test(console_seal, many_keys_and_an_older_database)
{
	fixture_device(&device, "pc-1");
	cr_assert_eq(deliver(&device), REFUSAL_NONE);
	for (unsigned int i = 1; i < SEAL_KEYS_MAX; i++)
		rotate();
	cr_expect_eq(seal_keys_rotate(&service.seals, fixture_store, fixture_ingest, "test", 9),
		-ENOSPC);
	cr_assert_eq(deliver(&device), REFUSAL_NONE, "the first of eight");
	FIXTURE_DO(store_set(fixture_store, "seal-keys", ""));
	restart();
	cr_expect_eq(service.seals.count, SEAL_KEYS_MAX);
	cr_expect_eq(files(), SEAL_KEYS_MAX);
	cr_assert_eq(deliver(&device), REFUSAL_NONE);
	cr_expect_eq(waiting(0), 1);
	fixture_segment(&device);
	cr_assert_eq(deliver(&device), REFUSAL_NONE);
	fixture_free(&device);
}

/* The files are ahead of the database when it was cut short: what is sealed to either is opened. */
Test(console_seal, a_rotation_that_is_cut_short)
{
	char text[1024];

	fixture_device(&device, "pc-1");
	cr_assert_eq(deliver(&device), REFUSAL_NONE);
	cr_assert_eq(store_get(fixture_store, "seal-keys", text, sizeof(text)), 0);
	rotate();
	fixture_device(&other, "pc-2");
	cr_assert_eq(deliver(&other), REFUSAL_NONE);
	FIXTURE_DO(store_set(fixture_store, "seal-keys", text));
	restart();
	cr_expect_eq(service.seals.count, 2);
	cr_assert_eq(deliver(&other), REFUSAL_NONE);
	cr_assert_eq(deliver(&device), REFUSAL_NONE);
	cr_expect_eq(waiting(0), 2, "who is not known to have the new one");
	fixture_free(&device);
	fixture_free(&other);
}
