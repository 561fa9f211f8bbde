/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 over pieces that lie apart. */
#ifndef HOLDFAST_COMMON_DIGEST_H
#define HOLDFAST_COMMON_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32

struct digest_piece {
	const void *bytes;
	size_t size;
};

/* ret_digest may be one of the pieces. 0 or -EIO. */
int digest_of(const struct digest_piece *pieces, size_t count, uint8_t ret_digest[DIGEST_SIZE]);

#endif
