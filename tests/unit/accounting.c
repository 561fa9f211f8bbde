/* SPDX-License-Identifier: Apache-2.0 */
/* Each record once: none twice after a crash, none left out because another came first. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "agent/engine/accounting.h"

#define W ((uint64_t)ACCOUNTING_WINDOW)

static bool offer(struct accounting *accounting, uint64_t sequence)
{
	bool is_new = accounting_is_new(accounting, sequence);

	if (is_new)
		accounting_take(accounting, sequence);
	return is_new;
}

Test(accounting, in_order)
{
	struct accounting accounting = {0};

	for (uint64_t sequence = 0; sequence < 3 * W; sequence++)
		cr_assert(offer(&accounting, sequence), "%lu", (unsigned long)sequence);
	cr_expect_eq(accounting.delivered, 3 * W);
	cr_expect_eq(accounting.last, 3 * W - 1);
	for (uint64_t sequence = 0; sequence < 3 * W; sequence++)
		cr_assert_not(offer(&accounting, sequence), "%lu", (unsigned long)sequence);
	cr_expect_eq(accounting.delivered, 3 * W);
}

/* The ring gives what several CPUs write nearly in order. */
Test(accounting, out_of_order)
{
	static const uint64_t sequences[] = {5, 3, 4, 9, 1, 2, 8, 7, 6, 64, 63, 65, 10};
	struct accounting accounting = {0};
	size_t count = sizeof(sequences) / sizeof(sequences[0]);

	for (size_t i = 0; i < count; i++)
		cr_expect(offer(&accounting, sequences[i]), "%lu", (unsigned long)sequences[i]);
	for (size_t i = 0; i < count; i++)
		cr_expect_not(offer(&accounting, sequences[i]), "%lu", (unsigned long)sequences[i]);
	cr_expect_eq(accounting.delivered, count);
	cr_expect_eq(accounting.last, 65);
	cr_expect(offer(&accounting, 11), "one that was never there");
}

/* Sequences that the ring had no room for never come; later ones are not held for them. */
Test(accounting, gaps)
{
	struct accounting accounting = {0};

	cr_expect(offer(&accounting, 1));
	cr_expect(offer(&accounting, 100));
	cr_expect(offer(&accounting, 100 + W + 7));
	cr_expect(offer(&accounting, UINT64_MAX));
	cr_expect_not(offer(&accounting, UINT64_MAX));
	cr_expect(offer(&accounting, UINT64_MAX - 1));
	cr_expect_eq(accounting.delivered, 5);
}

Test(accounting, asking_takes_nothing)
{
	struct accounting accounting = {0};

	cr_expect(accounting_is_new(&accounting, 7));
	cr_expect(accounting_is_new(&accounting, 7));
	cr_expect_eq(accounting.delivered, 0);
	accounting_take(&accounting, 7);
	cr_expect_not(accounting_is_new(&accounting, 7));
}

/* A slot is used again a window later: what it said of the older one must be gone. */
Test(accounting, the_window_slides)
{
	struct accounting accounting = {0};

	cr_expect(offer(&accounting, 10));
	cr_expect(offer(&accounting, 10 + W));
	cr_expect_not(accounting_is_new(&accounting, 10), "behind the window");
	cr_expect(accounting_is_new(&accounting, 11), "the oldest within it");
	cr_expect(offer(&accounting, 20 + W));
	cr_expect(accounting_is_new(&accounting, 15 + W), "its slot was never taken");
	cr_expect_not(accounting_is_new(&accounting, 10 + W));
	cr_expect(offer(&accounting, 11 + 2 * W));
	cr_expect_not(accounting_is_new(&accounting, 10 + W), "behind by now");
	cr_expect_not(accounting_is_new(&accounting, 20 + W));
	cr_expect(accounting_is_new(&accounting, 12 + W));
}

/* Leaps of just below, exactly and just above a window. */
Test(accounting, leaps)
{
	for (uint64_t leap = W - 1; leap <= W + 1; leap++) {
		struct accounting accounting = {0};

		for (uint64_t sequence = 1; sequence <= W; sequence++)
			accounting_take(&accounting, sequence);
		cr_expect(offer(&accounting, W + leap));
		for (uint64_t sequence = W + 1; sequence < W + leap; sequence++) {
			bool is_within = W + leap - sequence < W;

			cr_assert_eq(accounting_is_new(&accounting, sequence), is_within,
				"%lu after a leap of %lu", (unsigned long)sequence,
				(unsigned long)leap);
		}
	}
}

