/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark/key.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

CLEANUP_DEFINE(EVP_KDF, EVP_KDF_free)
CLEANUP_DEFINE(EVP_KDF_CTX, EVP_KDF_CTX_free)

static int derive(const uint8_t secret[WATERMARK_KEY_SIZE], const char *purpose, uint32_t number,
	uint8_t ret_key[WATERMARK_KEY_SIZE])
{
	auto_call(EVP_KDF_freep) EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	auto_call(EVP_KDF_CTX_freep) EVP_KDF_CTX *context = hkdf ? EVP_KDF_CTX_new(hkdf) : NULL;
	char info[64], digest[] = "SHA256";
	int size = snprintf(info, sizeof(info), "holdfast watermark %s %u", purpose, number);
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_KEY, (void *)secret, WATERMARK_KEY_SIZE),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, (size_t)size),
		OSSL_PARAM_construct_end(),
	};

	if (!context || EVP_KDF_derive(context, ret_key, WATERMARK_KEY_SIZE, parameters) != 1)
		return -EIO;
	return 0;
}

int watermark_key_derive(const uint8_t tenant_secret[WATERMARK_KEY_SIZE], uint32_t epoch,
	struct watermark_key *ret_key)
{
	struct watermark_key key = {.epoch = epoch % WATERMARK_EPOCHS};
	int r;

	r = derive(tenant_secret, "lattice", epoch, key.lattice);
	if (r == 0)
		r = derive(tenant_secret, "cipher", epoch, key.cipher);
	if (r == 0)
		r = derive(tenant_secret, "subjects", epoch, key.subjects);
	if (r == 0)
		*ret_key = key;
	watermark_key_wipe(&key);
	return r;
}

void watermark_key_wipe(struct watermark_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

int watermark_pen_derive(
	const struct watermark_key *key, uint32_t subject, struct watermark_pen *ret_pen)
{
	struct watermark_pen pen = {.subject = subject, .epoch = key->epoch};
	int r;

	if (subject > WATERMARK_SUBJECT_MAX)
		return -ERANGE;
	memcpy(pen.lattice, key->lattice, sizeof(pen.lattice));
	memcpy(pen.cipher, key->cipher, sizeof(pen.cipher));
	r = derive(key->subjects, "subject", subject, pen.own);
	if (r == 0)
		*ret_pen = pen;
	watermark_pen_wipe(&pen);
	return r;
}

void watermark_pen_wipe(struct watermark_pen *pen)
{
	OPENSSL_cleanse(pen, sizeof(*pen));
}
