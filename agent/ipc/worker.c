/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ipc/worker.h"

#include <errno.h>

void worker_request_put(
	uint8_t ret_bytes[WORKER_REQUEST_SIZE], const struct worker_request *request)
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, ret_bytes, WORKER_REQUEST_SIZE);
	bytes_put_u32(&writer, request->kind);
	bytes_put_u32(&writer, request->uid);
}

int worker_request_get(const uint8_t *bytes, size_t size, struct worker_request *ret_request)
{
	struct bytes_reader reader;

	bytes_reader_init(&reader, bytes, size);
	ret_request->kind = bytes_get_u32(&reader);
	ret_request->uid = bytes_get_u32(&reader);
	return bytes_is_done(&reader) ? 0 : -EBADMSG;
}

void worker_answer_put(
	struct bytes_writer *frame, void *buffer, size_t size, const struct worker_answer *answer)
{
	wire_begin(frame, buffer, size, answer->type);
	bytes_put_u32(frame, (uint32_t)answer->error);
	bytes_put_string(frame, answer->words);
	bytes_put_string(frame, answer->code);
}

int worker_answer_decode(const void *packet, size_t size, struct worker_answer *ret_answer)
{
	struct bytes_reader payload;
	int r;

	r = wire_open(packet, size, &ret_answer->type, &payload);
	if (r < 0)
		return r;
	ret_answer->error = (int32_t)bytes_get_u32(&payload);
	bytes_get_string(&payload, ret_answer->words, sizeof(ret_answer->words));
	bytes_get_string(&payload, ret_answer->code, sizeof(ret_answer->code));
	if (!bytes_is_done(&payload) || ret_answer->error > 0)
		return -EBADMSG;
	return ret_answer->type == WORKER_SHOW || ret_answer->type == WORKER_VERDICT ? 0 : -EBADMSG;
}
