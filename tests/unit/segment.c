/* SPDX-License-Identifier: Apache-2.0 */
/* Segments: what is sealed is opened by one key, in its place, whole or not at all. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <zstd.h>

#include "tests/unit/segment_fixture.h"

#define RECORDS	   4
#define PER_RECORD 5
#define FIRST	   1000

static struct fixture_keys keys;

/* A segment of RECORDS records: normal, alert, lost, normal. */
static uint8_t bytes[SEGMENT_HEADER_MAX + SEGMENT_RECORD_MAX * RECORDS];
static size_t size, offsets[RECORDS + 1];
static struct segment_header header;

static struct segment_plan plan_of(void)
{
	struct segment_plan plan = {
		.device_uid = "device",
		.boot_uid = "boot",
		.number = 7,
		.first_sequence = FIRST,
		.previous = "link",
		.made_ms = 12345,
		.sign = fixture_sign,
		.userdata = &keys,
	};

	memcpy(plan.console_key, keys.public_key, HPKE_KEY_SIZE);
	return plan;
}

static struct segment_frame frame_of(uint64_t first, enum segment_kind kind)
{
	static char lines[PER_RECORD * FIXTURE_LINE_SIZE + 1];

	number_lines(first, PER_RECORD, lines);
	return (struct segment_frame){.first_sequence = first,
		.count = PER_RECORD,
		.kind = kind,
		.lines = kind == SEGMENT_LOST ? NULL : lines,
		.size = kind == SEGMENT_LOST ? 0 : sizeof(lines) - 1};
}

static void make(void)
{
	static const enum segment_kind kinds[RECORDS] = {
		SEGMENT_NORMAL, SEGMENT_ALERT, SEGMENT_LOST, SEGMENT_NORMAL};
	auto_call(segment_sealer_freep) struct segment_sealer *sealer = NULL;
	struct segment_plan plan;

	fixture_keys_make(&keys);
	plan = plan_of();
	cr_assert_eq(segment_sealer_new(&plan, &sealer), 0);
	header = *segment_sealer_header(sealer);
	memcpy(bytes, header.bytes, header.size);
	offsets[0] = size = header.size;
	for (unsigned int i = 0; i < RECORDS; i++) {
		struct segment_frame frame = frame_of(FIRST + i * PER_RECORD, kinds[i]);
		size_t one = 0;

		cr_assert_eq(segment_seal(sealer, &frame, bytes + size, &one), 0);
		offsets[i + 1] = size += one;
	}
}

static void unmake(void)
{
	EVP_PKEY_free(keys.device);
}

TestSuite(segment, .init = make, .fini = unmake);

static struct segment_run run_of(const uint8_t *whole, size_t whole_size)
{
	struct segment_header parsed;
	struct bytes_reader reader;
	struct segment_run run;

	bytes_reader_init(&reader, whole, whole_size);
	cr_assert_eq(segment_header_parse(&reader, &parsed), 0);
	segment_run_begin(&run, &parsed, reader.at, reader.left);
	return run;
}

/* Records up to the first that does not have its place. */
static unsigned int count_run(const uint8_t *whole, size_t whole_size)
{
	struct segment_run run = run_of(whole, whole_size);
	struct segment_record record;
	unsigned int count = 0;

	while (segment_run_next(&run, &record) > 0)
		count++;
	return count;
}

static struct segment_record record_at(const uint8_t *whole, size_t whole_size, unsigned int index)
{
	struct segment_run run = run_of(whole, whole_size);
	struct segment_record record;

	for (unsigned int i = 0; i <= index; i++)
		cr_assert_eq(segment_run_next(&run, &record), 1);
	return record;
}

