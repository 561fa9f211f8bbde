/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/page/jose.h"

#include <errno.h>
#include <json-c/json.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"

#define RSA_BITS_MIN  2048
#define RSA_BYTES_MAX 1024
#define EC_BYTES      32
#define KEYS_MAX      32 /* of an issuer */
#define JSON_DEPTH    16

CLEANUP_DEFINE(struct json_object, json_object_put)
CLEANUP_DEFINE(EVP_PKEY, EVP_PKEY_free)
CLEANUP_DEFINE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
CLEANUP_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free)
CLEANUP_DEFINE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
CLEANUP_DEFINE(OSSL_PARAM, OSSL_PARAM_free)
CLEANUP_DEFINE(BIGNUM, BN_free)
CLEANUP_DEFINE(ECDSA_SIG, ECDSA_SIG_free)
CLEANUP_DEFINE(struct json_tokener, json_tokener_free)

static int value_of(char letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 26;
	if (letter >= '0' && letter <= '9')
		return letter - '0' + 52;
	return letter == '-' ? 62 : letter == '_' ? 63 : -1;
}

int jose_decode(const char *text, size_t text_size, uint8_t *ret_bytes, size_t size)
{
	uint32_t bits = 0;
	unsigned int count = 0;
	size_t used = 0;

	if (text_size % 4 == 1)
		return -EBADMSG;
	for (size_t i = 0; i < text_size; i++) {
		int value = value_of(text[i]);

		if (value < 0)
			return -EBADMSG;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		if (used == size)
			return -EBADMSG;
		ret_bytes[used++] = (uint8_t)(bits >> count);
	}
	return bits & ((1U << count) - 1) ? -EBADMSG : (int)used; /* one text for one value */
}

struct json_object *jose_object(const char *text, size_t size)
{
	auto_call(json_tokener_freep) struct json_tokener *tokener = json_tokener_new_ex(
		JSON_DEPTH);
	struct json_object *object;

	if (!tokener || size > INT32_MAX)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, text, (int)size);
	if (json_tokener_get_error(tokener) == json_tokener_success &&
		json_tokener_get_parse_end(tokener) == size &&
		json_object_is_type(object, json_type_object))
		return object;
	(void)json_object_put(object); /* freed; NULL is fine */
	return NULL;
}

static const char *text_of(struct json_object *object, const char *name)
{
	struct json_object *member = json_object_object_get(object, name);

	return json_object_is_type(member, json_type_string) ? json_object_get_string(member) : "";
}

/* A part of a token or a member of a key, decoded. Bytes, or -EBADMSG. */
static int member(struct json_object *key, const char *name, uint8_t *ret_bytes, size_t size)
{
	const char *text = text_of(key, name);
	int r = jose_decode(text, strlen(text), ret_bytes, size);

	return r == 0 ? -EBADMSG : r;
}

