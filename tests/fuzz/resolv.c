/* SPDX-License-Identifier: Apache-2.0 */
/* resolv.conf, as any network may have it written. */
#include <assert.h>
#include <string.h>

#include "agent/scout/resolv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct scout_suffixes suffixes;

	memset(&suffixes, 0, sizeof(suffixes));
	resolv_read((const char *)bytes, size, &suffixes);
	assert(suffixes.count <= ZONE_SUFFIX_MAX);
	for (size_t i = 0; i < suffixes.count; i++) {
		size_t length = strnlen(suffixes.suffixes[i], ZONE_SUFFIX_SIZE);

		assert(length && length < ZONE_SUFFIX_SIZE);
		assert(strspn(suffixes.suffixes[i], "abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
			length);
	}
	return 0;
}