static int open_at(const uint8_t *whole, size_t whole_size, unsigned int index)
{
	auto_call(segment_opener_freep) struct segment_opener *opener = NULL;
	struct segment_record record = record_at(whole, whole_size, index);
	struct segment_header parsed;
	struct bytes_reader reader;
	auto_free char *lines = NULL;
	size_t lines_size = 0;

	bytes_reader_init(&reader, whole, whole_size);
	cr_assert_eq(segment_header_parse(&reader, &parsed), 0);
	cr_assert_eq(segment_opener_new(&parsed, keys.private_key, &opener), 0);
	return segment_open_record(opener, &record, &lines, &lines_size);
}

Test(segment, the_header_says_what_was_planned)
{
	struct segment_plan plan = plan_of();
	struct segment_header parsed;
	struct bytes_reader reader;
	uint8_t id[HPKE_KEY_ID_SIZE];

	bytes_reader_init(&reader, bytes, size);
	cr_assert_eq(segment_header_parse(&reader, &parsed), 0);
	cr_expect_eq(memcmp(parsed.device_uid, plan.device_uid, SEGMENT_UID_SIZE), 0);
	cr_expect_eq(memcmp(parsed.boot_uid, plan.boot_uid, SEGMENT_UID_SIZE), 0);
	cr_expect_eq(memcmp(parsed.previous, plan.previous, SEGMENT_HASH_SIZE), 0);
	cr_expect_eq(memcmp(parsed.enc, header.enc, HPKE_ENC_SIZE), 0);
	cr_expect_eq(memcmp(parsed.hash, header.hash, SEGMENT_HASH_SIZE), 0);
	cr_assert_eq(hpke_key_id(keys.public_key, id), 0);
	cr_expect_eq(memcmp(parsed.key_id, id, sizeof(id)), 0);
	cr_expect_eq(parsed.number, 7);
	cr_expect_eq(parsed.first_sequence, FIRST);
	cr_expect_eq(parsed.made_ms, 12345);
	cr_expect_eq(parsed.size, header.size);
	cr_expect_eq(segment_header_verify(&parsed, keys.device), 0);
}

/* Every bit of a header is signed; and by this device, with this kind of key. */
Test(segment, a_header_of_another_is_refused)
{
	EVP_PKEY *other = EVP_EC_gen("P-256"), *curve = EVP_EC_gen("P-384");
	EVP_PKEY *kind = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct segment_header parsed;
	struct bytes_reader reader;

	cr_expect_eq(segment_header_verify(&header, keys.device), 0);
	cr_expect_eq(segment_header_verify(&header, other), -EBADMSG);
	cr_expect_eq(segment_header_verify(&header, curve), -EINVAL);
	cr_expect_eq(segment_header_verify(&header, kind), -EINVAL);
	for (size_t i = 0; i < header.size; i++) {
		bytes[i] ^= 1;
		bytes_reader_init(&reader, bytes, size);
		cr_expect(segment_header_parse(&reader, &parsed) == -EBADMSG ||
				  segment_header_verify(&parsed, keys.device) == -EBADMSG,
			"byte %zu", i);
		bytes[i] ^= 1;
	}
	EVP_PKEY_free(other);
	EVP_PKEY_free(curve);
	EVP_PKEY_free(kind);
}

Test(segment, a_header_that_is_cut_is_refused)
{
	struct segment_header parsed;
	struct bytes_reader reader;

	for (size_t i = 0; i < header.size; i++) {
		bytes_reader_init(&reader, bytes, i);
		cr_expect_eq(segment_header_parse(&reader, &parsed), -EBADMSG);
		cr_expect_eq(reader.left, i, "nothing taken");
	}
	bytes_reader_init(&reader, bytes, header.size);
	cr_expect_eq(segment_header_parse(&reader, &parsed), 0);
}

/* The packed form says the same; a lost record has none. */
static void expect_packed(
	const struct segment_opener *segment_opener, const char *lines, size_t lines_size)
{
	auto_free char *unpacked = malloc(lines_size + 1);
	size_t packed_size;
	const void *packed = segment_packed(segment_opener, &packed_size);

	cr_assert_eq(packed != NULL, lines_size > 0);
	if (!packed)
		return;
	cr_assert_eq(ZSTD_decompress(unpacked, lines_size, packed, packed_size), lines_size);
	cr_expect_eq(memcmp(unpacked, lines, lines_size), 0);
}