static EVP_PKEY *key_make(const char *kind, OSSL_PARAM *parameters)
{
	auto_call(EVP_PKEY_CTX_freep)
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *key = NULL;

	if (!context || !parameters || EVP_PKEY_fromdata_init(context) != 1 ||
		EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		return NULL;
	return key;
}

static EVP_PKEY *rsa_key(struct json_object *from)
{
	uint8_t modulus[RSA_BYTES_MAX], exponent[8];
	int modulus_size = member(from, "n", modulus, sizeof(modulus));
	int exponent_size = member(from, "e", exponent, sizeof(exponent));
	auto_call(OSSL_PARAM_BLD_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	auto_call(OSSL_PARAM_freep) OSSL_PARAM *parameters = NULL;
	auto_call(BN_freep) BIGNUM *n = NULL;
	auto_call(BN_freep) BIGNUM *e = NULL;
	EVP_PKEY *key;

	if (modulus_size <= 0 || exponent_size <= 0 || !builder)
		return NULL;
	n = BN_bin2bn(modulus, modulus_size, NULL);
	e = BN_bin2bn(exponent, exponent_size, NULL);
	if (!n || !e || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return NULL;
	parameters = OSSL_PARAM_BLD_to_param(builder);
	key = key_make("RSA", parameters);
	if (key && EVP_PKEY_get_bits(key) < RSA_BITS_MIN) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static EVP_PKEY *ec_key(struct json_object *from)
{
	uint8_t point[1 + 2 * EC_BYTES] = {4}; /* not compressed */
	char group[] = "prime256v1";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};

	if (strcmp(text_of(from, "crv"), "P-256") != 0 ||
		member(from, "x", point + 1, EC_BYTES) != EC_BYTES ||
		member(from, "y", point + 1 + EC_BYTES, EC_BYTES) != EC_BYTES)
		return NULL;
	return key_make("EC", parameters);
}

/* ES256 is r and s one behind the other (RFC 7518, 3.4); OpenSSL wants them as DER. */
static int ec_signature(const uint8_t *bytes, size_t size, uint8_t *ret_der, size_t der_size)
{
	auto_call(ECDSA_SIG_freep) ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r, *s;
	int length;

	if (size != 2 * EC_BYTES || !signature)
		return -EBADMSG;
	r = BN_bin2bn(bytes, EC_BYTES, NULL);
	s = BN_bin2bn(bytes + EC_BYTES, EC_BYTES, NULL);
	if (!r || !s || ECDSA_SIG_set0(signature, r, s) != 1) { /* takes both over */
		BN_free(r);
		BN_free(s);
		return -EBADMSG;
	}
	length = i2d_ECDSA_SIG(signature, NULL);
	if (length <= 0 || (size_t)length > der_size)
		return -EBADMSG;
	return i2d_ECDSA_SIG(signature, &ret_der);
}

struct signed_part {
	const char *text; /* header, point, claims */
	size_t size;
	const uint8_t *signature;
	size_t signature_size;
};

static bool is_signed(EVP_PKEY *key, const struct signed_part *part)
{
	auto_call(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();

	return context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestVerify(context, part->signature, part->signature_size,
		       (const uint8_t *)part->text, part->size) == 1;
}

static enum id_token_verdict try_key(
	struct json_object *key, const char *algorithm, const struct signed_part *part)
{
	auto_call(EVP_PKEY_freep) EVP_PKEY *made = NULL;
	bool is_rsa = !strcmp(text_of(key, "kty"), "RSA");
	const char *own = text_of(key, "alg"), *use = text_of(key, "use");
	struct signed_part der = *part;
	uint8_t bytes[80];
	int size;

	if (strcmp(algorithm, is_rsa ? "RS256" : "ES256") != 0 ||
		(own[0] && strcmp(own, algorithm) != 0) || (use[0] && strcmp(use, "sig") != 0))
		return ID_TOKEN_ALGORITHM;
	made = is_rsa ? rsa_key(key) : ec_key(key);
	if (!made)
		return ID_TOKEN_KEY;
	if (!is_rsa) {
		size = ec_signature(part->signature, part->signature_size, bytes, sizeof(bytes));
		if (size < 0)
			return ID_TOKEN_SIGNATURE;
		der.signature = bytes;
		der.signature_size = (size_t)size;
	}
	return is_signed(made, &der) ? ID_TOKEN_GOOD : ID_TOKEN_SIGNATURE;
}

/* With a key id that key alone; without one each that fits. */
static enum id_token_verdict try_keys(
	const char *keys, struct json_object *header, const struct signed_part *part)
{
	auto_call(json_object_putp) struct json_object *set =
		strlen(keys) <= ID_TOKEN_KEYS_MAX ? jose_object(keys, strlen(keys)) : NULL;
	struct json_object *list = json_object_object_get(set, "keys");
	const char *id = text_of(header, "kid"), *algorithm = text_of(header, "alg");
	enum id_token_verdict verdict = ID_TOKEN_KEY;

	if (!json_object_is_type(list, json_type_array))
		return ID_TOKEN_MALFORMED;
	for (size_t i = 0; i < json_object_array_length(list) && i < KEYS_MAX; i++) {
		struct json_object *key = json_object_array_get_idx(list, i);

		if (!json_object_is_type(key, json_type_object) ||
			(id[0] && strcmp(text_of(key, "kid"), id) != 0))
			continue;
		verdict = try_key(key, algorithm, part);
		if (verdict == ID_TOKEN_GOOD)
			break;
	}
	return verdict;
}

/* Two points, no more. */
static bool split(const char *token, const char **ret_claims, const char **ret_signature)
{
	const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;

	if (!second || strchr(second + 1, '.'))
		return false;
	*ret_claims = first + 1;
	*ret_signature = second + 1;
	return true;
}

static struct json_object *part_object(const char *text, size_t size)
{
	static char bytes[ID_TOKEN_MAX];
	int length = jose_decode(text, size, (uint8_t *)bytes, sizeof(bytes));

	return length > 0 ? jose_object(bytes, (size_t)length) : NULL;
}

enum id_token_verdict jose_open(
	const char *token, const char *keys, struct json_object **ret_claims)
{
	auto_call(json_object_putp) struct json_object *header = NULL;
	uint8_t signature[RSA_BYTES_MAX];
	struct signed_part part = {.text = token, .signature = signature};
	const char *claims, *last, *algorithm;
	enum id_token_verdict verdict;
	int size;

	if (!split(token, &claims, &last))
		return ID_TOKEN_MALFORMED;
	part.size = (size_t)(last - 1 - token);
	header = part_object(token, (size_t)(claims - 1 - token));
	size = jose_decode(last, strlen(last), signature, sizeof(signature));
	if (!header || size < 0)
		return ID_TOKEN_MALFORMED;
	part.signature_size = (size_t)size;
	algorithm = text_of(header, "alg");
	if (strcmp(algorithm, "RS256") != 0 && strcmp(algorithm, "ES256") != 0)
		return ID_TOKEN_ALGORITHM;
	if (json_object_object_get_ex(header, "crit", NULL)) /* RFC 7515, 4.1.11 */
		return ID_TOKEN_MALFORMED;
	verdict = try_keys(keys, header, &part);
	if (verdict != ID_TOKEN_GOOD)
		return verdict;
	*ret_claims = part_object(claims, (size_t)(last - 1 - claims));
	return *ret_claims ? ID_TOKEN_GOOD : ID_TOKEN_MALFORMED;
}
