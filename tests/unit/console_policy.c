/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy is whose, what devices say of it, and that versions only go up. */
#include "tests/unit/console_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "console/store/distribution.h"
#include "console/store/groups.h"
#include "policy/bundle.h"

TestSuite(console_policy, .init = fixture_begin, .fini = fixture_end);

static struct fixture_device device;

static struct store_device stored(const struct fixture_device *of)
{
	struct store_device now;

	cr_assert_eq(store_device_by_uid(fixture_store, of->uid, &now), 0);
	return now;
}

static int add(uint64_t version, const char *groups, uint32_t percent)
{
	static const char bytes[] = "any bytes";
	struct store_policy policy = {.version = version,
		.name = "Office",
		.size = sizeof(bytes),
		.percent = percent,
		.who = "test"};
	int r;

	(void)snprintf(policy.groups, sizeof(policy.groups), "%s", groups);
	cr_assert_eq(store_begin(fixture_store), 0);
	r = store_policy_add(fixture_store, &policy, bytes);
	if (r == 0)
		cr_assert_eq(store_commit(fixture_store), 0);
	else
		store_rollback(fixture_store);
	return r;
}

static uint64_t whose(const struct fixture_device *of, uint64_t have)
{
	uint64_t version = 99;
	struct store_device row = stored(of);

	cr_assert_eq(distribution_find(fixture_store, row.id, row.uid, have, &version), 0);
	return version;
}

Test(console_policy, the_newest_that_is_for_it)
{
	int64_t id;

	fixture_device(&device, "pc-1");
	id = stored(&device).id;
	cr_expect_eq(whose(&device, 0), 0, "none yet");
	cr_assert_eq(add(1, "", 100), 0);
	cr_assert_eq(add(2, "finance vip", 100), 0);
	cr_assert_eq(add(3, "vip", 100), 0);
	cr_expect_eq(whose(&device, 0), 1);
	cr_expect_eq(whose(&device, 1), 0, "has it");
	FIXTURE_DO(store_tag_add(fixture_store, id, "finance"));
	cr_expect_eq(whose(&device, 1), 2);
	FIXTURE_DO(store_tag_add(fixture_store, id, "vip"));
	cr_expect_eq(whose(&device, 1), 3);
	cr_expect_eq(whose(&device, 3), 0);
	cr_expect_eq(whose(&device, 7), 0, "newer than all: nothing goes back");
	FIXTURE_DO(store_tag_remove(fixture_store, id, "vip"));
	cr_expect_eq(whose(&device, 3), 0, "nor when a tag is taken away");
	cr_expect_eq(whose(&device, 0), 2);
	FIXTURE_DO(store_policy_set_percent(fixture_store, 2, 0));
	cr_expect_eq(whose(&device, 0), 1);
	cr_expect_eq(store_policy_set_percent(fixture_store, 9, 5), -ENOENT);
	fixture_free(&device);
}

Test(console_policy, versions_only_go_up)
{
	uint64_t last = 9;

	cr_assert_eq(store_policy_last(fixture_store, &last), 0);
	cr_expect_eq(last, 0);
	cr_expect_eq(add(5, "", 100), 0);
	cr_expect_eq(add(5, "", 100), -EEXIST);
	cr_expect_eq(add(4, "", 100), -EEXIST);
	cr_expect_eq(add(6, "", 100), 0, "control");
	cr_assert_eq(store_policy_last(fixture_store, &last), 0);
	cr_expect_eq(last, 6);
}

Test(console_policy, a_percentage_is_stable_and_about_right)
{
	uint8_t uid[CONSOLE_UID_SIZE] = {0};
	unsigned int some = 0, others = 0, both = 0;

	for (unsigned int i = 0; i < 10000; i++) {
		bool is_some, is_other;

		uid[0] = (uint8_t)i;
		uid[1] = (uint8_t)(i >> 8);
		is_some = distribution_covers(uid, 1, 20);
		is_other = distribution_covers(uid, 2, 20);
		some += is_some;
		others += is_other;
		both += is_some && is_other;
		cr_expect_eq(is_some, distribution_covers(uid, 1, 20));
		cr_expect(!is_some || distribution_covers(uid, 1, 21), "more covers all of less");
		cr_expect(distribution_covers(uid, 1, 100));
		cr_expect_not(distribution_covers(uid, 1, 0));
	}
	cr_expect(some > 1800 && some < 2200, "%u", some);
	cr_expect(others > 1800 && others < 2200, "%u", others);
	cr_expect(both > 300 && both < 500, "another version begins elsewhere: %u", both);
}

