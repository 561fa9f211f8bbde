/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/postgres/copy.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Signature, flags, no extension. */
static const uint8_t header[COPY_HEADER_SIZE] = {
	'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', 0};

static int make_room(struct copy_buffer *buffer, size_t more)
{
	size_t wanted = buffer->size + more, room = buffer->room ? buffer->room : 65536;
	uint8_t *bytes;

	if (wanted <= buffer->room)
		return 0;
	while (room < wanted)
		room *= 2;
	bytes = realloc(buffer->bytes, room);
	if (!bytes)
		return -ENOMEM;
	buffer->bytes = bytes;
	buffer->room = room;
	return 0;
}

static void put(struct copy_buffer *buffer, const void *bytes, size_t size)
{
	memcpy(buffer->bytes + buffer->size, bytes, size);
	buffer->size += size;
}

static void put_length(struct copy_buffer *buffer, uint32_t length)
{
	length = htobe32(length);
	put(buffer, &length, sizeof(length));
}

int copy_row(struct copy_buffer *buffer, unsigned int columns, size_t size)
{
	uint16_t count = htobe16((uint16_t)columns);
	int r;

	r = make_room(buffer, sizeof(header) + sizeof(count) + columns * sizeof(uint32_t) + size);
	if (r < 0)
		return r;
	if (!buffer->size)
		put(buffer, header, sizeof(header));
	put(buffer, &count, sizeof(count));
	return 0;
}

void copy_int8(struct copy_buffer *buffer, int64_t value)
{
	uint64_t wire = htobe64((uint64_t)value);

	put_length(buffer, sizeof(wire));
	put(buffer, &wire, sizeof(wire));
}

void copy_int4(struct copy_buffer *buffer, uint32_t value)
{
	value = htobe32(value);
	put_length(buffer, sizeof(value));
	put(buffer, &value, sizeof(value));
}

void copy_int2(struct copy_buffer *buffer, uint16_t value)
{
	value = htobe16(value);
	put_length(buffer, sizeof(value));
	put(buffer, &value, sizeof(value));
}

void copy_bytes(struct copy_buffer *buffer, const void *bytes, size_t size)
{
	put_length(buffer, (uint32_t)size);
	put(buffer, bytes, size);
}

int copy_end(struct copy_buffer *buffer)
{
	static const uint8_t end[2] = {0xff, 0xff}; /* a row of -1 columns */
	int r = make_room(buffer, sizeof(end));

	if (r == 0)
		put(buffer, end, sizeof(end));
	return r;
}

void copy_clear(struct copy_buffer *buffer)
{
	buffer->size = 0;
}
