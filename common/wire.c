/* SPDX-License-Identifier: Apache-2.0 */
/* Framing only: types and payloads are their owners'. */
#include "common/wire.h"

#include <errno.h>

void wire_begin(struct bytes_writer *writer, void *buffer, size_t size, uint16_t type)
{
	bytes_writer_init(writer, buffer, size > WIRE_FRAME_MAX ? WIRE_FRAME_MAX : size);
	bytes_put_u16(writer, WIRE_VERSION);
	bytes_put_u16(writer, type);
	bytes_put_u32(writer, 0);
}

int wire_end(struct bytes_writer *writer)
{
	struct bytes_writer header;

	if (writer->is_full || writer->used < WIRE_HEADER_SIZE)
		return -EMSGSIZE;
	bytes_writer_init(&header, writer->start + 4, 4);
	bytes_put_u32(&header, (uint32_t)(writer->used - WIRE_HEADER_SIZE));
	return (int)writer->used;
}

int wire_open(const void *packet, size_t size, uint16_t *ret_type, struct bytes_reader *ret_payload)
{
	struct bytes_reader reader;
	uint16_t version, type;
	uint32_t payload;

	bytes_reader_init(&reader, packet, size);
	version = bytes_get_u16(&reader);
	type = bytes_get_u16(&reader);
	payload = bytes_get_u32(&reader);
	if (reader.is_bad || payload != reader.left)
		return -EBADMSG;
	if (version != WIRE_VERSION)
		return -EPROTONOSUPPORT;
	*ret_type = type;
	*ret_payload = reader;
	return 0;
}
