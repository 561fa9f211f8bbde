/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a kernel record. What decodes is safe to print and to index with. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/sensor/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const void *bytes, size_t size)
{
	static struct record record;
	void *exact = malloc(size ? size : 1); /* the sanitizer sees a byte past */

	assert(exact);
	memcpy(exact, bytes, size);
	if (record_decode(exact, size, &record) == 0) {
		assert(strlen(record.path) < sizeof(record.path));
		assert(strlen(record.comm) < sizeof(record.comm));
		assert(record.raw.channel < HF_CHANNEL_MAX && record.raw.verdict < HF_VERDICT_MAX);
		assert(record.raw.operation < HF_OPERATION_MAX &&
			record.raw.reason < HF_REASON_MAX);
		assert(!record.path[0] || record.path[0] == '/' ||
			!strncmp(record.path, ".../", 4));
	}
	free(exact);
}

/* As it is; and with a good header in front, so that the fuzzer gets past it at once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_record raw = {0};
	size_t used = size < sizeof(raw) - sizeof(raw.header) ? size
							      : sizeof(raw) - sizeof(raw.header);

	decode(data, size);
	memcpy((uint8_t *)&raw + sizeof(raw.header), data, used);
	raw.header.type = HF_RECORD_VERDICT;
	raw.header.version = HF_RECORD_VERSION;
	raw.header.size = sizeof(raw);
	decode(&raw, sizeof(raw));
	raw.channel %= HF_CHANNEL_MAX;
	raw.verdict %= HF_VERDICT_MAX;
	raw.operation %= HF_OPERATION_MAX;
	raw.reason %= HF_REASON_MAX;
	raw.path_size %= HF_PATH_SIZE + 1;
	decode(&raw, sizeof(raw));
	return 0;
}
