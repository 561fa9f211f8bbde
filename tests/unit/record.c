/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel records as outside bytes: each field out of range, each size that lies, each odd path. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/sensor/record.h"

static struct hf_record good(void)
{
	struct hf_record raw = {
		.header = {.type = HF_RECORD_VERDICT,
			.version = HF_RECORD_VERSION,
			.size = sizeof(raw),
			.sequence = 42,
			.ktime_ns = 4711},
		.pid = 101,
		.tgid = 100,
		.uid = 1000,
		.comm = "vim",
		.channel = HF_CHANNEL_REMOVABLE,
		.verdict = HF_VERDICT_BLOCK,
		.operation = HF_OPERATION_WRITE,
		.reason = HF_REASON_RULE,
	};

	return raw;
}

static struct hf_record good_with_path(const void *path, size_t size, bool is_cut)
{
	struct hf_record raw = good();

	cr_assert_leq(size, sizeof(raw.path));
	memcpy(raw.path, path, size);
	raw.path_size = (uint16_t)size;
	raw.path_is_cut = is_cut;
	return raw;
}

/* The output is written only on success. */
static int decode(const struct hf_record *raw, struct record *ret_record)
{
	struct record before;
	int r;

	memset(ret_record, 0x5a, sizeof(*ret_record));
	memcpy(&before, ret_record, sizeof(before));
	r = record_decode(raw, sizeof(*raw), ret_record);
	if (r < 0)
		cr_expect_arr_eq(ret_record, &before, sizeof(before));
	return r;
}

static void expect_path(const void *path, size_t size, bool is_cut, const char *wanted)
{
	struct hf_record raw = good_with_path(path, size, is_cut);
	struct record record;

	cr_assert_eq(decode(&raw, &record), 0);
	cr_expect_str_eq(record.path, wanted);
}

#define EXPECT_PATH(names, is_cut, wanted) expect_path(names, sizeof(names) - 1, is_cut, wanted)

Test(record, a_good_one)
{
	struct hf_record raw = good();
	struct record record;

	cr_assert_eq(decode(&raw, &record), 0);
	cr_expect_arr_eq(&record.raw, &raw, offsetof(struct hf_record, path));
	cr_expect_str_eq(record.comm, "vim");
	cr_expect_str_empty(record.path);
}

Test(record, sizes_of_packet)
{
	uint8_t *bytes = calloc(1, sizeof(struct hf_record) + 8);
	struct hf_record raw = good();
	struct record record;

	cr_assert(bytes);
	memcpy(bytes, &raw, sizeof(raw));
	for (size_t size = 0; size < sizeof(raw) + 8; size++)
		cr_expect_eq(record_decode(bytes, size, &record),
			size == sizeof(raw) ? 0 : -EBADMSG, "%zu bytes", size);
	free(bytes);
}

Test(record, unaligned)
{
	uint8_t *bytes = malloc(sizeof(struct hf_record) + 1);
	struct hf_record raw = good();
	struct record record;

	cr_assert(bytes);
	memcpy(bytes + 1, &raw, sizeof(raw));
	cr_expect_eq(record_decode(bytes + 1, sizeof(raw), &record), 0);
	free(bytes);
}

Test(record, size_in_header)
{
	static const uint16_t sizes[] = {
		0, sizeof(struct hf_record) - 1, sizeof(struct hf_record) + 1, UINT16_MAX};
	struct record record;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct hf_record raw = good();

		raw.header.size = sizes[i];
		cr_expect_eq(decode(&raw, &record), -EBADMSG, "%u", sizes[i]);
	}
}

Test(record, version)
{
	struct record record;

	for (unsigned int version = 0; version <= UINT8_MAX; version++) {
		struct hf_record raw = good();

		raw.header.version = (uint8_t)version;
		cr_expect_eq(decode(&raw, &record), version == HF_RECORD_VERSION ? 0 : -EPROTO,
			"%u", version);
	}
}

