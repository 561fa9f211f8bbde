/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a local request: what decodes encodes to the same bytes. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ipc/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const uint8_t *bytes, size_t size)
{
	static uint8_t again[LOCAL_REQUEST_MAX];
	static struct local_request request;
	struct bytes_writer frame;
	void *exact = malloc(size ? size : 1); /* the sanitizer sees a byte past */

	assert(exact);
	memcpy(exact, bytes, size);
	if (local_request_decode(exact, size, &request) == 0) {
		assert(request.type >= LOCAL_STATUS && request.type <= LOCAL_POLICY_SHOW);
		assert(!strchr(request.name, '/') || request.type < LOCAL_LABEL_SET ||
			request.type > LOCAL_LABEL_SHOW);
		local_request_put(&frame, again, sizeof(again), &request);
		assert(wire_end(&frame) == (int)size);
		assert(!memcmp(again, bytes, size));
	}
	free(exact);
}

/* As it is; and with a frame's header that fits, so that the fuzzer gets past it at once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t framed[LOCAL_REQUEST_MAX];
	struct bytes_writer frame;

	decode(data, size);
	if (!size || size > sizeof(framed) - WIRE_HEADER_SIZE)
		return 0;
	wire_begin(&frame, framed, sizeof(framed), 1 + data[0] % LOCAL_POLICY_SHOW);
	bytes_put_blob(&frame, data + 1, size - 1);
	if (wire_end(&frame) > 0)
		decode(framed, frame.used);
	return 0;
}
