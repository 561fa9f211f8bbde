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

bool keyring_is_wake(const void *packet, size_t size)
{
	struct bytes_reader payload;
	uint16_t type;

	return wire_open(packet, size, &type, &payload) == 0 && type == KEYRING_WAKE &&
	       bytes_is_done(&payload);
}

int keyring_want_put(uint8_t ret_bytes[KEYRING_BYTES_MAX], const struct keyring_want *want)
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, ret_bytes, KEYRING_BYTES_MAX);
	bytes_put_u8(&writer, want->is_verified);
	bytes_put_u8(&writer, want->drop);
	bytes_put_u16(&writer, want->count);
	for (unsigned int i = 0; i < want->count; i++)
		bytes_put_blob(&writer, want->labels[i], KEYRING_UUID_SIZE);
	return (int)writer.used;
}

int keyring_want_get(const void *bytes, size_t size, struct keyring_want *ret_want)
{
	struct bytes_reader reader;

	bytes_reader_init(&reader, bytes, size);
	ret_want->is_verified = bytes_get_u8(&reader);
	ret_want->drop = bytes_get_u8(&reader);
	ret_want->count = bytes_get_u16(&reader);
	if (ret_want->is_verified > 1 || ret_want->drop >= KEYRING_DROP_MAX ||
		ret_want->count > KEYRING_LABELS_MAX)
		return -EBADMSG;
	for (unsigned int i = 0; i < ret_want->count; i++)
		bytes_get_blob(&reader, ret_want->labels[i], KEYRING_UUID_SIZE);
	return bytes_is_done(&reader) ? 0 : -EBADMSG;
}

int keyring_keys_put(uint8_t ret_bytes[KEYRING_BYTES_MAX], const struct keyring_keys *keys)
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, ret_bytes, KEYRING_BYTES_MAX);
	bytes_put_u8(&writer, keys->place);
	bytes_put_u8(&writer, keys->is_shut);
	bytes_put_u32(&writer, keys->granted);
	bytes_put_u32(&writer, keys->refused);
	bytes_put_string(&writer, keys->code);
	bytes_put_u16(&writer, keys->count);
	for (unsigned int i = 0; i < keys->count; i++) {
		const struct keyring_label *label = &keys->labels[i];

		bytes_put_blob(&writer, label->label, KEYRING_UUID_SIZE);
		bytes_put_u32(&writer, label->generation);
		bytes_put_u16(&writer, label->generations);
		bytes_put_u64(&writer, label->until_ms);
		bytes_put_u8(&writer, label->drop);
	}
	return (int)writer.used;
}

int keyring_keys_get(const void *bytes, size_t size, struct keyring_keys *ret_keys)
{
	struct bytes_reader reader;

	bytes_reader_init(&reader, bytes, size);
	ret_keys->place = bytes_get_u8(&reader);
	ret_keys->is_shut = bytes_get_u8(&reader);
	ret_keys->granted = bytes_get_u32(&reader);
	ret_keys->refused = bytes_get_u32(&reader);
	bytes_get_string(&reader, ret_keys->code, sizeof(ret_keys->code));
	ret_keys->count = bytes_get_u16(&reader);
	if (reader.is_bad || ret_keys->count > KEYRING_LABELS_MAX)
		return -EBADMSG;
	for (unsigned int i = 0; i < ret_keys->count; i++) {
		struct keyring_label *label = &ret_keys->labels[i];

		bytes_get_blob(&reader, label->label, KEYRING_UUID_SIZE);
		label->generation = bytes_get_u32(&reader);
		label->generations = bytes_get_u16(&reader);
		label->until_ms = bytes_get_u64(&reader);
		label->drop = bytes_get_u8(&reader);
		if (label->drop >= KEYRING_DROP_MAX)
			reader.is_bad = true;
	}
	return bytes_is_done(&reader) ? 0 : -EBADMSG;
}
