/* SPDX-License-Identifier: Apache-2.0 */
/* Who wrote a mark, and for which inode: nothing else passes as true. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/sensor/mark_seal.h"

static const uint8_t one_key[MARK_SEAL_KEY_SIZE] = {1, 2, 3};
static const uint8_t other_key[MARK_SEAL_KEY_SIZE] = {1, 2, 4};
static const struct hf_inode_key inode = {.ino = 12, .generation = 7, .dev = 8};
static const struct mark_place home = {.key = &inode, .volume = "uuid:a"};

static struct mark_seal *seal_of(const uint8_t *key)
{
	struct mark_seal *seal = NULL;

	cr_assert_eq(mark_seal_new(key, &seal), 0);
	return seal;
}

static int encode(struct mark_seal *seal, uint8_t bytes[MARK_VALUE_MAX])
{
	struct mark_value value = {.flags = HF_MARK_DERIVED, .count = 2};
	int size;

	value.uuids[0][0] = 0xab;
	value.uuids[1][0] = 0xcd;
	size = mark_seal_encode(seal, &home, &value, bytes);
	cr_assert_gt(size, 0);
	return size;
}

Test(mark_seal, a_mark_is_true_at_its_place)
{
	auto_call(mark_seal_freep) struct mark_seal *seal = seal_of(one_key);
	uint8_t bytes[MARK_VALUE_MAX];
	struct mark_value back;
	size_t size = (size_t)encode(seal, bytes);

	cr_expect_eq(mark_seal_decode(seal, &home, bytes, size, &back), MARK_TRUE);
	cr_expect_eq(back.count, 2);
	cr_expect_eq(back.flags, HF_MARK_DERIVED);
}

/* The device number is another after a reboot: it does not count. */
Test(mark_seal, the_device_number_does_not_matter)
{
	auto_call(mark_seal_freep) struct mark_seal *seal = seal_of(one_key);
	struct hf_inode_key moved = inode;
	const struct mark_place place = {.key = &moved, .volume = home.volume};
	uint8_t bytes[MARK_VALUE_MAX];
	struct mark_value back;
	size_t size = (size_t)encode(seal, bytes);

	moved.dev = 99;
	cr_expect_eq(mark_seal_decode(seal, &place, bytes, size, &back), MARK_TRUE);
}

Test(mark_seal, elsewhere_it_is_a_copy)
{
	auto_call(mark_seal_freep) struct mark_seal *seal = seal_of(one_key);
	struct hf_inode_key keys[] = {inode, inode, inode};
	uint8_t bytes[MARK_VALUE_MAX];
	struct mark_value back;
	size_t size = (size_t)encode(seal, bytes);
	const struct mark_place volume = {.key = &inode, .volume = "uuid:b"};

	keys[0].ino++;
	keys[1].generation++;
	keys[2].subvolume++;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct mark_place place = {.key = &keys[i], .volume = home.volume};

		cr_expect_eq(mark_seal_decode(seal, &place, bytes, size, &back), MARK_COPIED);
		cr_expect_eq(back.count, 2, "its labels are read");
	}
	cr_expect_eq(mark_seal_decode(seal, &volume, bytes, size, &back), MARK_COPIED);
}

Test(mark_seal, another_key_is_foreign)
{
	auto_call(mark_seal_freep) struct mark_seal *seal = seal_of(one_key);
	auto_call(mark_seal_freep) struct mark_seal *other = seal_of(other_key);
	uint8_t bytes[MARK_VALUE_MAX];
	struct mark_value back;
	size_t size = (size_t)encode(seal, bytes);

	cr_expect_eq(mark_seal_decode(other, &home, bytes, size, &back), MARK_FOREIGN);
}

Test(mark_seal, any_changed_byte_is_noticed)
{
	auto_call(mark_seal_freep) struct mark_seal *seal = seal_of(one_key);
	uint8_t good[MARK_VALUE_MAX], bytes[MARK_VALUE_MAX];
	struct mark_value back;
	size_t size = (size_t)encode(seal, good);

	for (size_t i = 0; i < size; i++)
		for (unsigned int bit = 0; bit < 8; bit++) {
			memcpy(bytes, good, size);
			bytes[i] ^= (uint8_t)(1u << bit);
			cr_expect_geq(mark_seal_decode(seal, &home, bytes, size, &back),
				MARK_FOREIGN, "byte %zu bit %u", i, bit);
		}
	for (size_t i = 0; i < size; i++)
		cr_expect_eq(mark_seal_decode(seal, &home, good, i, &back), MARK_BROKEN);
}

static void path_in(char path[64], char directory[32])
{
	strcpy(directory, "/tmp/mark-seal-XXXXXX");
	cr_assert(mkdtemp(directory));
	(void)snprintf(path, 64, "%s/deeper/key", directory);
}

Test(mark_seal, the_key_is_made_once)
{
	uint8_t bytes[MARK_VALUE_MAX];
	char path[64], directory[32];
	struct mark_value back;
	struct stat status;

	path_in(path, directory);
	for (unsigned int i = 0; i < 2; i++) {
		auto_call(mark_seal_freep) struct mark_seal *seal = NULL;
		static size_t size;

		cr_assert_eq(mark_seal_open(path, &seal), 0);
		if (i == 0)
			size = (size_t)encode(seal, bytes);
		cr_expect_eq(mark_seal_decode(seal, &home, bytes, size, &back), MARK_TRUE);
	}
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0600);
}

Test(mark_seal, a_key_that_others_may_touch_is_refused)
{
	auto_call(mark_seal_freep) struct mark_seal *seal = NULL;
	char path[64], directory[32];

	path_in(path, directory);
	cr_assert_eq(mark_seal_open(path, &seal), 0);
	mark_seal_free(take_ptr(seal));
	cr_assert_eq(chmod(path, 0640), 0);
	cr_expect_eq(mark_seal_open(path, &seal), -EPERM);
	cr_assert_eq(chmod(path, 0600), 0);
	cr_assert_eq(truncate(path, MARK_SEAL_KEY_SIZE - 1), 0);
	cr_expect_eq(mark_seal_open(path, &seal), -EBADMSG);
	cr_expect_null(seal);
}