Test(console_policy, tags)
{
	int64_t id;
	char tag[16], text[STORE_TAGS_MAX * STORE_TAG_SIZE];

	fixture_device(&device, "pc-1");
	id = stored(&device).id;
	for (int i = 0; i < STORE_TAGS_MAX; i++) {
		(void)snprintf(tag, sizeof(tag), "t%d", i);
		FIXTURE_DO(store_tag_add(fixture_store, id, tag));
	}
	FIXTURE_DO(store_tag_add(fixture_store, id, "t0"));
	cr_assert_eq(store_begin(fixture_store), 0);
	cr_expect_eq(store_tag_add(fixture_store, id, "more"), -E2BIG);
	store_rollback(fixture_store);
	cr_assert_eq(store_tags(fixture_store, id, text, sizeof(text)), 0);
	cr_expect_not_null(strstr(text, "t31"));
	cr_expect_null(strstr(text, "more"));
	cr_expect(distribution_is_tag("Finance-2.a_b"));
	cr_expect_not(distribution_is_tag(""));
	cr_expect_not(distribution_is_tag("-x"));
	cr_expect_not(distribution_is_tag("a b"));
	cr_expect_not(distribution_is_tag("a\n"));
	fixture_free(&device);
}

/* One event in a record of its own. */
static void send_event(const char *json)
{
	static struct fixture_batch batch;
	struct segment_frame frame = {.first_sequence = device.next,
		.count = 1,
		.kind = SEGMENT_NORMAL,
		.lines = json,
		.size = strlen(json)};
	struct console_device answer;

	if (!device.sealer)
		fixture_segment(&device);
	fixture_batch_begin(&device, &batch);
	fixture_append(&device, &batch, &frame);
	cr_assert_eq(fixture_send(&device, &batch, &answer), REFUSAL_NONE);
}

Test(console_policy, receipts)
{
	struct store_receipt receipt;
	int64_t id;

	fixture_device(&device, "pc-1");
	id = stored(&device).id;
	cr_assert_eq(store_receipt(fixture_store, id, &receipt), 0);
	cr_expect_eq(receipt.applied, 0);
	FIXTURE_DO(store_receipt_sent(fixture_store, id, 4, 1000));
	send_event("{\"time\":5,\"class_uid\":3004,\"activity_id\":10,\"unmapped\":{\"holdfast\":"
		   "{\"bundle\":{\"version\":4,\"digest\":\"abcd\",\"mode\":\"enforcing\"}}}}\n");
	cr_assert_eq(store_receipt(fixture_store, id, &receipt), 0);
	cr_expect_eq(receipt.applied, 4);
	cr_expect_str_eq(receipt.digest, "abcd");
	cr_expect_str_eq(receipt.mode, "enforcing");
	cr_expect_eq(receipt.applied_ms, 5);
	send_event("{\"time\":6,\"class_uid\":3004,\"activity_id\":3,\"status_code\":\"INVALID\","
		   "\"entity\":{\"name\":\"/etc/holdfast/policy.ini\"}}\n");
	cr_assert_eq(store_receipt(fixture_store, id, &receipt), 0);
	cr_expect_str_eq(receipt.code, "", "the local file is not the console's");
	FIXTURE_DO(store_receipt_sent(fixture_store, id, 5, 2000));
	send_event("{\"time\":7,\"class_uid\":3004,\"activity_id\":3,\"status_code\":\"ROLLBACK\","
		   "\"entity\":{\"name\":\"console\"}}\n");
	cr_assert_eq(store_receipt(fixture_store, id, &receipt), 0);
	cr_expect_str_eq(receipt.code, "ROLLBACK");
	cr_expect_eq(receipt.refused, 5, "what it was given last");
	cr_expect_eq(receipt.refused_ms, 7);
	cr_expect_eq(receipt.applied, 4, "what is in force stays");
	fixture_free(&device);
}

Test(console_policy, bundles_as_sealed_files)
{
	struct distribution_files files = {0};
	int fds[DISTRIBUTION_KEPT + 1];
	uint32_t size;
	char text[16];

	for (uint64_t version = 1; version <= DISTRIBUTION_KEPT + 1; version++) {
		cr_assert_eq(add(version, "", 100), 0);
		cr_assert_eq(
			distribution_file(&files, fixture_store, version, &fds[version - 1], &size),
			0);
	}
	cr_expect_eq(size, 10);
	cr_expect_eq(pread(fds[DISTRIBUTION_KEPT], text, sizeof(text), 0), 10);
	cr_expect_str_eq(text, "any bytes");
	cr_expect(fcntl(fds[DISTRIBUTION_KEPT], F_GET_SEALS) & F_SEAL_WRITE);
	cr_expect_lt(write(fds[DISTRIBUTION_KEPT], "x", 1), 0);
	cr_expect_eq(distribution_file(&files, fixture_store, 77, &fds[0], &size), -ENOENT);
}

