/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/verify/assertion.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "common/cleanup.h"

CLEANUP_DEFINE(EVP_PKEY, EVP_PKEY_free)
CLEANUP_DEFINE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
CLEANUP_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free)

/* NULL when it is no key. */
static EVP_PKEY *key_new(const uint8_t key[ASSERTION_KEY_SIZE])
{
	auto_call(EVP_PKEY_CTX_freep)
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	uint8_t point[1 + ASSERTION_KEY_SIZE] = {4}; /* not compressed */
	char group[] = "prime256v1";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *made = NULL;

	memcpy(point + 1, key, ASSERTION_KEY_SIZE);
	if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
		EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		return NULL;
	return made;
}

int assertion_key_check(const uint8_t key[ASSERTION_KEY_SIZE])
{
	auto_call(EVP_PKEY_freep) EVP_PKEY *made = key_new(key);
	auto_call(EVP_PKEY_CTX_freep)
		EVP_PKEY_CTX *context = made ? EVP_PKEY_CTX_new_from_pkey(NULL, made, NULL) : NULL;

	return context && EVP_PKEY_public_check(context) == 1 ? 0 : -EBADMSG;
}

static int signature_check(const struct assertion *assertion)
{
	auto_call(EVP_PKEY_freep) EVP_PKEY *key = key_new(assertion->key);
	auto_call(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t message[ASSERTION_DATA_SIZE + ASSERTION_HASH_SIZE];

	if (!key || !context)
		return -EIO;
	memcpy(message, assertion->data, ASSERTION_DATA_SIZE);
	memcpy(message + ASSERTION_DATA_SIZE, assertion->challenge, ASSERTION_HASH_SIZE);
	if (EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) != 1)
		return -EIO;
	return EVP_DigestVerify(context, assertion->signature, assertion->signature_size, message,
		       sizeof(message)) == 1
		       ? 0
		       : -EACCES;
}

int assertion_check(const struct assertion *assertion, uint32_t *ret_counter)
{
	const uint8_t *data = assertion->data;
	uint8_t origin[ASSERTION_HASH_SIZE];
	unsigned int size = sizeof(origin);
	uint32_t counter;
	int r;

	if (assertion->data_size != ASSERTION_DATA_SIZE)
		return -EBADMSG;
	if (EVP_Digest(assertion->origin, strlen(assertion->origin), origin, &size, EVP_sha256(),
		    NULL) != 1)
		return -EIO;
	if (CRYPTO_memcmp(origin, data, sizeof(origin)) != 0 ||
		(data[32] & assertion->flags) != assertion->flags)
		return -EACCES;
	r = signature_check(assertion);
	if (r < 0)
		return r;
	counter = (uint32_t)data[33] << 24 | (uint32_t)data[34] << 16 | (uint32_t)data[35] << 8 |
		  data[36];
	if ((counter || assertion->counter) && counter <= assertion->counter)
		return -EALREADY;
	*ret_counter = counter;
	return 0;
}
