/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the value of a mark's extended attribute. What must hold: what decodes is encoded to
 * the very same bytes, so that one set has one form; whatever fails writes nothing. And the other
 * way: any set that encodes decodes to that set, sorted and without doubles.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "agent/sensor/mark_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_decode(const uint8_t *data, size_t size)
{
	static struct mark_value value, before;
	uint8_t bytes[MARK_VALUE_MAX];
	int r;

	memset(&value, 0x5a, sizeof(value));
	memcpy(&before, &value, sizeof(before));
	r = mark_value_decode(data, size, &value);
	assert(r == 0 || r == -EBADMSG || r == -EPROTO);
	if (r < 0) {
		assert(!memcmp(&value, &before, sizeof(before)));
		return;
	}
	assert(value.count <= HF_LABEL_MAX);
	assert(size == MARK_VALUE_MAX - (HF_LABEL_MAX - (size_t)value.count) * MARK_VALUE_UUID);
	assert(mark_value_encode(&value, bytes) == (int)size);
	assert(!memcmp(bytes, data, size));
}

static bool has_uuid(const struct mark_value *value, const uint8_t *uuid)
{
	for (uint16_t i = 0; i < value->count; i++)
		if (!memcmp(value->uuids[i], uuid, MARK_VALUE_UUID))
			return true;
	return false;
}

/* The bytes as flags, count and uuids, in this order. */
static void check_encode(const uint8_t *data, size_t size)
{
	static struct mark_value value, back;
	uint8_t bytes[MARK_VALUE_MAX];
	int r;

	memset(&value, 0, sizeof(value));
	memcpy(&value, data, size < sizeof(value) ? size : sizeof(value));
	r = mark_value_encode(&value, bytes);
	if (value.count > HF_LABEL_MAX || value.flags > 7) {
		assert(r == -EINVAL);
		return;
	}
	assert(r > 0 && r <= MARK_VALUE_MAX);
	assert(mark_value_decode(bytes, (size_t)r, &back) == 0);
	assert(back.flags == value.flags && back.count <= value.count);
	for (uint16_t i = 0; i < value.count; i++)
		assert(has_uuid(&back, value.uuids[i]));
	for (uint16_t i = 0; i < back.count; i++)
		assert(has_uuid(&value, back.uuids[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_decode(data, size);
	check_encode(data, size);
	return 0;
}
