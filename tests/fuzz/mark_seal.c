/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a mark, under a key that nobody who chooses them has. What must hold: none of them
 * is true or copied, unless it is the very mark that encode writes for the same labels.
 */
#include <assert.h>
#include <string.h>

#include "agent/sensor/mark_seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[MARK_SEAL_KEY_SIZE] = "not known to who makes the bytes";
	static const struct hf_inode_key inode = {.ino = 1234, .generation = 5};
	static const struct mark_place place = {.key = &inode, .volume = "uuid:fuzz"};
	static struct mark_value value, again;
	static struct mark_seal *seal;
	uint8_t bytes[MARK_VALUE_MAX];
	enum mark_state state;
	int written;

	if (!seal)
		assert(mark_seal_new(key, &seal) == 0);
	state = mark_seal_decode(seal, &place, data, size, &value);
	assert(state == MARK_BROKEN || state == MARK_FOREIGN);
	if (state == MARK_BROKEN)
		return 0;
	again = value;
	written = mark_seal_encode(seal, &place, &again, bytes);
	assert(written == (int)size);
	assert(mark_seal_decode(seal, &place, bytes, (size_t)written, &again) == MARK_TRUE);
	assert(again.count == value.count && again.flags == value.flags);
	return 0;
}