Test(console_policy, what_is_no_bundle)
{
	struct store_policy policy;

	cr_expect_eq(distribution_read("any bytes", 9, &policy), -EBADMSG);
	cr_expect_eq(distribution_read("", 0, &policy), -EBADMSG);
}

/* Publishes as an administrator's request does; what is wrong with the groups. */
static int add_for(uint64_t version, const char *groups, char ret_kept[STORE_TEXT_SIZE])
{
	int r;

	cr_assert_eq(store_begin(fixture_store), 0);
	r = groups_resolve(fixture_store, groups, true, ret_kept);
	if (r < 0) {
		store_rollback(fixture_store);
		return r;
	}
	cr_assert_eq(store_commit(fixture_store), 0);
	return add(version, ret_kept, 100);
}

Test(console_policy, groups_of_devices_users_and_tags)
{
	static struct fixture_device other, third;
	char kept[STORE_TEXT_SIZE], uid[UUID_TEXT_SIZE], want[STORE_TEXT_SIZE];

	fixture_device(&device, "pc-1");
	fixture_device(&other, "pc-2");
	fixture_device(&third, "pc-3");
	FIXTURE_DO(store_tag_add(fixture_store, stored(&third).id, "user:anna"));
	FIXTURE_DO(store_tag_add(fixture_store, stored(&third).id, "desk"));
	uuid_format(other.uid, uid);
	cr_assert_eq(add_for(1, "device:pc-2", kept), 0);
	(void)snprintf(want, sizeof(want), "device:%s", uid);
	cr_expect_str_eq(kept, want, "kept by uid: host names change");
	cr_expect_eq(whose(&device, 0), 0);
	cr_expect_eq(whose(&other, 0), 1);
	cr_expect_eq(whose(&third, 0), 0);
	cr_assert_eq(add_for(2, "user:anna user:ben", kept), 0);
	cr_expect_eq(whose(&device, 0), 0);
	cr_expect_eq(whose(&other, 0), 1);
	cr_expect_eq(whose(&third, 0), 2);
	FIXTURE_DO(store_tag_remove(fixture_store, stored(&third).id, "user:anna"));
	cr_expect_eq(whose(&third, 0), 0, "it is somebody else's now");
	cr_assert_eq(add_for(3, "desk device:pc-1", kept), 0);
	cr_expect_eq(whose(&device, 0), 3);
	cr_expect_eq(whose(&other, 0), 1);
	cr_expect_eq(whose(&third, 0), 3);
	cr_assert_eq(add_for(4, want, kept), 0, "as a rollback says it");
	cr_expect_eq(whose(&other, 0), 4);
	fixture_free(&device);
	fixture_free(&other);
	fixture_free(&third);
}

Test(console_policy, groups_that_are_none)
{
	static struct fixture_device twin;
	static const struct {
		const char *groups;
		int error;
		const char *word;
	} rows[] = {
		{"desk device:pc-9", -ENOENT, "device:pc-9"},
		{"device:pc-1", -ENOTUNIQ, "device:pc-1"},
		{"device:", -ENOENT, "device:"},
		{"user:", -EINVAL, "user:"},
		{"group:x", -EINVAL, "group:x"},
		{"a/b", -EINVAL, "a/b"},
	};
	char kept[STORE_TEXT_SIZE], tags[GROUPS_TAGS_SIZE], users[GROUPS_TAGS_SIZE];

	fixture_device(&device, "pc-1");
	fixture_device(&twin, "pc-1");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(add_for(1, rows[i].groups, kept), rows[i].error, "%s", rows[i].groups);
		cr_expect_str_eq(kept, rows[i].word);
	}
	cr_expect(groups_match("", "desk"), "all");
	cr_expect(groups_match("a desk", "x desk y"));
	cr_expect_not(groups_match("desk", "desks adesk"));
	cr_expect_not(groups_match("desk", ""));
	groups_split("a user:anna device:1 b user:ben", tags, users);
	cr_expect_str_eq(tags, "a b");
	cr_expect_str_eq(users, "anna ben");
	fixture_free(&device);
	fixture_free(&twin);
}
