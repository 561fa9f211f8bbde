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
#define PROOF_BITS 16

/* The halves of a frame; left is its first 40 bits. */
struct halves {
	uint64_t left, right;
};

/* The first 64 bits of HMAC-SHA256 over a byte and a number. */
static uint64_t keyed_hash(const uint8_t key[WATERMARK_KEY_SIZE], uint8_t first, uint64_t number)
{
	uint8_t text[1 + sizeof(number)] = {first}, hash[EVP_MAX_MD_SIZE];
	unsigned int size;
	uint64_t value;

	number = htole64(number);
	memcpy(text + 1, &number, sizeof(number));
	if (!HMAC(EVP_sha256(), key, WATERMARK_KEY_SIZE, text, sizeof(text), hash, &size))
		assert(false); /* only without SHA-256 */
	memcpy(&value, hash, sizeof(value));
	return le64toh(value);
}

/* A Feistel network, of which the round function is keyed_hash(). */
static struct halves encipher(struct halves block, const uint8_t key[WATERMARK_KEY_SIZE])
{
	for (uint8_t i = 0; i < ROUNDS; i++)
		block = (struct halves){
			block.right, block.left ^ (keyed_hash(key, i, block.right) & HALF_MASK)};
	return block;
}

static struct halves decipher(struct halves block, const uint8_t key[WATERMARK_KEY_SIZE])
{
	for (uint8_t i = ROUNDS; i-- > 0;)
		block = (struct halves){
			block.right ^ (keyed_hash(key, i, block.left) & HALF_MASK), block.left};
	return block;
}

/* version 3 bits, epoch 5, subject 28, minute 24, flags 4 */
static uint64_t words_of(uint8_t epoch, uint32_t subject, uint32_t minute, uint8_t flags)
{
	return (uint64_t)WATERMARK_VERSION << 61 | (uint64_t)(epoch & 31) << 56 |
	       (uint64_t)(subject & WATERMARK_SUBJECT_MAX) << 28 |
	       (uint64_t)(minute & WATERMARK_MINUTE_MAX) << 4 | (flags & 15);
}

static uint16_t proof_of(const uint8_t own[WATERMARK_KEY_SIZE], uint64_t words)
{
	return (uint16_t)keyed_hash(own, 0xff, words);
}

void watermark_frame(const struct watermark_pen *pen, uint32_t minute, uint8_t flags,
	uint8_t ret_frame[WATERMARK_FRAME_BITS])
{
	uint64_t words = words_of(pen->epoch, pen->subject, minute, flags);
	struct halves block = {
		.left = words >> (64 - HALF_BITS),
		.right = (words << PROOF_BITS | proof_of(pen->own, words)) & HALF_MASK,
	};

	block = encipher(block, pen->cipher);
	for (unsigned int i = 0; i < HALF_BITS; i++) {
		ret_frame[i] = block.left >> (HALF_BITS - 1 - i) & 1;
		ret_frame[HALF_BITS + i] = block.right >> (HALF_BITS - 1 - i) & 1;
	}
}

int watermark_payload_read(const uint8_t frame[WATERMARK_FRAME_BITS],
	const struct watermark_key *key, struct watermark_payload *ret_payload)
{
	struct watermark_payload payload;
	struct watermark_pen pen;
	struct halves block = {0};
	bool is_proven;
	uint64_t words;
	int r;

	for (unsigned int i = 0; i < HALF_BITS; i++) {
		block.left = block.left << 1 | frame[i];
		block.right = block.right << 1 | frame[HALF_BITS + i];
	}
	block = decipher(block, key->cipher);
	words = block.left << (64 - HALF_BITS) | block.right >> PROOF_BITS;
	payload = (struct watermark_payload){
		.subject = (uint32_t)(words >> 28) & WATERMARK_SUBJECT_MAX,
		.minute = (uint32_t)(words >> 4) & WATERMARK_MINUTE_MAX,
		.flags = words & 15,
	};
	if (words != words_of(key->epoch, payload.subject, payload.minute, payload.flags))
		return -EBADMSG; /* another version or epoch */
	r = watermark_pen_derive(key, payload.subject, &pen);
	if (r < 0)
		return r;
	is_proven = proof_of(pen.own, words) == (uint16_t)block.right;
	watermark_pen_wipe(&pen);
	if (!is_proven)
		return -EBADMSG;
	*ret_payload = payload;
	return 0;
}
