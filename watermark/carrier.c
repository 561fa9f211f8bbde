/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/carrier.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "common/cleanup.h"

CLEANUP_DEFINE(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

/* Numbers drawn from the key: a line has at most three, a chip two. */
#define DRAWS (4 * (CARRIER_LINES + CARRIER_SYNC) + 4 * CARRIER_LINES)

struct draws {
	uint32_t number[DRAWS];
	unsigned int used;
};

static int draws_init(struct draws *draws, const uint8_t key[WATERMARK_KEY_SIZE])
{
	auto_call(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *stream = EVP_CIPHER_CTX_new();
	static const uint8_t nonce[16];
	int size;

	memset(draws, 0, sizeof(*draws));
	if (!stream || EVP_EncryptInit_ex(stream, EVP_chacha20(), NULL, key, nonce) != 1 ||
		EVP_EncryptUpdate(stream, (uint8_t *)draws->number, &size,
			(const uint8_t *)draws->number, sizeof(draws->number)) != 1)
		return -EIO;
	return 0;
}

static uint32_t draw(struct draws *draws, uint32_t below)
{
	assert(draws->used < DRAWS);
	return (uint32_t)((uint64_t)draws->number[draws->used++] * below >> 32);
}

static void find_lines(struct carrier *carrier)
{
	const int most = CARRIER_RADIUS_MAX;

	carrier->count = 0;
	for (int ky = CARRIER_AXIS_MIN; ky <= most; ky++)
		for (int kx = -most; kx <= most; kx++) {
			int square = kx * kx + ky * ky;

			if (kx > -CARRIER_AXIS_MIN && kx < CARRIER_AXIS_MIN)
				continue;
			if (square < CARRIER_RADIUS_MIN * CARRIER_RADIUS_MIN ||
				square > most * most)
				continue;
			assert(carrier->count < CARRIER_LINES + CARRIER_SYNC);
			carrier->lines[carrier->count++] = (struct carrier_line){kx, ky, 0, 0};
		}
}

static void shuffle_lines(struct carrier *carrier, struct draws *draws)
{
	for (unsigned int i = carrier->count; i > 1; i--) {
		unsigned int other = draw(draws, i);
		struct carrier_line line = carrier->lines[i - 1];

		carrier->lines[i - 1] = carrier->lines[other];
		carrier->lines[other] = line;
	}
	for (unsigned int i = 0; i < carrier->count; i++) {
		double phase = 2 * M_PI * draw(draws, 1u << 16) / (1u << 16);

		carrier->lines[i].re = (float)cos(phase);
		carrier->lines[i].im = (float)sin(phase);
	}
}

/* Every coded bit stands once, and as many as there is room for twice. */
static void place_chips(struct carrier *carrier, struct draws *draws)
{
	unsigned int count = 2 * carrier_data(carrier);

	for (unsigned int i = 0; i < count; i++)
		carrier->chips[i] = (struct carrier_chip){
			.coded = (uint16_t)(i % CARRIER_CODED), .sign = draw(draws, 2) ? 1 : -1};
	for (unsigned int i = count; i > 1; i--) {
		unsigned int other = draw(draws, i);
		struct carrier_chip chip = carrier->chips[i - 1];

		carrier->chips[i - 1] = carrier->chips[other];
		carrier->chips[other] = chip;
	}
}

int carrier_init(struct carrier *carrier, const uint8_t lattice[WATERMARK_KEY_SIZE])
{
	struct draws draws;
	int r;

	r = draws_init(&draws, lattice);
	if (r < 0)
		return r;
	find_lines(carrier);
	shuffle_lines(carrier, &draws);
	place_chips(carrier, &draws);
	OPENSSL_cleanse(&draws, sizeof(draws));
	return 0;
}
