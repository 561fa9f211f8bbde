/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded little-endian cursors. Errors stick: put or get everything, then ask once at the end.
 */
#ifndef HOLDFAST_COMMON_BYTES_H
#define HOLDFAST_COMMON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes_writer {
	uint8_t *start; /* borrowed */
	size_t size;
	size_t used;
	bool is_full; /* something did not fit: what was written is worthless */
};

struct bytes_reader {
	const uint8_t *at; /* borrowed */
	size_t left;
	bool is_bad; /* something was missing or wrong: what was read is worthless */
};

void bytes_writer_init(struct bytes_writer *writer, void *start, size_t size);
void bytes_put_u8(struct bytes_writer *writer, uint8_t value);
void bytes_put_u16(struct bytes_writer *writer, uint16_t value);
void bytes_put_u32(struct bytes_writer *writer, uint32_t value);
void bytes_put_u64(struct bytes_writer *writer, uint64_t value);
void bytes_put_blob(struct bytes_writer *writer, const void *blob, size_t size);
/* 16 bits of length, then the bytes; NULL is written as "". */
void bytes_put_string(struct bytes_writer *writer, const char *string);

void bytes_reader_init(struct bytes_reader *reader, const void *start, size_t size);
/* Zero when the bytes are missing. */
uint8_t bytes_get_u8(struct bytes_reader *reader);
uint16_t bytes_get_u16(struct bytes_reader *reader);
uint32_t bytes_get_u32(struct bytes_reader *reader);
uint64_t bytes_get_u64(struct bytes_reader *reader);
/* So many bytes where they are; NULL when they are missing. */
const uint8_t *bytes_take(struct bytes_reader *reader, size_t size);
/* ret_blob is zeroed when the bytes are missing. */
void bytes_get_blob(struct bytes_reader *reader, void *ret_blob, size_t size);
/* Ends with NUL in any case; bad when longer than size - 1 or when a NUL is inside. */
void bytes_get_string(struct bytes_reader *reader, char *ret_string, size_t size);
/* Whether all was there and nothing is left over. */
bool bytes_is_done(const struct bytes_reader *reader);

#endif
