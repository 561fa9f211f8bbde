/* SPDX-License-Identifier: Apache-2.0 */
/* The console's table of failures: every row whole, every count shown. */
#include <criterion/criterion.h>

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "common/json.h"
#include "console/ipc/refusal.h"
#include "console/store/failures.h"
#include "console/store/finding_event.h"

static bool is_finding(const char *kind)
{
	for (size_t i = 0; i < finding_kind_count; i++)
		if (!strcmp(finding_kinds[i].name, kind))
			return true;
	return false;
}

Test(console_failures, every_reason_has_a_row)
{
	cr_expect_null(failure_row(CONSOLE_FAILURE_NONE));
	cr_expect_null(failure_row(CONSOLE_FAILURE_MAX));
	for (unsigned int i = CONSOLE_FAILURE_NONE + 1; i < CONSOLE_FAILURE_MAX; i++) {
		const struct failure_row *row = failure_row((enum console_failure)i);

		cr_assert_not_null(row, "reason %u has no row", i);
		cr_expect_leq(strlen(row->says), CONSOLE_FAILURE_SAYS_MAX, "%s", row->name);
		cr_expect_eq(row->says[strlen(row->says) - 1], '.', "%s", row->name);
		cr_expect(!row->finding || is_finding(row->finding), "%s", row->name);
		for (unsigned int other = CONSOLE_FAILURE_NONE + 1; other < i; other++)
			cr_expect_str_neq(
				row->name, failure_row((enum console_failure)other)->name);
	}
}

Test(console_failures, errors_of_the_database_are_told_apart)
{
	cr_expect_eq(failure_of_error(-ENOSPC), CONSOLE_FAILURE_FULL);
	cr_expect_eq(failure_of_error(-EHOSTUNREACH), CONSOLE_FAILURE_AWAY);
	cr_expect_eq(failure_of_error(-EDEADLK), CONSOLE_FAILURE_CONFLICT);
	cr_expect_eq(failure_of_error(-ETIMEDOUT), CONSOLE_FAILURE_CONFLICT);
	cr_expect_eq(failure_of_error(-EBUSY), CONSOLE_FAILURE_CONFLICT);
	cr_expect_eq(failure_of_error(-EIO), CONSOLE_FAILURE_DATABASE);
}

Test(console_failures, what_is_in_order_is_none)
{
	static const uint16_t fine[] = {
		REFUSAL_NONE, REFUSAL_DEVICE_PENDING, REFUSAL_BATCH_GAP, REFUSAL_BUSY, REFUSAL_MAX};
	unsigned int known = 0;

	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		cr_expect_eq(failure_of_refusal(fine[i]), CONSOLE_FAILURE_NONE);
	for (uint16_t refusal = 0; refusal < REFUSAL_MAX; refusal++)
		known += failure_of_refusal(refusal) != CONSOLE_FAILURE_NONE;
	cr_expect_eq(known, 17);
	cr_expect_eq(failure_of_refusal(REFUSAL_BATCH_CHAIN), CONSOLE_FAILURE_BATCH);
	cr_expect_eq(failure_of_refusal(REFUSAL_TOKEN_USED), CONSOLE_FAILURE_ENROLMENT);
	cr_expect_eq(failure_of_refusal(REFUSAL_DEVICE_REVOKED), CONSOLE_FAILURE_DEVICE);
}

Test(console_failures, counts_are_shown_with_the_last_text)
{
	static struct failures failures;
	struct json_object *array = failures_object(&failures), *first;

	cr_expect_eq(json_object_array_length(array), 0);
	(void)json_object_put(array); /* freed */
	failure_note(&failures, CONSOLE_FAILURE_NONE, "%s", "nothing");
	failure_note(&failures, CONSOLE_FAILURE_BATCH, "%s", "first");
	failure_note(&failures, CONSOLE_FAILURE_BATCH, "%0300d", 7);
	failure_note(&failures, CONSOLE_FAILURE_AWAY, "%s", "away");
	array = failures_object(&failures);
	cr_assert_eq(json_object_array_length(array), 2);
	first = json_object_array_get_idx(array, 1);
	cr_expect_str_eq(json_text(first, "name"), "batch-refused");
	cr_expect_eq(json_number(first, "count"), 2);
	cr_expect_gt(json_number(first, "last"), 0);
	cr_expect_eq(strlen(json_text(first, "text")), CONSOLE_FAILURE_TEXT_SIZE - 1);
	cr_expect_str_eq(json_text(first, "finding"), "chain-conflict");
	cr_expect_str_eq(json_text(first, "says"), failure_row(CONSOLE_FAILURE_BATCH)->says);
	(void)json_object_put(array); /* freed */
}
