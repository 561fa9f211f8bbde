/* SPDX-License-Identifier: Apache-2.0 */
/* Who used which device: by what it says of itself, and by its events. */
#include "tests/unit/console_fixture.h"

#include "console/store/description.h"

#define DAY_MS INT64_C(86400000)
#define OLD_S  INT64_C(1700000000) /* what the fixture's time is, too */

TestSuite(console_user, .init = fixture_begin, .fini = fixture_end);

static struct fixture_device device;
static struct store_device stored;
static struct store_user users[STORE_USERS_MAX + 1];

static void begin(const char *host)
{
	fixture_device(&device, host);
	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &stored), 0);
}

static void see(const char *name, int64_t first_ms, int64_t last_ms)
{
	struct store_user user = {.first_ms = first_ms, .last_ms = last_ms};

	(void)snprintf(user.name, sizeof(user.name), "%s", name);
	FIXTURE_DO(store_user_seen(fixture_store, stored.id, &user));
}

static void say(const char *json)
{
	static struct device_record record;
	const struct console_who who = {.address = "192.0.2.7"};
	const struct description description = {&who, json, strlen(json)};

	FIXTURE_DO(description_take(fixture_store, &stored, &description, &record, &(bool){false}));
}

static int count_users(void)
{
	return store_users(fixture_store, stored.id, users, STORE_USERS_MAX + 1);
}

static const struct store_user *user_of(const char *name)
{
	int count = count_users();

	for (int i = 0; i < count; i++)
		if (!strcmp(users[i].name, name))
			return &users[i];
	return NULL;
}

Test(console_user, times_only_widen)
{
	begin("pc");
	cr_expect_eq(count_users(), 0, "control: nobody");
	see("alice", 5000, 6000);
	see("bob", 1000, 9000);
	see("alice", 4000, 5500);
	see("alice", 5000, 7000);
	cr_assert_eq(count_users(), 2);
	cr_expect_str_eq(users[0].name, "bob", "seen last");
	cr_expect_str_eq(users[1].name, "alice");
	cr_expect_eq(users[1].first_ms, 4000);
	cr_expect_eq(users[1].last_ms, 7000);
	cr_expect_eq(store_users(fixture_store, stored.id, users, 1), 1);
}

Test(console_user, the_oldest_of_too_many_is_forgotten)
{
	char name[16];

	begin("pc");
	for (int i = 0; i < STORE_USERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "u%d", i);
		see(name, 1000, i == 7 ? 1 : 2000 + i);
	}
	cr_expect_eq(count_users(), STORE_USERS_MAX);
	cr_expect_not_null(user_of("u7"), "control: so many fit");
	see("one-more", 5000, 5000);
	cr_expect_eq(count_users(), STORE_USERS_MAX);
	cr_expect_not_null(user_of("one-more"));
	cr_expect_null(user_of("u7"));
}

Test(console_user, finds_the_devices_of_a_name)
{
	static struct store_device found[8];
	int64_t ids[3];

	for (int i = 0; i < 3; i++) {
		begin("pc");
		ids[i] = stored.id;
		see(i == 1 ? "bob" : "alice", 1000, 2000);
		see("carol", 1000, 2000);
		fixture_free(&device);
	}
	cr_expect_eq(store_user_devices(fixture_store, "nobody", 0, found, 8), 0);
	cr_expect_eq(store_user_devices(fixture_store, "alic", 0, found, 8), 0, "no part of it");
	cr_expect_eq(store_user_devices(fixture_store, "carol", 0, found, 8), 3);
	cr_assert_eq(store_user_devices(fixture_store, "bob", 0, found, 8), 1);
	cr_expect_eq(found[0].id, ids[1]);
	cr_assert_eq(store_user_devices(fixture_store, "alice", 0, found, 1), 1);
	cr_assert_eq(store_user_devices(fixture_store, "alice", found[0].id, found + 1, 8), 1);
	cr_expect(found[0].id < found[1].id);
	cr_expect(found[0].id == ids[0] || found[0].id == ids[2]);
	cr_expect(found[1].id == ids[0] || found[1].id == ids[2]);
}

Test(console_user, a_description_says_who_is_there)
{
	const int64_t begun_ms = (int64_t)clock_day_ms();
	const struct store_user *user;

	begin("pc");
	say("{\"os\":\"Debian 12\",\"accounts\":\"1700000000 alice\\n99999999999 DOM\\\\bob\"}");
	cr_assert_eq(count_users(), 2);
	user = user_of("alice");
	cr_assert_not_null(user);
	cr_expect_eq(user->first_ms, OLD_S * 1000);
	cr_expect_geq(user->last_ms, begun_ms);
	user = user_of("DOM\\bob");
	cr_assert_not_null(user);
	cr_expect_geq(user->first_ms, begun_ms);
	cr_expect_leq(user->first_ms, (int64_t)clock_day_ms(), "not in the future");
	see("alice", OLD_S * 1000, OLD_S * 1000); /* changes nothing */
	say("{\"os\":\"Debian 12\"}");
	cr_expect_eq(count_users(), 2, "who left is remembered");
	cr_expect_eq(user_of("alice")->first_ms, OLD_S * 1000);
}

