/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes on the store's socket for administrators. What must hold: a request that is taken has a
 * known type, known flags, numbers within bounds, texts that end inside their fields and move no
 * cursor, and is put to the very same bytes again. Whatever fails writes nothing.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/wire.h"
#include "console/ipc/admin.h"
#include "tests/fuzz/frame.h"

static void check_text(const char *text, size_t size)
{
	assert(memchr(text, '\0', size));
	for (; *text; text++)
		assert((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_request(const struct admin_request *request, const uint8_t *data, size_t size)
{
	static uint8_t bytes[ADMIN_REQUEST_MAX];
	struct bytes_writer frame;

	assert(request->type >= ADMIN_STATUS && request->type < ADMIN_TYPE_MAX);
	assert(!(request->flags & ~ADMIN_FLAGS));
	assert(request->uses <= ADMIN_USES_MAX && request->days <= ADMIN_DAYS_MAX);
	check_text(request->device, sizeof(request->device));
	check_text(request->name, sizeof(request->name));
	check_text(request->verdict, sizeof(request->verdict));
	check_text(request->user, sizeof(request->user));
	check_text(request->text, sizeof(request->text));
	check_text(request->file, sizeof(request->file));
	check_text(request->why, sizeof(request->why));
	admin_request_put(&frame, bytes, sizeof(bytes), request);
	assert(wire_end(&frame) == (int)size);
	assert(!memcmp(bytes, data, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct admin_request request, before;
	int r;

	memset(&request, 0x5a, sizeof(request));
	memcpy(&before, &request, sizeof(before));
	r = admin_request_decode(data, size, &request);
	assert(r == 0 || r == -EBADMSG || r == -EPROTONOSUPPORT || r == -EOPNOTSUPP ||
		r == -EINVAL);
	if (r < 0)
		assert(!memcmp(&request, &before, sizeof(before)));
	else
		check_request(&request, data, size);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned int seed)
{
	bool is_mended;

	return frame_mutate(data, size, size_max, seed, &is_mended);
}
