/* SPDX-License-Identifier: Apache-2.0 */
/* The spool's files, damaged: what is kept, what is set apart, what is told. */
#include "tests/unit/spool_fixture.h"

TestSuite(spool_damage, .init = fixture_make, .fini = fixture_unmake);

Test(spool_damage, a_torn_end_is_set_apart)
{
	struct spool *spool = spool_of();
	struct spool_losses losses;
	struct spool_status status;
	long used;
	int fd;

	fill(spool, 20);
	spool_free(spool);
	spool_free(spool_of());
	used = size_of(1, "seg"); /* only what it used */
	fd = openat(directory_fd, name_of(1, "seg"), O_WRONLY | O_CLOEXEC);
	cr_assert_eq(pwrite(fd, "torn", 4, used), 4);
	cr_assert_eq(ftruncate(fd, SPOOL_SEGMENT_SIZE), 0);
	(void)close(fd); /* written */
	cr_expect_eq(prove().tail_bytes, 4);
	spool = spool_of();
	cr_assert(spool_take_losses(spool, &losses));
	cr_expect_eq(losses.bad_bytes, 4);
	cr_expect_eq(losses.bad_segments, 1);
	cr_expect_eq(losses.missing, 0);
	expect_no_losses(spool);
	cr_expect_eq(spool_next_sequence(spool), 21);
	cr_expect_eq(size_of(1, "seg"), used);
	cr_expect_gt(size_of(1, "bad"), 4);
	cr_expect_eq(prove().tail_bytes, 0);
	cr_expect_eq(see(spool, 0).events, 20);
	spool_status(spool, &status);
	cr_expect_eq(status.bytes, (uint64_t)used);
	spool_free(spool);
	spool = spool_of();
	expect_no_losses(spool);
	spool_free(spool);
}

/* The engine still has them: they are asked for again. */
Test(spool_damage, a_damaged_last_segment_is_kept_up_to_the_damage)
{
	struct spool *spool = spool_of();
	struct spool_losses losses;

	fill(spool, 30);
	spool_free(spool);
	spool_free(spool_of());
	damage(1, -40);
	spool = spool_of();
	cr_assert(spool_take_losses(spool, &losses));
	cr_expect_gt(losses.bad_bytes, 100);
	cr_expect_eq(spool_next_sequence(spool), 21);
	fill(spool, 50);
	cr_expect_eq(see(spool, 0).events, 50);
	cr_expect_eq(see(spool, 0).gaps, 0);
	spool_free(spool);
}

Test(spool_damage, damage_in_the_middle_costs_the_rest_of_its_segment)
{
	struct spool_losses losses;
	struct spool *spool;
	struct seen seen;

	options.segment_size = SMALL;
	spool = spool_of();
	fill(spool, 1000);
	spool_free(spool);
	damage(2, SMALL / 2);
	cr_expect_eq(prove().bad_segments, 1);
	cr_expect_eq(prove().bad_number, 2);
	cr_expect_eq(prove().apart, 0, "nobody has yet");
	spool = spool_of();
	cr_assert(spool_take_losses(spool, &losses));
	cr_expect_gt(losses.missing, 0);
	cr_expect_eq(losses.missing, losses.missing_last - losses.missing_first + 1);
	cr_expect_eq(losses.bad_segments, 1);
	cr_expect_eq(spool_next_sequence(spool), 1001);
	seen = see(spool, 0);
	cr_expect_eq(seen.gaps, 1);
	cr_expect_eq(seen.events, 1000 - losses.missing);
	cr_expect_eq(see(spool, losses.missing_first - 1).first, losses.missing_last + 1);
	spool_free(spool);
}

/* It rots while it is there: found when it is read, set apart, the rest goes on. */
Test(spool_damage, damage_is_found_when_it_is_read)
{
	struct spool_losses losses;
	struct spool *spool;
	struct seen seen;

	options.segment_size = SMALL;
	spool = spool_of();
	fill(spool, 1000);
	damage(2, SMALL / 2);
	seen = see(spool, 0);
	cr_expect_eq(seen.gaps, 1);
	cr_assert(spool_take_losses(spool, &losses));
	cr_expect_eq(seen.events, 1000 - losses.missing);
	cr_expect_gt(size_of(2, "bad"), 0);
	cr_expect_eq(prove().apart, 1);
	expect_no_losses(spool);
	cr_expect_eq(see(spool, 0).events, seen.events);
	fill(spool, 1100);
	cr_expect_eq(see(spool, 1000).events, 100);
	spool_free(spool);
}

