/* SPDX-License-Identifier: Apache-2.0 */
/* scrypt (RFC 7914) by EVP_KDF: argon2 is not in OpenSSL 3.0. */
#include "console/store/secret.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/hex.h"

#define COST_N	 131072
#define COST_R	 8
#define COST_P	 1
#define COST_MAX (256u << 20) /* bytes of memory */
#define SALT	 16
#define KEY	 32

int secret_make(char ret_text[SECRET_TEXT_SIZE])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648, base32 */
	uint8_t random[SECRET_BYTES];
	unsigned int bits = 0, held = 0;
	char *at = ret_text;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	for (unsigned int i = 0; i < sizeof(random); i++) {
		held = held << 8 | random[i];
		for (bits += 8; bits >= 5; bits -= 5)
			*at++ = letters[held >> (bits - 5) & 31];
		held &= (1u << bits) - 1;
	}
	*at = '\0';
	explicit_bzero(random, sizeof(random));
	return 0;
}

static int derive(const char *secret, uint8_t salt[SALT], uint64_t n, uint8_t ret_key[KEY])
{
	uint64_t memory = COST_MAX;
	uint32_t r = COST_R, p = COST_P;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_PASSWORD, (void *)secret, strlen(secret)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, SALT),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
		OSSL_PARAM_END,
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	int good = context ? EVP_KDF_derive(context, ret_key, KEY, params) : 0;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return good == 1 ? 0 : -EIO;
}

int secret_hash(const char *secret, char ret_hash[SECRET_HASH_SIZE])
{
	char salt_text[2 * SALT + 1], key_text[2 * KEY + 1];
	uint8_t salt[SALT], key[KEY];
	int r;

	if (getrandom(salt, sizeof(salt), 0) != sizeof(salt))
		return -EIO;
	r = derive(secret, salt, COST_N, key);
	if (r < 0)
		return r;
	hex_write(salt, sizeof(salt), salt_text);
	hex_write(key, sizeof(key), key_text);
	(void)snprintf(ret_hash, SECRET_HASH_SIZE, "scrypt$%d$%d$%d$%s$%s", COST_N, COST_R, COST_P,
		salt_text, key_text);
	explicit_bzero(key, sizeof(key));
	return 0;
}

bool secret_is(const char *secret, const char *hash)
{
	char salt_text[2 * SALT + 1] = "", key_text[2 * KEY + 1] = "";
	uint8_t salt[SALT], wanted[KEY], key[KEY];
	unsigned int n, r, p;

	if (sscanf(hash, "scrypt$%u$%u$%u$%32[0-9a-f]$%64[0-9a-f]", &n, &r, &p, salt_text,
		    key_text) != 5 ||
		n != COST_N || r != COST_R || p != COST_P || strlen(salt_text) != 2 * SALT ||
		strlen(key_text) != 2 * KEY)
		return false;
	if (!hex_read(salt_text, salt, sizeof(salt)) || !hex_read(key_text, wanted, sizeof(wanted)))
		return false;
	return derive(secret, salt, n, key) == 0 && CRYPTO_memcmp(key, wanted, sizeof(key)) == 0;
}