/* From the last to the first. */
Test(segment, opens_what_was_sealed_in_any_order)
{
	auto_call(segment_opener_freep) struct segment_opener *opener = NULL;

	cr_assert_eq(segment_opener_new(&header, keys.private_key, &opener), 0);
	for (unsigned int i = RECORDS; i-- > 0;) {
		struct segment_record record = record_at(bytes, size, i);
		struct segment_frame frame = frame_of(FIRST + i * PER_RECORD, record.kind);
		auto_free char *lines = NULL;
		size_t lines_size = 1;

		cr_expect_eq(record.index, i);
		cr_expect_eq(record.first_sequence, FIRST + i * PER_RECORD);
		cr_expect_eq(record.count, PER_RECORD);
		cr_assert_eq(segment_open_record(opener, &record, &lines, &lines_size), 0);
		cr_assert_eq(lines_size, frame.size);
		cr_expect_eq(lines[lines_size], '\0');
		if (frame.size)
			cr_expect_eq(memcmp(lines, frame.lines, frame.size), 0);
		expect_packed(opener, lines, lines_size);
	}
}

Test(segment, another_key_opens_nothing)
{
	auto_call(segment_opener_freep) struct segment_opener *opener = NULL;
	struct segment_record record = record_at(bytes, size, 0);
	struct fixture_keys other;
	auto_free char *lines = NULL;
	size_t lines_size;

	fixture_keys_make(&other);
	cr_assert_eq(segment_opener_new(&header, other.private_key, &opener), 0);
	cr_expect_eq(segment_open_record(opener, &record, &lines, &lines_size), -EBADMSG);
	cr_expect_eq(open_at(bytes, size, 0), 0);
	EVP_PKEY_free(other.device);
}

/* Each bit of a record is in its link. */
Test(segment, a_changed_record_has_no_place)
{
	cr_assert_eq(count_run(bytes, size), RECORDS);
	for (size_t i = offsets[1]; i < offsets[2]; i++) {
		bytes[i] ^= 1;
		cr_expect_eq(count_run(bytes, size), 1, "byte %zu", i - offsets[1]);
		bytes[i] ^= 1;
	}
	for (size_t i = header.size; i < size; i++)
		cr_expect_lt(count_run(bytes, i), RECORDS);
}

Test(segment, records_left_out_or_swapped_have_no_place)
{
	static uint8_t changed[sizeof(bytes)];
	const size_t one = offsets[2] - offsets[1], two = offsets[3] - offsets[2];

	memcpy(changed, bytes, offsets[1]);
	memcpy(changed + offsets[1], bytes + offsets[2], size - offsets[2]);
	cr_expect_eq(count_run(changed, size - one), 1);
	memcpy(changed + offsets[1], bytes + offsets[2], two);
	memcpy(changed + offsets[1] + two, bytes + offsets[1], one);
	memcpy(changed + offsets[3], bytes + offsets[3], size - offsets[3]);
	cr_expect_eq(count_run(changed, size), 1);
	memcpy(changed, bytes, size);
	cr_expect_eq(count_run(changed, size), RECORDS);
}

