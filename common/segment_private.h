/* SPDX-License-Identifier: Apache-2.0 */
/* What building and reading segments share; for common/segment_*.c only. */
#ifndef HOLDFAST_COMMON_SEGMENT_PRIVATE_H
#define HOLDFAST_COMMON_SEGMENT_PRIVATE_H

#include "common/digest.h"
#include "common/segment.h"

#define SEGMENT_MAGIC	   "HFSEG1\0" /* and the NUL that ends the literal */
#define SEGMENT_MAGIC_SIZE 8
#define SEGMENT_INFO	   "holdfast segment 1"
#define SEGMENT_OPEN_SIZE  72 /* bytes of a header before enc */
#define SEGMENT_INFO_SIZE  (sizeof(SEGMENT_INFO) - 1 + SEGMENT_OPEN_SIZE)
#define SEGMENT_AAD_SIZE   (2 * SEGMENT_HASH_SIZE + SEGMENT_FIXED_SIZE)

_Static_assert(SEGMENT_HASH_SIZE == DIGEST_SIZE, "hashes are SHA-256");

/* Everything up to enc, as HPKE's info has it too. */
void segment_header_put_open(struct bytes_writer *writer, const struct segment_header *header);
/* Info for HPKE. */
void segment_info(const struct segment_header *header, uint8_t ret_info[SEGMENT_INFO_SIZE]);

/* Fixed fields as first written, with that size of the whole. */
void segment_fixed(
	const struct segment_record *record, uint32_t size, uint8_t ret_fixed[SEGMENT_FIXED_SIZE]);
/* What a record is sealed with: header, place, fixed fields. */
void segment_aad(const struct segment_header *header, const uint8_t before[SEGMENT_HASH_SIZE],
	const uint8_t fixed[SEGMENT_FIXED_SIZE], uint8_t ret_aad[SEGMENT_AAD_SIZE]);
/* The link after one, by fixed fields as first written and the content's hash. 0 or -EIO. */
int segment_link(const uint8_t before[SEGMENT_HASH_SIZE], const uint8_t fixed[SEGMENT_FIXED_SIZE],
	const uint8_t content_hash[SEGMENT_HASH_SIZE], uint8_t ret_link[SEGMENT_HASH_SIZE]);

#endif
