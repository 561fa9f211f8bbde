/* SPDX-License-Identifier: Apache-2.0 */
/* The spool at its cap, on a full disk and on a failing one. */
#include "tests/unit/spool_disk.h"
#include "tests/unit/spool_fixture.h"

static struct disk disk;

TestSuite(spool_full, .init = fixture_make, .fini = fixture_unmake);

Test(spool_full, at_the_cap_the_oldest_normal_ones_are_pruned)
{
	struct spool_losses losses;
	struct spool_status status;
	struct spool_proof proof;
	struct spool *spool;
	struct seen seen;

	options.segment_size = SMALL;
	options.size_max = 8 * SMALL;
	spool = spool_of();
	cr_assert_eq(append(spool, 1, 5, SEGMENT_ALERT), 0);
	fill(spool, 2000);
	spool_status(spool, &status);
	cr_expect_leq(status.bytes, options.size_max);
	cr_assert(spool_take_losses(spool, &losses));
	cr_expect_gt(losses.pruned, 0);
	cr_expect_eq(losses.pruned_first, 6);
	seen = see(spool, 0);
	cr_expect_eq(seen.alerts, 5);
	cr_expect_eq(seen.gaps, 0);
	cr_expect_eq(seen.events, spool_next_sequence(spool) - 1);
	cr_expect_eq(seen.pruned, losses.pruned);
	cr_expect_eq(status.pruned, losses.pruned);
	proof = prove();
	cr_expect(is_well(&proof));
	cr_expect_eq(proof.pruned, losses.pruned);
	cr_expect_eq(proof.alerts, 5);
	spool_free(spool);
	spool = spool_of();
	expect_no_losses(spool);
	cr_expect_eq(see(spool, 0).pruned, losses.pruned);
	spool_free(spool);
}

Test(spool_full, alerts_are_not_pruned_but_refused)
{
	struct spool *spool;
	uint64_t last;
	int r = 0;

	options.segment_size = SMALL;
	options.size_max = 4 * SMALL;
	spool = spool_of();
	while (r == 0) {
		r = append(spool, spool_next_sequence(spool), 10, SEGMENT_ALERT);
		cr_assert_lt(spool_next_sequence(spool), 100000);
	}
	cr_expect_eq(r, -ENOSPC);
	last = spool_synced_sequence(spool);
	cr_expect_eq(append(spool, last + 1, 10, SEGMENT_NORMAL), -ENOSPC);
	cr_expect_eq(see(spool, 0).alerts, last);
	expect_no_losses(spool);
	cr_assert_eq(spool_ack(spool, last), 0);
	cr_expect_eq(append(spool, last + 1, 10, SEGMENT_ALERT), 0);
	spool_free(spool);
}

Test(spool_full, a_full_disk_is_told_and_gone_on_from)
{
	struct spool_files files;
	struct spool *spool;
	int r = 0;

	disk_make(&disk, 1, &files);
	disk.space = 8 * SMALL;
	options.files = &files;
	options.segment_size = SMALL;
	spool = spool_of();
	while (r == 0)
		r = append(spool, spool_next_sequence(spool), 10, SEGMENT_ALERT);
	cr_expect_eq(r, -ENOSPC);
	cr_expect_eq(see(spool, 0).events, spool_synced_sequence(spool));
	disk.space = 16 * SMALL;
	cr_expect_eq(append(spool, spool_next_sequence(spool), 10, SEGMENT_ALERT), 0);
	cr_expect_eq(see(spool, 0).events, spool_synced_sequence(spool));
	spool_free(spool);
	disk_done(&disk);
}

/* Under the cap, but the disk has no more: normal ones make room for what comes. */
Test(spool_full, on_a_full_disk_the_oldest_normal_ones_are_pruned)
{
	struct spool_losses losses;
	struct spool_files files;
	struct spool *spool;

	disk_make(&disk, 1, &files);
	disk.space = 8 * SMALL + SMALL / 2;
	options.files = &files;
	options.segment_size = SMALL;
	spool = spool_of();
	fill(spool, 2000);
	cr_expect_eq(append(spool, spool_next_sequence(spool), 10, SEGMENT_ALERT), 0);
	cr_assert(spool_take_losses(spool, &losses));
	cr_expect_gt(losses.pruned, 0);
	cr_expect_eq(losses.missing, 0);
	cr_expect_eq(see(spool, 0).events, spool_synced_sequence(spool));
	spool_free(spool);
	disk_done(&disk);
}

/* It has not even room for what pruning writes: whole segments go, while they have no alerts. */
Test(spool_full, on_a_disk_without_any_room_the_oldest_normal_ones_go)
{
	struct spool_losses losses;
	struct spool_files files;
	struct spool *spool;
	struct seen seen;

	disk_make(&disk, 1, &files);
	disk.space = 8 * SMALL;
	options.files = &files;
	options.segment_size = SMALL;
	spool = spool_of();
	fill(spool, 4000);
	cr_assert(spool_take_losses(spool, &losses));
	cr_expect_gt(losses.missing, 0);
	cr_expect_eq(losses.missing_first, 1);
	seen = see(spool, 0);
	cr_expect_eq(seen.gaps, 0);
	cr_expect_eq(seen.first, losses.missing_last + 1);
	cr_expect_eq(seen.last, 4000);
	spool_free(spool);
	disk_done(&disk);
}

Test(spool_full, a_full_disk_does_not_keep_it_from_starting)
{
	struct spool_files files;
	struct spool *spool;

	disk_make(&disk, 1, &files);
	options.files = &files;
	options.segment_size = SMALL;
	spool = spool_of();
	fill(spool, 30);
	disk.space = disk_used(&disk);
	disk.is_dead = true;
	spool_free(spool);
	disk_restart(&disk, true);
	spool = spool_of();
	cr_expect_eq(see(spool, 0).events, 30);
	cr_expect_eq(append(spool, 31, 1, SEGMENT_ALERT), -ENOSPC);
	cr_assert_eq(spool_ack(spool, 30), 0);
	disk.space = 0;
	cr_expect_eq(append(spool, 31, 1, SEGMENT_ALERT), 0);
	spool_free(spool);
	disk_done(&disk);
}

Test(spool_full, what_was_not_synced_is_taken_back_when_the_disk_fails)
{
	struct spool_files files;
	struct spool *spool;

	disk_make(&disk, 1, &files);
	options.files = &files;
	options.segment_size = SMALL;
	spool = spool_of();
	fill(spool, 20);
	cr_assert_eq(append(spool, 21, 10, SEGMENT_NORMAL), 0);
	disk.one_in_fails = 1;
	cr_expect_eq(spool_sync(spool, true), -EIO);
	cr_expect_eq(spool_next_sequence(spool), 21);
	cr_expect_eq(append(spool, 21, 1, SEGMENT_ALERT), -EIO);
	disk.one_in_fails = 0;
	cr_expect_eq(append(spool, 21, 1, SEGMENT_ALERT), 0);
	cr_expect_eq(see(spool, 0).events, 21);
	cr_expect_eq(see(spool, 0).gaps, 0);
	spool_free(spool);
	disk_done(&disk);
}
