/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes on the engine's local socket. What must hold: a request that is taken has a known type,
 * texts that end inside their fields, an object that names one entry of a directory when its type
 * needs one, and is put to the very same bytes again. Whatever fails writes nothing.
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "agent/ipc/request.h"
#include "tests/fuzz/frame.h"

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static void check_request(const struct local_request *request, const uint8_t *data, size_t size)
{
	static uint8_t bytes[LOCAL_REQUEST_MAX];
	struct bytes_writer frame;

	assert(request->type >= LOCAL_STATUS && request->type < LOCAL_TYPE_MAX);
	assert(memchr(request->reason, '\0', sizeof(request->reason)));
	assert(memchr(request->label, '\0', sizeof(request->label)));
	assert(memchr(request->name, '\0', sizeof(request->name)));
	assert(memchr(request->path, '\0', sizeof(request->path)));
	assert(!has_control(request->reason) && !has_control(request->label));
	if (request->type >= LOCAL_LABEL_SET && request->type <= LOCAL_LABEL_SHOW)
		assert(request->name[0] && !strchr(request->name, '/') && request->path[0] == '/');
	assert(request->group_count <= LOCAL_GROUP_MAX);
	if (request->type == LOCAL_LOGIN)
		assert(request->account[0] && !has_control(request->account) &&
			!has_control(request->terminal));
	local_request_put(&frame, bytes, sizeof(bytes), request);
	assert(wire_end(&frame) == (int)size);
	assert(!memcmp(bytes, data, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct local_request request, before;
	int r;

	memset(&request, 0x5a, sizeof(request));
	memcpy(&before, &request, sizeof(before));
	r = local_request_decode(data, size, &request);
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
