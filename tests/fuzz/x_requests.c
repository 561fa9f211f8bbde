/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what an X11 server's RECORD extension hands over. What must hold: each request lies
 * within them and takes some, a method is one of X11's, and no request of a server without extensions
 * is one of theirs.
 */
#include <assert.h>

#include "agent/session/x_requests.h"
#include "agent/ipc/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct x_opcodes opcodes;
	const struct x_opcodes none = {{0}};
	unsigned int method, plain;
	bool is_swapped;
	size_t used;

	if (size < sizeof(opcodes) + 1)
		return 0;
	for (unsigned int i = 0; i < X_EXTENSION_MAX; i++)
		opcodes.major[i] = data[i];
	is_swapped = data[X_EXTENSION_MAX] & 1;
	data += X_EXTENSION_MAX + 1;
	size -= X_EXTENSION_MAX + 1;
	while ((used = x_requests_next(&opcodes, data, size, is_swapped, &method)) > 0) {
		assert(used >= 4 && used <= size);
		assert(method < CAPTURE_PORTAL_SCREENSHOT);
		assert(x_requests_next(&none, data, size, is_swapped, &plain) == used);
		assert(plain ==
			(data[0] == X_REQUESTS_GET_IMAGE ? CAPTURE_X11_GETIMAGE : CAPTURE_NONE));
		data += used;
		size -= used;
	}
	return 0;
}
