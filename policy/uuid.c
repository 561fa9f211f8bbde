/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/uuid.h"

#include <stdio.h>
#include <string.h>

#define SHA1_BLOCK     64
#define SHA1_DIGEST    20
#define LABEL_NAME_MAX 80 /* of "tenant/label", 32 bytes each at most */

/* Random, made once for Holdfast; changing it changes the identity of every unnumbered label. */
static const uint8_t holdfast_namespace[16] = {0x6c, 0x1f, 0x0e, 0x52, 0x93, 0xd7, 0x4b, 0x0a, 0x9e,
	0x35, 0x71, 0xc8, 0x04, 0xfd, 0x2b, 0xa6};

static uint32_t rotate(uint32_t value, unsigned int bits)
{
	return value << bits | value >> (32 - bits);
}

/* FIPS 180-4, 6.1.2. */
static void sha1_block(uint32_t state[5], const uint8_t block[SHA1_BLOCK])
{
	uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];

	for (size_t t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (size_t t = 16; t < 80; t++)
		w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (size_t t = 0; t < 80; t++) {
		uint32_t f, next;

		if (t < 20)
			f = ((b & c) | (~b & d)) + 0x5a827999;
		else if (t < 40)
			f = (b ^ c ^ d) + 0x6ed9eba1;
		else if (t < 60)
			f = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
		else
			f = (b ^ c ^ d) + 0xca62c1d6;
		next = rotate(a, 5) + f + e + w[t];
		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

/* Of at most two blocks less the padding: all that a label's name can need. */
static void sha1(const uint8_t *data, size_t size, uint8_t ret_digest[SHA1_DIGEST])
{
	uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint8_t padded[2 * SHA1_BLOCK] = {0};
	size_t end = size + 9 <= SHA1_BLOCK ? SHA1_BLOCK : 2 * SHA1_BLOCK;

	memcpy(padded, data, size);
	padded[size] = 0x80;
	padded[end - 2] = (uint8_t)(size * 8 >> 8);
	padded[end - 1] = (uint8_t)(size * 8);
	for (size_t at = 0; at < end; at += SHA1_BLOCK)
		sha1_block(state, padded + at);
	for (size_t i = 0; i < SHA1_DIGEST; i++)
		ret_digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void policy_uuid_of_label(const char *tenant, const char *label, uint8_t ret_uuid[16])
{
	uint8_t data[16 + LABEL_NAME_MAX], digest[SHA1_DIGEST];
	char name[LABEL_NAME_MAX];
	int size;

	size = snprintf(name, sizeof(name), "%.32s/%.32s", tenant, label);
	memcpy(data, holdfast_namespace, sizeof(holdfast_namespace));
	memcpy(data + sizeof(holdfast_namespace), name, (size_t)size);
	sha1(data, sizeof(holdfast_namespace) + (size_t)size, digest);
	memcpy(ret_uuid, digest, 16);
	ret_uuid[6] = (uint8_t)((ret_uuid[6] & 0x0f) | 0x50);
	ret_uuid[8] = (uint8_t)((ret_uuid[8] & 0x3f) | 0x80);
}
