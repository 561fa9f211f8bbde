/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded little-endian cursors over memory that the caller owns. */
#include "common/bytes.h"

#include <assert.h>
#include <string.h>

void bytes_writer_init(struct bytes_writer *writer, void *start, size_t size)
{
	*writer = (struct bytes_writer){.start = start, .size = size};
}

void bytes_put_blob(struct bytes_writer *writer, const void *blob, size_t size)
{
	if (writer->is_full || size > writer->size - writer->used) {
		writer->is_full = true;
		return;
	}
	if (size)
		memcpy(writer->start + writer->used, blob, size);
	writer->used += size;
}

static void put_number(struct bytes_writer *writer, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	bytes_put_blob(writer, bytes, size);
}

void bytes_put_u8(struct bytes_writer *writer, uint8_t value)
{
	put_number(writer, value, 1);
}

void bytes_put_u16(struct bytes_writer *writer, uint16_t value)
{
	put_number(writer, value, 2);
}

void bytes_put_u32(struct bytes_writer *writer, uint32_t value)
{
	put_number(writer, value, 4);
}

void bytes_put_u64(struct bytes_writer *writer, uint64_t value)
{
	put_number(writer, value, 8);
}

void bytes_put_string(struct bytes_writer *writer, const char *string)
{
	size_t size = string ? strlen(string) : 0;

	if (size > UINT16_MAX) {
		writer->is_full = true;
		return;
	}
	bytes_put_u16(writer, (uint16_t)size);
	bytes_put_blob(writer, string, size);
}

void bytes_reader_init(struct bytes_reader *reader, const void *start, size_t size)
{
	*reader = (struct bytes_reader){.at = start, .left = size};
}

const uint8_t *bytes_take(struct bytes_reader *reader, size_t size)
{
	const uint8_t *bytes = reader->at;

	if (reader->is_bad || size > reader->left) {
		reader->is_bad = true;
		return NULL;
	}
	reader->at += size;
	reader->left -= size;
	return bytes;
}

void bytes_get_blob(struct bytes_reader *reader, void *ret_blob, size_t size)
{
	const uint8_t *bytes = bytes_take(reader, size);

	if (!bytes)
		memset(ret_blob, 0, size);
	else if (size)
		memcpy(ret_blob, bytes, size);
}

static uint64_t get_number(struct bytes_reader *reader, size_t size)
{
	uint8_t bytes[8];
	uint64_t value = 0;

	bytes_get_blob(reader, bytes, size);
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

uint8_t bytes_get_u8(struct bytes_reader *reader)
{
	return (uint8_t)get_number(reader, 1);
}

uint16_t bytes_get_u16(struct bytes_reader *reader)
{
	return (uint16_t)get_number(reader, 2);
}

uint32_t bytes_get_u32(struct bytes_reader *reader)
{
	return (uint32_t)get_number(reader, 4);
}

uint64_t bytes_get_u64(struct bytes_reader *reader)
{
	return get_number(reader, 8);
}

void bytes_get_string(struct bytes_reader *reader, char *ret_string, size_t size)
{
	size_t length = bytes_get_u16(reader);

	assert(size);
	ret_string[0] = '\0';
	if (length >= size) {
		reader->is_bad = true;
		return;
	}
	bytes_get_blob(reader, ret_string, length);
	ret_string[length] = '\0';
	if (memchr(ret_string, '\0', length)) {
		reader->is_bad = true;
		ret_string[0] = '\0';
	}
}

bool bytes_is_done(const struct bytes_reader *reader)
{
	return !reader->is_bad && !reader->left;
}