Test(spool_damage, so_is_damage_in_the_segment_that_is_written_to)
{
	auto_call(spool_freep) struct spool *spool = spool_of();
	struct spool_losses losses;

	fill(spool, 30);
	cr_assert_eq(append(spool, 31, 10, SEGMENT_NORMAL), 0);
	damage(1, SEGMENT_HEADER_MAX + 20);
	cr_expect_eq(see(spool, 0).events, 0);
	cr_assert(spool_take_losses(spool, &losses));
	cr_expect_eq(losses.missing, 40);
	cr_expect_eq(spool_next_sequence(spool), 41, "numbers are not used twice");
	fill(spool, 60);
	cr_expect_eq(see(spool, 0).first, 41);
	cr_expect_eq(see(spool, 0).events, 20);
}

Test(spool_damage, a_file_that_is_no_segment_is_set_apart)
{
	struct spool_losses losses;
	struct spool *spool;

	options.segment_size = SMALL;
	spool = spool_of();
	fill(spool, 1000);
	spool_free(spool);
	damage(2, 0);
	file_make(name_of(0x99, "seg"), "no segment");
	cr_assert_eq(symlinkat("/etc/passwd", directory_fd, name_of(0x9a, "seg")), 0);
	cr_assert_eq(mkfifoat(directory_fd, name_of(0x9b, "seg"), 0600), 0);
	cr_assert_eq(mkdirat(directory_fd, name_of(0x9c, "seg"), 0700), 0);
	file_make("0000000000000003.segment", "what is this");
	file_make(".hidden", "and this");
	spool = spool_of();
	cr_assert(spool_take_losses(spool, &losses));
	cr_expect_eq(losses.bad_segments, 5);
	cr_expect_gt(size_of(2, "bad"), 0);
	cr_expect_eq(size_of(2, "seg"), -1);
	cr_expect_eq(spool_next_sequence(spool), 1001);
	fill(spool, 1010);
	cr_expect_gt(size_of(0x9d, "seg"), 0, "above all that are there");
	cr_expect_eq(see(spool, 0).gaps, 1);
	spool_free(spool);
}

Test(spool_damage, leftovers_are_cleared_and_few_bad_files_kept)
{
	struct spool *spool;

	file_make(name_of(3, "new"), "half");
	for (uint64_t i = 1; i <= SPOOL_BAD_MAX + 3; i++)
		file_make(name_of(i, "bad"), "bad");
	spool = spool_of();
	cr_expect_eq(size_of(3, "new"), -1);
	for (uint64_t i = 1; i <= SPOOL_BAD_MAX + 3; i++)
		cr_expect_eq(size_of(i, "bad"), i > 3 ? 3 : -1);
	spool_free(spool);
}

Test(spool_damage, the_proof_finds_what_was_changed)
{
	struct spool_proof proof;
	struct fixture_keys other;
	struct spool *spool;

	options.segment_size = SMALL;
	spool = spool_of();
	fill(spool, 1000);
	spool_free(spool);
	proof = prove();
	cr_assert(is_well(&proof));
	cr_expect_eq(proof.events, 1000);
	cr_expect_eq(proof.first_sequence, 1);
	cr_expect_eq(proof.last_sequence, 1000);
	cr_expect_eq(proof.bad_number, 0);

	fixture_keys_make(&other);
	cr_assert_eq(spool_verify(directory, other.device, &proof), 0);
	cr_expect_eq(proof.bad_signatures, proof.segments);
	cr_assert_eq(spool_verify(directory, NULL, &proof), 0);
	cr_expect(is_well(&proof), "not looked at");
	EVP_PKEY_free(other.device);

	damage(2, SMALL / 2);
	proof = prove();
	cr_expect_eq(proof.bad_segments, 1);
	cr_expect_gt(proof.missing, 0);
	cr_expect_eq(proof.broken_links, 1);
	cr_expect_eq(proof.bad_number, 2);
	damage(2, SMALL / 2); /* back again */

	cr_assert_eq(unlinkat(directory_fd, name_of(2, "seg"), 0), 0);
	proof = prove();
	cr_expect_eq(proof.broken_links, 1);
	cr_expect_gt(proof.missing, 0);
	cr_expect_eq(proof.bad_number, 3);
	cr_assert_eq(unlinkat(directory_fd, name_of(1, "seg"), 0), 0);
	proof = prove();
	cr_expect(is_well(&proof), "the oldest ones may be gone");
}