/* Links need no key: who forges them in a row still has no record that opens behind the forged one. */
Test(segment, forged_links_do_not_open)
{
	static uint8_t forged[sizeof(bytes)];
	struct segment_record record = record_at(bytes, size, 0);
	uint8_t pruned[SEGMENT_PRUNED_SIZE], hash[SEGMENT_HASH_SIZE], pair[2 * SEGMENT_HASH_SIZE],
		fixed[SEGMENT_FIXED_SIZE], record_bytes[SEGMENT_FIXED_SIZE + SEGMENT_HASH_SIZE];
	const size_t next = header.size + sizeof(pruned);
	uint32_t before_size;

	cr_assert_eq(segment_record_prune(&record, pruned), 0);
	pruned[8]++; /* first_sequence */
	memcpy(fixed, pruned, sizeof(fixed));
	memcpy(&before_size, pruned + SEGMENT_FIXED_SIZE, 4);
	memcpy(fixed, &before_size, 4);
	fixed[21] = 0; /* as first written */
	memcpy(record_bytes, fixed, sizeof(fixed));
	memcpy(record_bytes + sizeof(fixed), pruned + SEGMENT_FIXED_SIZE + 4, SEGMENT_HASH_SIZE);
	cr_assert(EVP_Digest(record_bytes, sizeof(record_bytes), hash, NULL, EVP_sha256(), NULL));
	memcpy(pair, header.hash, SEGMENT_HASH_SIZE);
	memcpy(pair + SEGMENT_HASH_SIZE, hash, SEGMENT_HASH_SIZE);
	cr_assert(EVP_Digest(pair, sizeof(pair), pruned + sizeof(pruned) - SEGMENT_HASH_SIZE, NULL,
		EVP_sha256(), NULL));
	memcpy(forged, header.bytes, header.size);
	memcpy(forged + header.size, pruned, sizeof(pruned));
	memcpy(forged + next, bytes + offsets[1], size - offsets[1]);
	cr_expect_eq(count_run(forged, next + size - offsets[1]), 0, "its first number is known");

	/* the same without the lie, as positive control of the forging: it has its place */
	cr_assert_eq(segment_record_prune(&record, pruned), 0);
	memcpy(forged + header.size, pruned, sizeof(pruned));
	cr_expect_eq(count_run(forged, next + size - offsets[1]), RECORDS);
	cr_expect_eq(open_at(forged, next + size - offsets[1], 1), 0);
}

/* A link that is forged consistently, in the record itself and in those behind it. */
Test(segment, a_record_opens_only_behind_the_one_it_was_sealed_behind)
{
	auto_call(segment_opener_freep) struct segment_opener *opener = NULL;
	struct segment_record record = record_at(bytes, size, 1);
	auto_free char *lines = NULL;
	size_t lines_size;

	cr_assert_eq(segment_opener_new(&header, keys.private_key, &opener), 0);
	record.before[0] ^= 1;
	cr_expect_eq(segment_open_record(opener, &record, &lines, &lines_size), -EBADMSG);
	cr_expect_null(segment_packed(opener, &lines_size));
	record.before[0] ^= 1;
	cr_expect_eq(segment_open_record(opener, &record, &lines, &lines_size), 0);
}

Test(segment, a_pruned_record_keeps_its_place)
{
	static uint8_t shorter[sizeof(bytes)];
	struct segment_record record = record_at(bytes, size, 0), pruned;
	size_t used = header.size;

	memcpy(shorter, header.bytes, header.size);
	cr_assert_eq(segment_record_prune(&record, shorter + used), 0);
	used += SEGMENT_PRUNED_SIZE;
	memcpy(shorter + used, bytes + offsets[1], size - offsets[1]);
	used += size - offsets[1];
	cr_assert_eq(count_run(shorter, used), RECORDS);
	pruned = record_at(shorter, used, 0);
	cr_expect(pruned.is_pruned);
	cr_expect_eq(pruned.count, PER_RECORD);
	cr_expect_eq(pruned.first_sequence, FIRST);
	cr_expect_eq(pruned.size, SEGMENT_PRUNED_SIZE);
	cr_expect_eq(open_at(shorter, used, 0), -ENODATA);
	cr_expect_eq(open_at(shorter, used, 3), 0);
	for (size_t i = header.size; i < header.size + SEGMENT_PRUNED_SIZE; i++) {
		shorter[i] ^= 1;
		cr_expect_eq(count_run(shorter, used), 0, "byte %zu", i - header.size);
		shorter[i] ^= 1;
	}
	cr_expect_eq(segment_record_prune(&pruned, shorter), -EINVAL, "only once");
}

