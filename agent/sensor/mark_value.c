/* SPDX-License-Identifier: Apache-2.0 */
/* Codec of the mark's extended attribute. Pure: fuzzed by tests/fuzz/mark_value.c. */
#include "agent/sensor/mark_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"

#define MAGIC_SIZE  3
#define FLAGS_KNOWN (HF_MARK_DIRECTORY | HF_MARK_POLICY | HF_MARK_DERIVED)

static const char magic[MAGIC_SIZE] = {'H', 'F', 'M'};

static int uuid_compare(const void *a, const void *b)
{
	return memcmp(a, b, MARK_VALUE_UUID);
}

int mark_value_encode(const struct mark_value *value, uint8_t ret_bytes[MARK_VALUE_MAX])
{
	struct mark_value sorted = *value;
	struct bytes_writer writer;
	uint16_t kept = 0;

	if (value->count > HF_LABEL_MAX || (value->flags & ~FLAGS_KNOWN))
		return -EINVAL;
	qsort(sorted.uuids, sorted.count, MARK_VALUE_UUID, uuid_compare);
	for (uint16_t i = 0; i < sorted.count; i++) {
		if (kept && !uuid_compare(sorted.uuids[i], sorted.uuids[kept - 1]))
			continue;
		memmove(sorted.uuids[kept++], sorted.uuids[i], MARK_VALUE_UUID);
	}
	bytes_writer_init(&writer, ret_bytes, MARK_VALUE_MAX);
	bytes_put_blob(&writer, magic, MAGIC_SIZE);
	bytes_put_u8(&writer, MARK_VALUE_VERSION);
	bytes_put_u16(&writer, sorted.flags);
	bytes_put_u16(&writer, kept);
	bytes_put_blob(&writer, sorted.uuids, (size_t)kept * MARK_VALUE_UUID);
	bytes_put_blob(&writer, sorted.home, MARK_VALUE_HOME);
	bytes_put_blob(&writer, sorted.mac, MARK_VALUE_MAC);
	return (int)writer.used;
}

int mark_value_decode(const void *bytes, size_t size_bytes, struct mark_value *ret_value)
{
	struct mark_value value = {0};
	struct bytes_reader reader;
	char found[MAGIC_SIZE];
	uint8_t version;

	bytes_reader_init(&reader, bytes, size_bytes);
	bytes_get_blob(&reader, found, sizeof(found));
	version = bytes_get_u8(&reader);
	if (reader.is_bad || memcmp(found, magic, MAGIC_SIZE) != 0)
		return -EBADMSG;
	if (version != MARK_VALUE_VERSION)
		return -EPROTO;
	value.flags = bytes_get_u16(&reader);
	value.count = bytes_get_u16(&reader);
	if (value.count > HF_LABEL_MAX || (value.flags & ~FLAGS_KNOWN))
		return -EBADMSG;
	for (uint16_t i = 0; i < value.count; i++) {
		bytes_get_blob(&reader, value.uuids[i], MARK_VALUE_UUID);
		if (i && uuid_compare(value.uuids[i - 1], value.uuids[i]) >= 0)
			return -EBADMSG;
	}
	bytes_get_blob(&reader, value.home, MARK_VALUE_HOME);
	bytes_get_blob(&reader, value.mac, MARK_VALUE_MAC);
	if (!bytes_is_done(&reader))
		return -EBADMSG;
	*ret_value = value;
	return 0;
}
