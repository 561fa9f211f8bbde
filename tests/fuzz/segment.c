/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments from who would harm the console. By the first byte: any bytes as a batch; a true segment
 * with some bytes changed and its links made right again, as they need no key; any bytes as what a
 * device sealed that has its own keys. What must hold: nothing opens but what was sealed, in its
 * place, and is then of the size and of the lines that its fixed fields say.
 */
#include <assert.h>
#include <stdlib.h>

#include "common/segment_private.h"
#include "tests/unit/segment_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORDS	   4
#define PATCH_SIZE 3
#define SIGNATURE  70 /* bytes, so that offsets are the same each time */

static uint8_t private_key[HPKE_KEY_SIZE], public_key[HPKE_KEY_SIZE];
static EVP_PKEY *device;
static uint8_t template[RECORDS * 1024];
static size_t template_size;
static struct segment_header header;

static int sign(const void *bytes, size_t size, uint8_t *ret_signature, size_t *ret_signature_size,
	void *userdata)
{
	(void)bytes, (void)size, (void)userdata; /* by nobody */
	memset(ret_signature, 0x30, SIGNATURE);
	*ret_signature_size = SIGNATURE;
	return 0;
}

static void template_make(void)
{
	static char lines[10 * FIXTURE_LINE_SIZE + 1];
	auto_free uint8_t *record = malloc(SEGMENT_RECORD_MAX);
	struct segment_plan plan = {.number = 1, .first_sequence = 1, .sign = sign};
	struct segment_sealer *sealer = NULL;
	int r = hpke_key_generate(private_key, public_key);

	memcpy(plan.console_key, public_key, HPKE_KEY_SIZE);
	device = EVP_EC_gen("P-256");
	assert(r == 0 && device && record);
	r = segment_sealer_new(&plan, &sealer);
	assert(r == 0);
	header = *segment_sealer_header(sealer);
	memcpy(template, header.bytes, header.size);
	memcpy(template + header.size, header.hash, SEGMENT_HASH_SIZE);
	template_size = header.size + SEGMENT_HASH_SIZE;
	for (uint32_t i = 0; i < RECORDS; i++) {
		struct segment_frame frame = {1 + 10 * i, 10,
			i == 2 ? SEGMENT_LOST : SEGMENT_NORMAL, lines,
			i == 2 ? 0 : sizeof(lines) - 1};
		size_t one = 0;

		number_lines(1 + 10 * i, 10, lines);
		r = segment_seal(sealer, &frame, record, &one);
		assert(r == 0 && template_size + one <= sizeof(template));
		memcpy(template + template_size, record, one);
		template_size += one;
	}
	segment_sealer_free(sealer);
}

/* 0 or an errno that it may be; and when 0, what must be. */
static int open_one(struct segment_opener *opener, const struct segment_record *record)
{
	auto_free char *lines = NULL;
	size_t size = 0, count = 0;
	int r = segment_open_record(opener, record, &lines, &size);

	assert(r == 0 || r == -EBADMSG || (r == -ENODATA && record->is_pruned));
	if (r < 0)
		return r;
	assert(size == record->raw_size && lines[size] == '\0');
	for (size_t i = 0; i < size; i++)
		count += lines[i] == '\n';
	assert(count == (record->kind == SEGMENT_LOST ? 0 : record->count));
	return 0;
}

static void prune_one(const struct segment_record *record)
{
	uint8_t bytes[SEGMENT_PRUNED_SIZE];
	struct segment_record pruned;
	struct bytes_reader reader;

	if (record->is_pruned || record->kind != SEGMENT_NORMAL)
		return;
	if (segment_record_prune(record, bytes) < 0)
		abort();
	bytes_reader_init(&reader, bytes, sizeof(bytes));
	if (segment_record_parse(&reader, &pruned) < 0 ||
		segment_record_verify(&pruned, record->before) < 0)
		abort();
	assert(pruned.count == record->count && pruned.first_sequence == record->first_sequence);
}

/* Records of a batch that have their place; how many of them open. */
static unsigned int take_batch(const uint8_t *bytes, size_t size)
{
	struct segment_opener *opener = NULL;
	struct segment_record record;
	struct segment_header parsed;
	struct segment_run run;
	uint64_t next = 0;
	unsigned int opened = 0;

	if (segment_batch_parse(bytes, size, &parsed, &run) < 0)
		return 0;
	assert(parsed.size <= SEGMENT_HEADER_MAX && parsed.size <= size);
	assert(segment_header_verify(&parsed, device) == -EBADMSG);
	if (segment_opener_new(&parsed, private_key, &opener) < 0)
		return 0;
	while (segment_run_next(&run, &record) > 0) {
		assert(!next || record.first_sequence == next);
		next = record.first_sequence + record.count;
		prune_one(&record);
		opened += open_one(opener, &record) == 0;
	}
	segment_opener_free(opener);
	return opened;
}