Test(segment, alerts_and_lost_ones_are_not_pruned)
{
	uint8_t pruned[SEGMENT_PRUNED_SIZE];

	for (unsigned int i = 0; i < RECORDS; i++) {
		struct segment_record record = record_at(bytes, size, i);

		cr_expect_eq(segment_record_prune(&record, pruned),
			record.kind == SEGMENT_NORMAL ? 0 : -EINVAL);
	}
	pruned[20] = SEGMENT_ALERT; /* kind */
	cr_expect_eq(segment_record_parse(&(struct bytes_reader){pruned, sizeof(pruned), false},
			     &(struct segment_record){0}),
		-EBADMSG);
	pruned[20] = SEGMENT_NORMAL;
	cr_expect_eq(segment_record_parse(&(struct bytes_reader){pruned, sizeof(pruned), false},
			     &(struct segment_record){0}),
		0);
}

static size_t batch_of(unsigned int first, unsigned int last, uint8_t *ret_batch)
{
	struct segment_record record = record_at(bytes, size, first);
	size_t used = header.size;

	memcpy(ret_batch, header.bytes, used);
	memcpy(ret_batch + used, record.before, SEGMENT_HASH_SIZE);
	used += SEGMENT_HASH_SIZE;
	memcpy(ret_batch + used, bytes + offsets[first], offsets[last + 1] - offsets[first]);
	return used + offsets[last + 1] - offsets[first];
}

Test(segment, any_run_of_records_is_a_batch)
{
	static uint8_t batch[SEGMENT_BATCH_MAX + 1];

	for (unsigned int first = 0; first < RECORDS; first++)
		for (unsigned int last = first; last < RECORDS; last++) {
			auto_call(segment_opener_freep) struct segment_opener *opener = NULL;
			size_t used = batch_of(first, last, batch);
			struct segment_record record;
			struct segment_header parsed;
			struct segment_run run;

			cr_assert_eq(segment_batch_parse(batch, used, &parsed, &run), 0);
			cr_assert_eq(segment_opener_new(&parsed, keys.private_key, &opener), 0);
			for (unsigned int i = first; i <= last; i++) {
				auto_free char *lines = NULL;
				size_t lines_size;

				cr_assert_eq(segment_run_next(&run, &record), 1);
				cr_expect_eq(record.index, i);
				cr_expect_eq(
					segment_open_record(opener, &record, &lines, &lines_size),
					0);
			}
			cr_expect_eq(segment_run_next(&run, &record), 0);
		}
}

Test(segment, a_batch_that_lies_about_its_place_is_refused)
{
	static uint8_t batch[SEGMENT_BATCH_MAX + 1];
	struct segment_record record;
	struct segment_header parsed;
	struct segment_run run;
	size_t used = batch_of(1, 2, batch);

	batch[header.size] ^= 1; /* the link before */
	cr_assert_eq(segment_batch_parse(batch, used, &parsed, &run), 0);
	cr_expect_eq(segment_run_next(&run, &record), -EBADMSG);
	batch[header.size] ^= 1;
	memcpy(batch + header.size, header.hash, SEGMENT_HASH_SIZE);
	cr_assert_eq(segment_batch_parse(batch, used, &parsed, &run), 0);
	cr_expect_eq(segment_run_next(&run, &record), -EBADMSG, "it is not the first");
	used = batch_of(1, 2, batch);
	cr_assert_eq(segment_batch_parse(batch, used, &parsed, &run), 0);
	cr_expect_eq(segment_run_next(&run, &record), 1);
	cr_expect_eq(segment_batch_parse(batch, SEGMENT_BATCH_MAX + 1, &parsed, &run), -EMSGSIZE);
	cr_expect_eq(segment_batch_parse(batch, header.size + SEGMENT_HASH_SIZE - 1, &parsed, &run),
		-EBADMSG);
}

