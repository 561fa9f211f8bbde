/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a label's key is told once, and rightly; and what keyring says goes and comes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "agent/ipc/keyring.h"
#include "agent/engine/label_keys.h"
#include "agent/engine/verify_users.h"

static const struct label_keys_change *compare(
	uint32_t before, uint32_t now, enum keyring_drop drop)
{
	const struct keyring_label was = {.generation = before},
				   is = {.generation = now, .drop = (uint8_t)drop};

	return label_keys_compare(&was, &is);
}

Test(label_keys, a_change_is_told_and_nothing_else)
{
	const struct label_keys_change *change;

	cr_expect_null(compare(0, 0, KEYRING_DROP_NONE));
	cr_expect_null(compare(0, 0, KEYRING_DROP_LOCK), "not twice");
	cr_expect_null(compare(3, 3, KEYRING_DROP_NONE));
	change = compare(0, 2, KEYRING_DROP_NONE);
	cr_assert_not_null(change);
	cr_expect_eq(change->kind, LABEL_KEYS_HERE);
	cr_expect_eq(change->generation, 2);
	change = compare(2, 3, KEYRING_DROP_NONE);
	cr_assert_not_null(change);
	cr_expect_eq(change->kind, LABEL_KEYS_HERE, "a newer one");
	change = compare(3, 0, KEYRING_DROP_LEASE);
	cr_assert_not_null(change);
	cr_expect_eq(change->kind, LABEL_KEYS_GONE);
	cr_expect_eq(change->generation, 3);
	cr_expect_eq(change->drop, KEYRING_DROP_LEASE);
}

Test(label_keys, each_reason_has_a_word_of_its_own)
{
	for (unsigned int i = 0; i < KEYRING_DROP_MAX; i++)
		for (unsigned int j = 0; j < i; j++)
			cr_expect_str_neq(label_keys_drop_name(i), label_keys_drop_name(j));
	cr_expect_str_eq(label_keys_drop_name(KEYRING_DROP_MAX), "none");
}

Test(label_keys, what_is_wanted_and_what_is_here_go_and_come)
{
	static struct keyring_want want = {.is_verified = 1,
					   .drop = KEYRING_DROP_LOCK,
					   .count = 2,
					   .labels = {{1}, {2}}},
				   back;
	static struct keyring_keys keys = {.place = 1,
					   .is_shut = 1,
					   .granted = 7,
					   .refused = 8,
					   .code = "KEY_UNKNOWN",
					   .count = KEYRING_LABELS_MAX},
				   again;
	static uint8_t bytes[KEYRING_BYTES_MAX];
	int size = keyring_want_put(bytes, &want);

	cr_assert_eq(keyring_want_get(bytes, (size_t)size, &back), 0);
	cr_expect_eq(back.count, 2);
	cr_expect_eq(back.drop, KEYRING_DROP_LOCK);
	cr_expect_eq(back.labels[1][0], 2);
	cr_expect_eq(keyring_want_get(bytes, (size_t)size - 1, &back), -EBADMSG);
	cr_expect_eq(keyring_want_get(bytes, (size_t)size + 1, &back), -EBADMSG);
	bytes[0] = 2;
	cr_expect_eq(keyring_want_get(bytes, (size_t)size, &back), -EBADMSG);
	for (unsigned int i = 0; i < keys.count; i++)
		keys.labels[i] = (struct keyring_label){.label = {(uint8_t)i},
			.generation = i,
			.generations = 3,
			.until_ms = 4,
			.drop = i % KEYRING_DROP_MAX};
	size = keyring_keys_put(bytes, &keys);
	cr_assert_gt(size, 0);
	cr_assert_leq(size, KEYRING_BYTES_MAX, "as many as there may be");
	cr_assert_eq(keyring_keys_get(bytes, (size_t)size, &again), 0);
	cr_expect_str_eq(again.code, "KEY_UNKNOWN");
	cr_expect_eq(again.labels[63].generation, 63);
	cr_expect_eq(keyring_keys_get(bytes, (size_t)size - 1, &again), -EBADMSG);
}

/* The wish that drop-keys makes. */
Test(label_keys, while_nobody_has_verified_a_key_is_not_wanted)
{
	static struct policy_verification verification = {.labels = 6,
		.slots = {{.labels = 2, .methods = 1 << VERIFY_TOTP, .grace_s = 60},
			{.labels = 4, .methods = 1 << VERIFY_PASSWORD, .grace_s = 60}}};
	static struct verify_users users;
	const uint64_t now_ns = 1000 * UINT64_C(1000000000);

	cr_expect_not(verify_users_have(&users, &verification, 1, now_ns));
	cr_assert_eq(verify_users_prove(&users, 1000, VERIFY_TOTP, now_ns), 0);
	cr_expect(verify_users_have(&users, &verification, 1, now_ns + 1));
	cr_expect_not(verify_users_have(&users, &verification, 2, now_ns + 1), "by another means");
	cr_expect_not(verify_users_have(&users, &verification, 0, now_ns + 1), "nothing is asked");
	cr_expect_not(
		verify_users_have(&users, &verification, 1, now_ns + 61 * UINT64_C(1000000000)),
		"over");
	(void)verify_users_end(&users, 1000);
	cr_expect_not(verify_users_have(&users, &verification, 1, now_ns + 1));
}