/* What is known stays the same for as long as they work: the second time says only when. */
Test(console_user, the_same_description_again_is_a_later_time)
{
	const char same[] = "{\"os\":\"Debian 12\",\"accounts\":\"1700000000 alice\"}";
	const struct store_user *user;
	int64_t before_ms;

	begin("pc");
	say(same);
	user = user_of("alice");
	cr_assert_not_null(user);
	before_ms = user->last_ms;
	while ((int64_t)clock_day_ms() == before_ms)
		;
	say(same);
	cr_expect_gt(user_of("alice")->last_ms, before_ms);
}

Test(console_user, what_is_no_account_is_passed_over)
{
	static const char *const bad[] = {"{\"accounts\":\"\"}", "{\"accounts\":\"alice\"}",
		"{\"accounts\":\"1700000000\"}", "{\"accounts\":\"1700000000 \"}",
		"{\"accounts\":\"-1 alice\"}", "{\"accounts\":\" 1 alice\"}",
		"{\"accounts\":\"99999999999999999999 alice\"}", "{\"accounts\":[\"1 alice\"]}",
		"{\"accounts\":7}"};
	static char many[4000];
	size_t used;

	begin("pc");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		say(bad[i]);
	cr_expect_eq(count_users(), 0);
	used = (size_t)snprintf(many, sizeof(many), "{\"accounts\":\"");
	for (int i = 0; i < 100; i++)
		used += (size_t)snprintf(many + used, sizeof(many) - used, "1 u%d\\n", i);
	(void)snprintf(many + used, sizeof(many) - used, "\"}");
	say(many);
	cr_expect_eq(count_users(), DEVICE_ACCOUNTS_MAX);
}

/* A batch of one record; user and uid as JSON. */
static uint16_t act(const char *const acts[], unsigned int count, int64_t time_ms)
{
	static struct fixture_batch batch;
	static char lines[16384];
	struct segment_frame frame = {
		.first_sequence = device.next, .count = count, .lines = lines};
	struct console_device answer;

	frame.kind = SEGMENT_NORMAL;
	for (unsigned int i = 0; i < count; i++)
		frame.size += (size_t)snprintf(lines + frame.size, sizeof(lines) - frame.size,
			"{\"time\":%lld,\"class_uid\":1001,\"actor\":{\"user\":{%s}}}\n",
			(long long)time_ms + i, acts[i]);
	if (!device.sealer)
		fixture_segment(&device);
	fixture_batch_begin(&device, &batch);
	fixture_append(&device, &batch, &frame);
	return fixture_send(&device, &batch, &answer);
}

Test(console_user, events_say_who_acted)
{
	static const char *const acts[] = {"\"uid\":\"1000\",\"name\":\"alice\"",
		"\"uid\":\"1001\",\"name\":\"bob\"", "\"uid\":\"0\",\"name\":\"root\"",
		"\"uid\":\"33\",\"name\":\"www-data\"", "\"uid\":\"65534\",\"name\":\"nobody\"",
		"\"uid\":\"61200\",\"name\":\"dynamic\"", "\"name\":\"nameless\"",
		"\"uid\":\"x\",\"name\":\"strange\"", "\"uid\":\"1704400500\",\"name\":\"carol\"",
		"\"uid\":\"1000\",\"name\":\"alice\""};

	begin("pc");
	cr_assert_eq(act(acts, 10, OLD_S * 1000), REFUSAL_NONE);
	cr_assert_eq(count_users(), 3);
	cr_assert_not_null(user_of("carol"));
	cr_assert_not_null(user_of("bob"));
	cr_assert_not_null(user_of("alice"));
	cr_expect_eq(user_of("alice")->first_ms, OLD_S * 1000);
	cr_expect_eq(user_of("alice")->last_ms, OLD_S * 1000 + 9);
	cr_assert_eq(act(acts, 1, OLD_S * 1000 + DAY_MS), REFUSAL_NONE);
	cr_expect_eq(user_of("alice")->first_ms, OLD_S * 1000);
	cr_expect_eq(user_of("alice")->last_ms, OLD_S * 1000 + DAY_MS);
	cr_assert_eq(act(acts, 1, INT64_C(9000000000000)), REFUSAL_NONE);
	cr_expect_leq(user_of("alice")->last_ms, (int64_t)clock_day_ms(), "not in the future");
}

Test(console_user, more_than_a_batch_holds_are_all_kept)
{
	static char texts[50][48];
	static const char *acts[50];

	begin("pc");
	for (int i = 0; i < 50; i++) {
		(void)snprintf(
			texts[i], sizeof(texts[i]), "\"uid\":\"%d\",\"name\":\"u%d\"", 1000 + i, i);
		acts[i] = texts[i];
	}
	cr_assert_eq(act(acts, 50, OLD_S * 1000), REFUSAL_NONE);
	cr_expect_eq(count_users(), 50);
}

Test(console_user, of_a_batch_that_is_refused_nobody_is)
{
	static const char *const bad[] = {"\"uid\":\"1000\",\"name\":\"alice\"", "}"};

	begin("pc");
	cr_assert_eq(act(bad, 2, OLD_S * 1000), REFUSAL_BATCH_EVENT);
	cr_expect_eq(count_users(), 0);
}
