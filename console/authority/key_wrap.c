/* SPDX-License-Identifier: Apache-2.0 */
/* EVP; contexts that held a key are wiped by OpenSSL when they are freed. */
#include "console/authority/key_wrap.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <string.h>

#define NONCE_SIZE 12
#define TAG_SIZE   16

int key_derive(const uint8_t *key, const void *salt, size_t salt_size, const void *info,
	size_t info_size, uint8_t ret_key[KEY_WRAP_SIZE])
{
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, KEY_WRAP_SIZE),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_size),
		salt_size ? OSSL_PARAM_construct_octet_string(
				    OSSL_KDF_PARAM_SALT, (void *)salt, salt_size)
			  : OSSL_PARAM_construct_end(),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool is_good = context && EVP_KDF_derive(context, ret_key, KEY_WRAP_SIZE, parameters) > 0;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return is_good ? 0 : -EIO;
}

/* One pass of AES-256-GCM, from one place to another. */
static bool gcm(const struct key_sealing *sealing, const uint8_t *nonce, const void *from,
	size_t size, void *to, uint8_t *tag, int is_sealing)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t key[KEY_WRAP_SIZE];
	int done = 0;
	bool is_good =
		context &&
		key_derive(sealing->key, NULL, 0, sealing->purpose, strlen(sealing->purpose),
			key) == 0 &&
		EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce, is_sealing) &&
		EVP_CipherUpdate(context, NULL, &done, sealing->bound, (int)sealing->bound_size) &&
		EVP_CipherUpdate(context, to, &done, from, (int)size) &&
		(is_sealing ||
			EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag)) &&
		EVP_CipherFinal_ex(context, (uint8_t *)to + size, &done) &&
		(!is_sealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag));

	EVP_CIPHER_CTX_free(context);
	explicit_bzero(key, sizeof(key));
	return is_good;
}

int key_seal(
	const struct key_sealing *sealing, const void *secret, size_t size, uint8_t *ret_sealed)
{
	if (RAND_bytes(ret_sealed, NONCE_SIZE) != 1)
		return -EIO;
	return gcm(sealing, ret_sealed, secret, size, ret_sealed + NONCE_SIZE,
		       ret_sealed + NONCE_SIZE + size, 1)
		       ? 0
		       : -EIO;
}

int key_unseal(
	const struct key_sealing *sealing, const uint8_t *sealed, size_t size, void *ret_secret)
{
	uint8_t tag[TAG_SIZE];

	memcpy(tag, sealed + NONCE_SIZE + size, sizeof(tag));
	if (gcm(sealing, sealed, sealed + NONCE_SIZE, size, ret_secret, tag, 0))
		return 0;
	explicit_bzero(ret_secret, size);
	ERR_clear_error(); /* of a wrong key */
	return -EBADMSG;
}

static int wrap(const uint8_t *under, const uint8_t *from, int size, uint8_t *to, int wanted,
	int is_wrapping)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t whole[KEY_WRAPPED_SIZE + 16]; /* OpenSSL may use a block more than it gives */
	int size_done = 0;
	bool is_good = false;

	if (context) {
		EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
		is_good = EVP_CipherInit_ex(
				  context, EVP_aes_256_wrap(), NULL, under, NULL, is_wrapping) &&
			  EVP_CipherUpdate(context, whole, &size_done, from, size) &&
			  size_done == wanted;
	}
	if (is_good)
		memcpy(to, whole, (size_t)wanted);
	EVP_CIPHER_CTX_free(context);
	explicit_bzero(whole, sizeof(whole));
	ERR_clear_error(); /* of a wrong key */
	return is_good ? 0 : -EBADMSG;
}

int key_wrap(const uint8_t under[KEY_WRAP_SIZE], const uint8_t key[KEY_WRAP_SIZE],
	uint8_t ret_wrapped[KEY_WRAPPED_SIZE])
{
	return wrap(under, key, KEY_WRAP_SIZE, ret_wrapped, KEY_WRAPPED_SIZE, 1);
}

int key_unwrap(const uint8_t under[KEY_WRAP_SIZE], const uint8_t wrapped[KEY_WRAPPED_SIZE],
	uint8_t ret_key[KEY_WRAP_SIZE])
{
	return wrap(under, wrapped, KEY_WRAPPED_SIZE, ret_key, KEY_WRAP_SIZE, 0);
}