/* Links as the records now are, by their own sizes. */
static void relink(uint8_t *bytes, size_t size)
{
	struct segment_header parsed;
	struct segment_record record;
	struct bytes_reader reader;
	uint8_t link[SEGMENT_HASH_SIZE], fixed[SEGMENT_FIXED_SIZE], hash[SEGMENT_HASH_SIZE];

	bytes_reader_init(&reader, bytes, size);
	if (segment_header_parse(&reader, &parsed) < 0)
		return;
	memcpy(bytes + parsed.size, parsed.hash, SEGMENT_HASH_SIZE);
	bytes_get_blob(&reader, link, sizeof(link));
	memcpy(link, parsed.hash, sizeof(link));
	while (segment_record_parse(&reader, &record) == 0) {
		segment_fixed(&record, (uint32_t)record.size, fixed);
		if (digest_of(&(struct digest_piece){record.content, record.content_size}, 1,
			    hash) < 0 ||
			segment_link(link, fixed, hash, link) < 0)
			abort();
		memcpy(bytes + (record.link - bytes), link, sizeof(link));
	}
}

static void changed(const uint8_t *data, size_t size)
{
	static uint8_t bytes[sizeof(template)];
	unsigned int opened;
	bool is_same;

	memcpy(bytes, template, template_size);
	for (; size >= PATCH_SIZE; data += PATCH_SIZE, size -= PATCH_SIZE)
		bytes[(size_t)(data[0] | data[1] << 8) % template_size] ^= data[2];
	relink(bytes, template_size);
	is_same = !memcmp(bytes, template, template_size);
	opened = take_batch(bytes, template_size);
	assert(is_same ? opened == RECORDS : opened < RECORDS);
}

/* {count, raw_size 3, kind} and the content before it is sealed. */
static void sealed(const uint8_t *data, size_t size)
{
	static uint8_t bytes[SEGMENT_RECORD_MAX];
	struct segment_record record = {.first_sequence = 1};
	struct segment_header forged = {.number = 1, .first_sequence = 1};
	uint8_t info[SEGMENT_INFO_SIZE], aad[SEGMENT_AAD_SIZE], hash[SEGMENT_HASH_SIZE];
	struct segment_opener *opener = NULL;
	struct hpke *hpke = NULL;
	struct bytes_reader reader;

	if (size < 5 || size > 60000)
		return;
	record.count = data[0];
	record.raw_size = (uint32_t)(data[1] | data[2] << 8 | data[3] << 16);
	record.kind = (enum segment_kind)(data[4] & 3);
	data += 5, size -= 5;
	record.size = SEGMENT_FIXED_SIZE + size + HPKE_TAG_SIZE + SEGMENT_HASH_SIZE;
	segment_info(&forged, info);
	segment_fixed(&record, (uint32_t)record.size, bytes);
	segment_aad(&forged, forged.hash, bytes, aad);
	if (hpke_seal_begin(public_key, info, sizeof(info), forged.enc, &hpke) < 0 ||
		hpke_seal(hpke, &(struct hpke_message){aad, sizeof(aad), data, size},
			bytes + SEGMENT_FIXED_SIZE) < 0 ||
		digest_of(&(struct digest_piece){bytes + SEGMENT_FIXED_SIZE, size + HPKE_TAG_SIZE},
			1, hash) < 0 ||
		segment_link(forged.hash, bytes, hash, bytes + record.size - SEGMENT_HASH_SIZE) <
			0 ||
		segment_opener_new(&forged, private_key, &opener) < 0)
		abort();
	bytes_reader_init(&reader, bytes, record.size);
	if (segment_record_parse(&reader, &record) == 0) {
		if (segment_record_verify(&record, forged.hash) < 0)
			abort();
		(void)open_one(opener, &record); /* whatever it is, within bounds */
	}
	segment_opener_free(opener);
	hpke_free(hpke);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!template_size)
		template_make();
	if (!size)
		return 0;
	if (data[0] % 3 == 0)
		(void)take_batch(data + 1, size - 1); /* of which nothing is known */
	else if (data[0] % 3 == 1)
		changed(data + 1, size - 1);
	else
		sealed(data + 1, size - 1);
	return 0;
}
