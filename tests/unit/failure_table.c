/* SPDX-License-Identifier: Apache-2.0 */
/* No reason without a row, no row without words and an action. */
#include <criterion/criterion.h>
#include <string.h>

#include "agent/engine/failure_table.h"

/* Every reason but the rule's own, which is no failure. */
static bool is_reason(unsigned int reason)
{
	return (reason > HF_REASON_RULE && reason < HF_REASON_MAX) ||
	       (reason >= FAILURE_NO_KERNEL && reason <= FAILURE_ENROL_FILE) ||
	       reason == FAILURE_SCOUT || reason == FAILURE_SERVICES || reason == FAILURE_VAULT ||
	       reason == FAILURE_VAULT_HELD || reason == FAILURE_LABEL_KEYS ||
	       reason == FAILURE_WIPE || reason == FAILURE_SCREEN_UNSEEN ||
	       reason == FAILURE_SLEEP_UNSEEN || reason == FAILURE_OVERLAY ||
	       reason == FAILURE_UNBLENDED || reason == FAILURE_PEN ||
	       (reason >= FAILURE_BROWSERS && reason <= FAILURE_BROWSER_RIVAL);
}

Test(failure_table, every_reason_has_a_whole_row)
{
	for (unsigned int reason = 0; reason < FAILURE_REASON_MAX; reason++) {
		const struct failure_row *row = failure_row(reason);

		cr_assert(row, "%u", reason);
		if (!is_reason(reason)) {
			cr_expect_null(row->name, "%u: %s", reason, row->name);
			continue;
		}
		cr_assert(row->name && *row->name, "%u", reason);
		cr_assert(row->text && *row->text, "%s", row->name);
		cr_expect_eq(row->text[strlen(row->text) - 1], '.', "%s: a sentence", row->name);
		cr_expect(row->action >= FAILURE_CLOSED && row->action <= FAILURE_AUDIT, "%s",
			row->name);
	}
}

Test(failure_table, names_are_words_and_different)
{
	for (unsigned int i = 0; i < FAILURE_REASON_MAX; i++) {
		const char *name = failure_row(i)->name;

		if (!name)
			continue;
		cr_expect_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name), "%s", name);
		for (unsigned int j = 0; j < i; j++)
			cr_expect(!failure_row(j)->name || strcmp(name, failure_row(j)->name), "%s",
				name);
	}
}

/* What the kernel refuses on its own account is refused: no row may say otherwise. */
Test(failure_table, the_kernels_reasons_are_closed)
{
	for (unsigned int reason = HF_REASON_RULE + 1; reason < HF_REASON_MAX; reason++)
		cr_expect_eq(failure_row(reason)->action, FAILURE_CLOSED, "%u", reason);
}

Test(failure_table, unknown_numbers_are_closed)
{
	static const unsigned int reasons[] = {
		FAILURE_REASON_MAX, FAILURE_REASON_MAX + 1, UINT16_MAX, UINT32_MAX};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		cr_expect_null(failure_row(reasons[i])->name);
		cr_expect_eq(failure_row(reasons[i])->action, FAILURE_CLOSED);
		cr_expect_str_empty(failure_row(reasons[i])->text);
	}
}

Test(failure_table, actions_have_names)
{
	cr_expect_str_eq(failure_action_name(FAILURE_CLOSED), "fail closed");
	cr_expect_str_eq(failure_action_name(FAILURE_KEEP_LAST), "keep last");
	cr_expect_str_eq(failure_action_name(FAILURE_AUDIT), "record only");
	cr_expect_str_eq(failure_action_name((enum failure_action)99), "fail closed");
}
