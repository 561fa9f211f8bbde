/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/payload.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <string.h>

#define ROUNDS	   10 /* as FF1 has for such blocks (NIST SP 800-38G) */
#define HALF_BITS  40
#define HALF_MASK  ((UINT64_C(1) << HALF_BITS) - 1)
#define CHECK_BITS 16

/* The halves of a frame; left is its first 40 bits. */
struct halves {
	uint64_t left, right;
};

static uint64_t round_value(
	const uint8_t key[WATERMARK_KEY_SIZE], unsigned int number, uint64_t half)
{
	uint8_t text[1 + sizeof(half)] = {(uint8_t)number}, hash[EVP_MAX_MD_SIZE];
	unsigned int size;
	uint64_t value;

	half = htole64(half);
	memcpy(text + 1, &half, sizeof(half));
	if (!HMAC(EVP_sha256(), key, WATERMARK_KEY_SIZE, text, sizeof(text), hash, &size))
		assert(false); /* only without SHA-256 */
	memcpy(&value, hash, sizeof(value));
	return le64toh(value) & HALF_MASK;
}

static struct halves encipher(struct halves block, const uint8_t key[WATERMARK_KEY_SIZE])
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		block = (struct halves){block.right, block.left ^ round_value(key, i, block.right)};
	return block;
}

static struct halves decipher(struct halves block, const uint8_t key[WATERMARK_KEY_SIZE])
{
	for (unsigned int i = ROUNDS; i-- > 0;)
		block = (struct halves){block.right ^ round_value(key, i, block.left), block.left};
	return block;
}

void watermark_frame(const struct watermark_payload *payload, const uint8_t key[WATERMARK_KEY_SIZE],
	uint8_t ret_frame[WATERMARK_FRAME_BITS])
{
	uint64_t minute = payload->minute & 0xffffff;
	struct halves block = {
		.left = (uint64_t)WATERMARK_VERSION << 37 | (uint64_t)(payload->epoch & 31) << 32 |
			(uint64_t)(payload->subject & 0xfffffff) << 4 | minute >> 20,
		.right = (minute & 0xfffff) << 20 | (uint64_t)(payload->flags & 15) << CHECK_BITS,
	};

	block = encipher(block, key);
	for (unsigned int i = 0; i < HALF_BITS; i++) {
		ret_frame[i] = block.left >> (HALF_BITS - 1 - i) & 1;
		ret_frame[HALF_BITS + i] = block.right >> (HALF_BITS - 1 - i) & 1;
	}
}

int watermark_payload_read(const uint8_t frame[WATERMARK_FRAME_BITS],
	const uint8_t key[WATERMARK_KEY_SIZE], struct watermark_payload *ret_payload)
{
	struct halves block = {0};

	for (unsigned int i = 0; i < HALF_BITS; i++) {
		block.left = block.left << 1 | frame[i];
		block.right = block.right << 1 | frame[HALF_BITS + i];
	}
	block = decipher(block, key);
	if (block.left >> 37 != WATERMARK_VERSION || (block.right & 0xffff))
		return -EBADMSG;
	*ret_payload = (struct watermark_payload){
		.epoch = block.left >> 32 & 31,
		.subject = (uint32_t)(block.left >> 4 & 0xfffffff),
		.minute = (uint32_t)((block.left & 15) << 20 | block.right >> 20),
		.flags = block.right >> CHECK_BITS & 15,
	};
	return 0;
}
