/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/carrier.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "common/cleanup.h"

CLEANUP_DEFINE(EVP_KDF, EVP_KDF_free)
CLEANUP_DEFINE(EVP_KDF_CTX, EVP_KDF_CTX_free)
CLEANUP_DEFINE(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

/* Numbers drawn from the key: a line has at most three, a chip two. */
#define DRAWS (4 * (CARRIER_LINES + CARRIER_SYNC) + 4 * CARRIER_LINES)

struct draws {
	uint32_t number[DRAWS];
	unsigned int used;
};

static int derive(EVP_KDF_CTX *kdf, const uint8_t secret[WATERMARK_KEY_SIZE], const char *purpose,
	uint32_t epoch, uint8_t ret_key[WATERMARK_KEY_SIZE])
{
	char info[64];
	int size = snprintf(info, sizeof(info), "holdfast watermark %s %u", purpose, epoch);
	char digest[] = "SHA256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_KEY, (void *)secret, WATERMARK_KEY_SIZE),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, (size_t)size),
		OSSL_PARAM_construct_end(),
	};

	return EVP_KDF_derive(kdf, ret_key, WATERMARK_KEY_SIZE, parameters) == 1 ? 0 : -EIO;
}

int watermark_key_derive(const uint8_t tenant_secret[WATERMARK_KEY_SIZE], uint32_t epoch,
	struct watermark_key *ret_key)
{
	auto_call(EVP_KDF_freep) EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	auto_call(EVP_KDF_CTX_freep) EVP_KDF_CTX *kdf = hkdf ? EVP_KDF_CTX_new(hkdf) : NULL;
	struct watermark_key key = {.epoch = epoch % 32};
	int r;

	if (!kdf)
		return -EIO;
	r = derive(kdf, tenant_secret, "lattice", epoch, key.lattice);
	if (r == 0)
		r = derive(kdf, tenant_secret, "payload", epoch, key.payload);
	if (r == 0)
		*ret_key = key;
	watermark_key_wipe(&key);
	return r;
}

void watermark_key_wipe(struct watermark_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

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

int carrier_init(struct carrier *carrier, const struct watermark_key *key)
{
	struct draws draws;
	int r;

	r = draws_init(&draws, key->lattice);
	if (r < 0)
		return r;
	find_lines(carrier);
	shuffle_lines(carrier, &draws);
	place_chips(carrier, &draws);
	OPENSSL_cleanse(&draws, sizeof(draws));
	return 0;
}