Test(segment, frames_are_what_their_numbers_say)
{
	static uint8_t record[SEGMENT_RECORD_MAX];
	static char many[SEGMENT_EVENTS_MAX * 2 + 2];
	auto_call(segment_sealer_freep) struct segment_sealer *sealer = NULL;
	struct segment_plan plan = plan_of();
	struct segment_frame frame = {FIRST, 2, SEGMENT_NORMAL, "a\nb\n", 4};
	size_t one;

	cr_assert_eq(segment_sealer_new(&plan, &sealer), 0);
	frame.count = 1;
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), -EINVAL);
	frame.count = 3;
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), -EINVAL);
	frame = (struct segment_frame){FIRST, 2, SEGMENT_NORMAL, "a\nb", 3};
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), -EINVAL);
	frame = (struct segment_frame){FIRST, 2, SEGMENT_NORMAL, "a\n\0\n", 4};
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), -EINVAL);
	frame = (struct segment_frame){FIRST, 2, SEGMENT_LOST, "a\nb\n", 4};
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), -EINVAL);
	frame = (struct segment_frame){FIRST, 2, SEGMENT_KIND_MAX, "a\nb\n", 4};
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), -EINVAL);
	frame = (struct segment_frame){FIRST + 1, 2, SEGMENT_NORMAL, "a\nb\n", 4};
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), -ERANGE);
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = i & 1 ? '\n' : 'x';
	frame = (struct segment_frame){
		FIRST, SEGMENT_EVENTS_MAX + 1, SEGMENT_NORMAL, many, sizeof(many)};
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), -EINVAL);
	frame = (struct segment_frame){
		FIRST, SEGMENT_EVENTS_MAX, SEGMENT_NORMAL, many, sizeof(many) - 2};
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), 0, "after all that was refused");
}

/* Random letters: they do not become small enough; half of them do. */
Test(segment, what_is_too_large_is_to_be_split)
{
	static uint8_t record[SEGMENT_RECORD_MAX];
	static char line[128 << 10];
	auto_call(segment_sealer_freep) struct segment_sealer *sealer = NULL;
	struct segment_plan plan = plan_of();
	struct segment_frame frame = {FIRST, 1, SEGMENT_NORMAL, line, sizeof(line)};
	size_t one = 0;

	srand(1);
	for (size_t i = 0; i < sizeof(line); i++)
		line[i] = (char)('!' + rand() % 90);
	line[sizeof(line) - 1] = line[sizeof(line) / 2 - 1] = '\n';
	frame.count = 2;
	cr_assert_eq(segment_sealer_new(&plan, &sealer), 0);
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), -EMSGSIZE);
	frame.count = 1;
	frame.size = sizeof(line) / 2;
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), 0);
	cr_expect_leq(one, SEGMENT_RECORD_MAX);
	frame.size = SEGMENT_RAW_MAX + 1;
	cr_expect_eq(segment_seal(sealer, &frame, record, &one), -EMSGSIZE);
}

Test(segment, what_the_signer_says_is_told)
{
	struct segment_sealer *sealer = NULL;
	struct segment_plan plan = plan_of();

	keys.refusal = -EACCES;
	cr_expect_eq(segment_sealer_new(&plan, &sealer), -EACCES);
	keys.refusal = 0;
	memset(plan.console_key, 0, HPKE_KEY_SIZE);
	cr_expect_eq(segment_sealer_new(&plan, &sealer), -EBADMSG);
	cr_expect_null(sealer);
	memcpy(plan.console_key, keys.public_key, HPKE_KEY_SIZE);
	cr_expect_eq(segment_sealer_new(&plan, &sealer), 0);
	segment_sealer_free(sealer);
}
