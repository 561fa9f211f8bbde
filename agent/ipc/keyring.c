/* SPDX-License-Identifier: Apache-2.0 */
/* Codec only; who may ask for what is the keyring's business. */
#include "agent/ipc/keyring.h"

#include <errno.h>

static void blob_put(struct bytes_writer *frame, const uint8_t *bytes, uint16_t size)
{
	bytes_put_u16(frame, size);
	bytes_put_blob(frame, bytes, size);
}

static uint16_t blob_get(struct bytes_reader *payload, uint8_t *ret_bytes)
{
	uint16_t size = bytes_get_u16(payload);

	if (size > KEYRING_BYTES_MAX) {
		payload->is_bad = true;
		return 0;
	}
	bytes_get_blob(payload, ret_bytes, size);
	return size;
}

void keyring_request_put(struct bytes_writer *frame, void *buffer, size_t size,
	const struct keyring_request *request)
{
	wire_begin(frame, buffer, size, request->verb);
	bytes_put_u8(frame, request->which);
	blob_put(frame, request->bytes, request->size);
}

int keyring_request_decode(const void *packet, size_t size, struct keyring_request *ret_request)
{
	struct bytes_reader payload;
	int r;

	r = wire_open(packet, size, &ret_request->verb, &payload);
	if (r < 0)
		return r;
	if (ret_request->verb < KEYRING_PUBLIC || ret_request->verb >= KEYRING_ANSWER)
		return -EOPNOTSUPP;
	ret_request->which = bytes_get_u8(&payload);
	ret_request->size = blob_get(&payload, ret_request->bytes);
	return bytes_is_done(&payload) && ret_request->which <= KEYRING_NEXT ? 0 : -EBADMSG;
}

void keyring_answer_put(
	struct bytes_writer *frame, void *buffer, size_t size, const struct keyring_answer *answer)
{
	wire_begin(frame, buffer, size, KEYRING_ANSWER);
	bytes_put_u32(frame, (uint32_t)answer->error);
	blob_put(frame, answer->bytes, answer->size);
}

int keyring_answer_decode(const void *packet, size_t size, struct keyring_answer *ret_answer)
{
	struct bytes_reader payload;
	uint16_t type;
	int r;

	r = wire_open(packet, size, &type, &payload);
	if (r < 0)
		return r;
	if (type != KEYRING_ANSWER)
		return -EBADMSG;
	ret_answer->error = (int32_t)bytes_get_u32(&payload);
	ret_answer->size = blob_get(&payload, ret_answer->bytes);
	return bytes_is_done(&payload) ? 0 : -EBADMSG;
}