/* Of each byte-wide number all values: below its end good, from there on bad. */
static void expect_range(size_t offset, unsigned int first, unsigned int end)
{
	struct record record;

	for (unsigned int value = 0; value <= UINT8_MAX; value++) {
		struct hf_record raw = good();
		bool is_good = value >= first && value < end;

		((uint8_t *)&raw)[offset] = (uint8_t)value;
		cr_expect_eq(
			decode(&raw, &record), is_good ? 0 : -EBADMSG, "%u at %zu", value, offset);
	}
}

Test(record, numbers_out_of_range)
{
	expect_range(offsetof(struct hf_record, header.type), HF_RECORD_VERDICT, HF_RECORD_MAX);
	expect_range(offsetof(struct hf_record, channel), 0, HF_CHANNEL_MAX);
	expect_range(offsetof(struct hf_record, verdict), 0, HF_VERDICT_MAX);
	expect_range(offsetof(struct hf_record, operation), 0, HF_OPERATION_MAX);
	expect_range(offsetof(struct hf_record, reason), 0, HF_REASON_MAX);
}

/* Even where every byte behind the header is a NUL, or none is. */
Test(record, path_size_past_the_field)
{
	static const uint16_t sizes[] = {HF_PATH_SIZE + 1, HF_PATH_SIZE + 2, 0x8000, UINT16_MAX};
	struct record record;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int fill = 0; fill <= 'x'; fill += 'x') {
			struct hf_record raw = good();

			memset(raw.path, fill, sizeof(raw.path));
			raw.path_size = sizes[i];
			cr_expect_eq(decode(&raw, &record), -EBADMSG, "%u", sizes[i]);
		}
}

Test(record, path_without_its_nul)
{
	struct record record;

	for (uint16_t size = 1; size <= HF_PATH_SIZE; size++) {
		struct hf_record raw = good();

		memset(raw.path, 'x', sizeof(raw.path));
		raw.path_size = size;
		cr_expect_eq(decode(&raw, &record), -EBADMSG, "%u bytes", size);
		raw.path[size - 1] = '\0';
		cr_expect_eq(decode(&raw, &record), 0, "%u bytes", size);
	}
}

Test(record, bytes_behind_path_size_are_not_read)
{
	struct hf_record raw = good_with_path("a\0", 2, false);
	struct record record;

	memset(raw.path + 2, 'x', sizeof(raw.path) - 2);
	cr_assert_eq(decode(&raw, &record), 0);
	cr_expect_str_eq(record.path, "/a");
}

Test(record, paths_are_turned_round)
{
	EXPECT_PATH("a\0", false, "/a");
	EXPECT_PATH("report.odt\0finance\0srv\0", false, "/srv/finance/report.odt");
	EXPECT_PATH("report.odt\0finance\0srv\0", true, ".../srv/finance/report.odt");
	EXPECT_PATH("\0", false, "/");
	EXPECT_PATH("\0\0", false, "//");
	EXPECT_PATH("", true, "");
}

/* The most that fits, in the way that grows most: a cut path of one name, and of empty names. */
Test(record, longest_paths)
{
	struct hf_record raw = good();
	struct record record;

	memset(raw.path, 'x', sizeof(raw.path) - 1);
	raw.path_size = sizeof(raw.path);
	raw.path_is_cut = 1;
	cr_assert_eq(decode(&raw, &record), 0);
	cr_expect_eq(strlen(record.path), 3 + sizeof(raw.path));
	memset(raw.path, 0, sizeof(raw.path));
	cr_assert_eq(decode(&raw, &record), 0);
	cr_expect_eq(strlen(record.path), 3 + sizeof(raw.path));
}

Test(record, comm_without_nul)
{
	struct hf_record raw = good();
	struct record record;

	memset(raw.comm, 'c', sizeof(raw.comm));
	cr_assert_eq(decode(&raw, &record), 0);
	cr_expect_str_eq(record.comm, "cccccccccccccccc");
}
