/* SPDX-License-Identifier: Apache-2.0 */
/* The requests' numbers are those of the extensions' protocol headers (xorgproto). */
#include "agent/session/x_requests.h"

#include <assert.h>
#include <string.h>

#include "agent/ipc/capture.h"

#define HEAD_SIZE     4
#define BIG_HEAD_SIZE 8 /* BIG-REQUESTS: no length, then one of 32 bits */

struct request {
	enum x_extension extension;
	uint8_t minor;
	uint8_t method; /* enum capture_method */
};

static const struct x_extension_row extensions[X_EXTENSION_MAX] = {
	[X_EXTENSION_SHM] = {"MIT-SHM", 4, 4},
	[X_EXTENSION_COMPOSITE] = {"Composite", 6, 6},
	[X_EXTENSION_DRI3] = {"DRI3", 3, 8},
	[X_EXTENSION_RECORD] = {"RECORD", 5, 5},
	[X_EXTENSION_XTEST] = {"XTEST", 2, 2},
};

static const struct request requests[] = {
	{X_EXTENSION_SHM, 4, CAPTURE_X11_SHM},		   /* GetImage */
	{X_EXTENSION_COMPOSITE, 6, CAPTURE_X11_COMPOSITE}, /* NameWindowPixmap */
	{X_EXTENSION_DRI3, 3, CAPTURE_X11_DRI3},	   /* BufferFromPixmap */
	{X_EXTENSION_DRI3, 8, CAPTURE_X11_DRI3},	   /* BuffersFromPixmap */
	{X_EXTENSION_RECORD, 5, CAPTURE_X11_RECORD},	   /* EnableContext */
	{X_EXTENSION_XTEST, 2, CAPTURE_X11_XTEST},	   /* FakeInput */
};

const struct x_extension_row *x_extension_row(enum x_extension extension)
{
	assert(extension < X_EXTENSION_MAX);
	return &extensions[extension];
}

unsigned int x_request_method(const struct x_opcodes *opcodes, uint8_t major, uint8_t minor)
{
	if (major == X_REQUESTS_GET_IMAGE)
		return CAPTURE_X11_GETIMAGE;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (major && opcodes->major[requests[i].extension] == major &&
			requests[i].minor == minor)
			return requests[i].method;
	return CAPTURE_NONE;
}

static size_t request_size(const uint8_t *data, size_t size, bool is_swapped)
{
	uint16_t words;
	uint32_t many;

	memcpy(&words, data + 2, sizeof(words));
	if (words)
		return (size_t)(is_swapped ? __builtin_bswap16(words) : words) * 4;
	if (size < BIG_HEAD_SIZE)
		return 0;
	memcpy(&many, data + HEAD_SIZE, sizeof(many));
	return (size_t)(is_swapped ? __builtin_bswap32(many) : many) * 4;
}

size_t x_requests_next(const struct x_opcodes *opcodes, const uint8_t *data, size_t size,
	bool is_swapped, unsigned int *ret_method)
{
	size_t used;

	if (size < HEAD_SIZE)
		return 0;
	used = request_size(data, size, is_swapped);
	if (used < HEAD_SIZE || used > size)
		return 0;
	*ret_method = x_request_method(opcodes, data[0], data[1]);
	return used;
}
