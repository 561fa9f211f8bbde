/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows for COPY ... (FORMAT binary): https://www.postgresql.org/docs/15/sql-copy.html. Columns are
 * as wide as the table's: what has another width is refused as a whole.
 */
#ifndef HOLDFAST_CONSOLE_STORE_POSTGRES_COPY_H
#define HOLDFAST_CONSOLE_STORE_POSTGRES_COPY_H

#include <stddef.h>
#include <stdint.h>

#define COPY_HEADER_SIZE 19

struct copy_buffer {
	uint8_t *bytes; /* header and rows; NULL as long as there is none */
	size_t size, room;
};

/* Makes room for one more row of that many columns and bytes in them, and begins it. -ENOMEM. */
int copy_row(struct copy_buffer *buffer, unsigned int columns, size_t size);
void copy_int8(struct copy_buffer *buffer, int64_t value);
void copy_int4(struct copy_buffer *buffer, uint32_t value);
void copy_int2(struct copy_buffer *buffer, uint16_t value);
void copy_bytes(struct copy_buffer *buffer, const void *bytes, size_t size);
/* Ends it: no more rows. -ENOMEM. */
int copy_end(struct copy_buffer *buffer);
/* Back to no rows; the memory stays. */
void copy_clear(struct copy_buffer *buffer);

#endif