/* The engine died after writing: the sensor hands over again what it was not told is safe. */
Test(accounting, restored_records_are_not_new)
{
	struct accounting accounting = {0};

	for (uint64_t i = 0; i < 100; i++)
		accounting_restore(&accounting, 1000 + i, 500 + i, 0);
	cr_expect_eq(accounting.delivered, 599);
	cr_expect_eq(accounting.last, 1099);
	for (uint64_t i = 0; i < 100; i++)
		cr_expect_not(offer(&accounting, 1000 + i), "%lu", (unsigned long)i);
	cr_expect(offer(&accounting, 1100));
	cr_expect_eq(accounting.delivered, 600);
}

/* The kernel part was released and loaded again in the same boot: its sequences begin anew. */
Test(accounting, another_kernel_part)
{
	struct accounting accounting = {0};

	accounting_begin(&accounting, 7);
	accounting_restore(&accounting, 1, 1, 0);
	accounting_restore(&accounting, 2, 2, 1);
	accounting_begin(&accounting, 7);
	cr_expect_not(accounting_is_new(&accounting, 2), "the same as before");
	cr_expect_eq(accounting.delivered, 2);
	accounting_begin(&accounting, 9);
	cr_expect_eq(accounting.delivered, 0);
	cr_expect_eq(accounting.dropped, 0);
	cr_expect(offer(&accounting, 2));
	cr_expect(offer(&accounting, 1));
	cr_expect_eq(accounting.delivered, 2);
}

Test(accounting, lines_that_do_not_name_their_kernel_part)
{
	struct accounting accounting = {0};

	accounting_begin(&accounting, 0);
	accounting_restore(&accounting, 5, 5, 0);
	accounting_begin(&accounting, 7);
	cr_expect_not(accounting_is_new(&accounting, 5));
	cr_expect_eq(accounting.delivered, 5);
}

Test(accounting, restored_out_of_order)
{
	struct accounting accounting = {0};

	accounting_restore(&accounting, 12, 1, 0);
	accounting_restore(&accounting, 10, 2, 0);
	accounting_restore(&accounting, 13, 3, 0);
	cr_expect_eq(accounting.delivered, 3);
	cr_expect_not(accounting_is_new(&accounting, 10));
	cr_expect_not(accounting_is_new(&accounting, 12));
	cr_expect_not(accounting_is_new(&accounting, 13));
	cr_expect(accounting_is_new(&accounting, 11), "handed over, but never written");
}

/* An old line must neither lower the total nor mark the slot of a younger sequence. */
Test(accounting, restoring_from_behind_the_window)
{
	struct accounting accounting = {0};

	accounting_restore(&accounting, 2 * W, 900, 0);
	accounting_restore(&accounting, 2 * W - 5 - W, 3, 0);
	cr_expect_eq(accounting.delivered, 900);
	cr_expect_eq(accounting.last, 2 * W);
	cr_expect(accounting_is_new(&accounting, 2 * W - 5));
}

/* Against a plain list of what was taken, over a stream as the ring gives it. */
Test(accounting, against_a_list)
{
	struct accounting accounting = {0};
	static bool taken[6 * ACCOUNTING_WINDOW];
	unsigned int seed = 1;
	uint64_t count = 0;

	for (uint64_t head = 64; head < 6 * W; head++)
		for (unsigned int i = 0; i < 3; i++) {
			uint64_t sequence = head - (uint64_t)(rand_r(&seed) % 64);

			cr_assert_eq(offer(&accounting, sequence), !taken[sequence], "%lu",
				(unsigned long)sequence);
			count += !taken[sequence];
			taken[sequence] = true;
		}
	cr_expect_eq(accounting.delivered, count);
}

/* Counted beside the delivered, known again like them. */
Test(accounting, dropped)
{
	struct accounting accounting = {0};

	cr_expect(offer(&accounting, 1));
	accounting_drop(&accounting, 2);
	accounting_drop(&accounting, 0);
	accounting_drop(&accounting, 0);
	cr_expect_not(offer(&accounting, 2));
	cr_expect(offer(&accounting, 3));
	cr_expect_eq(accounting.delivered, 2);
	cr_expect_eq(accounting.dropped, 3);
}

Test(accounting, dropped_are_restored)
{
	struct accounting accounting = {0};

	accounting_restore(&accounting, 4, 3, 1);
	accounting_restore(&accounting, 0, 3, 2);
	accounting_restore(&accounting, 5, 4, 2);
	cr_expect_eq(accounting.delivered, 4);
	cr_expect_eq(accounting.dropped, 2);
	cr_expect_eq(accounting.last, 5);
	cr_expect(accounting_is_new(&accounting, 3));
	cr_expect_not(accounting_is_new(&accounting, 4));
}
