/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the extended attribute: what decodes is what encoding would write. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/sensor/mark_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[MARK_VALUE_MAX];
	struct mark_value value;
	void *exact = malloc(size ? size : 1); /* the sanitizer sees a byte past */

	assert(exact);
	memcpy(exact, data, size);
	if (mark_value_decode(exact, size, &value) == 0) {
		assert(mark_value_encode(&value, again) == (int)size);
		assert(!memcmp(again, data, size));
	}
	free(exact);
	return 0;
}
