/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/repeat.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/console_fixture.h"

static uint64_t counted(const struct service *service)
{
	return service->failures.counts[CONSOLE_FAILURE_REPEATED].count;
}

Test(console_repeat, what_was_undone_is_due_some_times, .init = fixture_begin, .fini = fixture_end)
{
	struct service service = {.writer = fixture_store};
	unsigned int tries = 0;

	for (unsigned int i = 1; i <= SERVICE_REPEATS_MAX; i++) {
		cr_assert_eq(store_begin(fixture_store), 0);
		cr_expect(repeat_is_due(&service, &tries, "test", -EDEADLK));
		cr_expect_not(store_is_writing(fixture_store), "nothing of it is left");
		cr_expect_eq(counted(&service), i);
	}
	cr_expect_not(repeat_is_due(&service, &tries, "test", -EDEADLK));
	cr_expect_eq(counted(&service), SERVICE_REPEATS_MAX, "what is refused is no repetition");
}

Test(console_repeat, nothing_else_is, .init = fixture_begin, .fini = fixture_end)
{
	static const int others[] = {0, -EIO, -ENOSPC, -EHOSTUNREACH, -ETIMEDOUT, -EEXIST};
	struct service service = {.writer = fixture_store};
	unsigned int tries = 0;

	cr_assert_eq(store_begin(fixture_store), 0);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_not(repeat_is_due(&service, &tries, "test", others[i]));
	cr_expect(store_is_writing(fixture_store));
	cr_expect_eq(counted(&service), 0);
}
