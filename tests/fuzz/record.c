/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a kernel record. What must hold: a record that decodes has every number in range,
 * a path that begins with "/" or ".../" and holds as many bytes as the names did, and is decoded to
 * the same again. Whatever fails writes nothing. A path completed by its mount is still one.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/sensor/mount_table.h"
#include "agent/sensor/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);

static void check_path(const struct record *record)
{
	const struct hf_record *raw = &record->raw;
	size_t size = strnlen(record->path, sizeof(record->path));

	assert(size < sizeof(record->path));
	if (!raw->path_size || raw->path_is_payload) {
		assert(!size);
		return;
	}
	assert(raw->path[raw->path_size - 1] == '\0');
	assert(size == raw->path_size + (raw->path_is_cut ? 3u : 0u));
	assert(!strncmp(record->path, raw->path_is_cut ? ".../" : "/", raw->path_is_cut ? 4 : 1));
}

static void check_record(const struct record *record)
{
	const struct hf_record *raw = &record->raw;

	assert(raw->header.version == HF_RECORD_VERSION && raw->header.size == sizeof(*raw));
	assert(raw->header.type >= HF_RECORD_VERDICT && raw->header.type <= HF_RECORD_FILE);
	assert(raw->channel < HF_CHANNEL_MAX && raw->verdict < HF_VERDICT_MAX);
	assert(raw->operation < HF_OPERATION_MAX && raw->reason < HF_REASON_MAX);
	assert(raw->path_size <= HF_PATH_SIZE);
	assert(strnlen(record->comm, sizeof(record->comm)) < sizeof(record->comm));
	check_path(record);
}

/* Two file systems: one whole, one of which a part is mounted. */
static struct mount_table *mounts(void)
{
	static const struct mount_entry entries[] = {
		{.dev = 1, .root = "/", .point = "/media/a user/a stick"},
		{.dev = 2, .root = "/a/b", .point = "/mnt"},
	};
	static struct mount_table *table;

	if (table)
		return table;
	table = mount_table_new();
	assert(table);
	mount_table_add(table, &entries[0]);
	mount_table_add(table, &entries[1]);
	return table;
}

/* Completing comes before decoding: it takes any bytes, and makes no bad record of a good one. */
static void check_completion(const uint8_t *data, size_t size, bool is_good)
{
	static struct hf_record raw;
	static struct record record;

	if (size != sizeof(raw))
		return;
	memcpy(&raw, data, size);
	mount_table_complete(mounts(), &raw);
	if (record_decode(&raw, sizeof(raw), &record) == 0)
		check_record(&record);
	else
		assert(!is_good);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct record record, again, before;
	int r;

	memset(&record, 0x5a, sizeof(record));
	memcpy(&before, &record, sizeof(before));
	r = record_decode(data, size, &record);
	assert(r == 0 || r == -EBADMSG || r == -EPROTO);
	check_completion(data, size, r == 0);
	if (r < 0) {
		assert(!memcmp(&record, &before, sizeof(before)));
		return 0;
	}
	check_record(&record);
	assert(record_decode(&record.raw, sizeof(record.raw), &again) == 0);
	assert(!strcmp(record.path, again.path) && !strcmp(record.comm, again.comm));
	return 0;
}

/*
 * Most changes spoil the size or a number at the front and never reach the path. So most of the
 * time the front is mended behind libFuzzer's own change.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned int seed)
{
	struct hf_record raw = {0};

	size = LLVMFuzzerMutate(data, size, size_max);
	if (seed % 8 == 0 || size_max < sizeof(raw))
		return size;
	memcpy(&raw, data, size < sizeof(raw) ? size : sizeof(raw));
	raw.header.version = HF_RECORD_VERSION;
	raw.header.size = sizeof(raw);
	raw.header.type = (uint8_t)(1 + raw.header.type % HF_RECORD_FILE);
	raw.channel %= HF_CHANNEL_MAX;
	raw.verdict %= HF_VERDICT_MAX;
	raw.operation %= HF_OPERATION_MAX;
	raw.reason %= HF_REASON_MAX;
	raw.path_is_within &= 1;
	raw.path_is_payload = seed % 16 == 9	? HF_PAYLOAD_PRINT
			      : seed % 16 == 10 ? HF_PAYLOAD_SCREEN
						: HF_PAYLOAD_NONE;
	raw.inode.dev %= 3;
	raw.path_size %= HF_PATH_SIZE + 2;
	if (seed % 8 > 2 && raw.path_size && raw.path_size <= HF_PATH_SIZE)
		raw.path[raw.path_size - 1] = '\0';
	if (raw.path_is_payload == HF_PAYLOAD_SCREEN) {
		raw.path_size = sizeof(struct hf_screen_shown);
		raw.path[0] %= HF_DISPLAY_MAX + 1;
		memset(raw.path + 1, 0, 3);
	}
	memcpy(data, &raw, sizeof(raw));
	return sizeof(raw);
}
