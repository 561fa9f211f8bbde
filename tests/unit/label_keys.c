/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a label's key is told once, and rightly; and what keyring says goes and comes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "agent/ipc/keyring.h"
#include "agent/engine/label_keys.h"

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
	static struct keyring_want want = {.is_verified = 1, .count = 2, .labels = {{1}, {2}}},
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
