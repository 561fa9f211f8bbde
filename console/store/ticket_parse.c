/* SPDX-License-Identifier: Apache-2.0 */
/* Of a ticket's text what it says. As strict as its makers: one who is liberal is fooled. */
#include <errno.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/ticket.h"
#include "console/store/ticket_check.h"

#define PART_MAX    TICKET_INPUT_MAX
#define MEMBERS_MAX 32
#define SECONDS_MAX INT64_C(99999999999)

/* A part as an object; NULL when it is none, or something stands behind it. The caller puts. */
static struct json_object *object_of(const char *text, size_t size)
{
	struct json_tokener *tokener = json_tokener_new_ex(8);
	uint8_t bytes[PART_MAX + 1];
	struct json_object *object = NULL;
	int count = ticket_decode(text, size, bytes, PART_MAX);

	if (tokener && count > 1 && !memchr(bytes, '\0', (size_t)count)) {
		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
		bytes[count] = '\0';
		object = json_tokener_parse_ex(tokener, (const char *)bytes, count + 1);
	}
	if (tokener)
		json_tokener_free(tokener);
	if (object && !json_object_is_type(object, json_type_object)) {
		(void)json_object_put(object); /* freed */
		return NULL;
	}
	return object;
}

/* A text that fits; absent: "" where it may be. */
static bool take_text(
	struct json_object *object, const char *name, bool is_needed, char *ret_text, size_t size)
{
	struct json_object *value;
	size_t length;

	ret_text[0] = '\0';
	if (!json_object_object_get_ex(object, name, &value))
		return !is_needed;
	if (!json_object_is_type(value, json_type_string))
		return false;
	length = (size_t)json_object_get_string_len(value);
	if (length >= size || memchr(json_object_get_string(value), '\0', length))
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)json_object_get_string(value)[i] < ' ')
			return false;
	memcpy(ret_text, json_object_get_string(value), length + 1);
	return length || !is_needed;
}

static bool take_seconds(struct json_object *object, const char *name, int64_t *ret_seconds)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
		!json_object_is_type(value, json_type_int))
		return false;
	*ret_seconds = json_object_get_int64(value);
	return *ret_seconds > 0 && *ret_seconds <= SECONDS_MAX;
}

static bool take_certificate(struct json_object *chain, struct ticket_parts *parts)
{
	struct json_object *first;
	const char *text;
	size_t size;
	int count;

	if (!json_object_is_type(chain, json_type_array) || json_object_array_length(chain) < 1)
		return false;
	first = json_object_array_get_idx(chain, 0);
	if (!json_object_is_type(first, json_type_string))
		return false;
	text = json_object_get_string(first);
	size = (size_t)json_object_get_string_len(first);
	if (!size || size % 4 || size / 4 * 3 > sizeof(parts->certificate) || strlen(text) != size)
		return false;
	count = EVP_DecodeBlock(parts->certificate, (const unsigned char *)text, (int)size);
	if (count <= 0)
		return false;
	parts->certificate_size = (size_t)count - (text[size - 1] == '=') - (text[size - 2] == '=');
	return true;
}

static bool take_header(struct json_object *header, struct ticket_parts *parts)
{
	char algorithm[8], type[32];
	struct json_object *chain;

	return header && json_object_object_length(header) == 3 &&
	       take_text(header, "alg", true, algorithm, sizeof(algorithm)) &&
	       !strcmp(algorithm, "ES256") && take_text(header, "typ", true, type, sizeof(type)) &&
	       !strcmp(type, TICKET_TYPE) && json_object_object_get_ex(header, "x5c", &chain) &&
	       take_certificate(chain, parts);
}

static bool take_payload(struct json_object *payload, struct ticket_parts *parts)
{
	return payload && json_object_object_length(payload) <= MEMBERS_MAX &&
	       take_text(payload, "iss", true, parts->issuer, sizeof(parts->issuer)) &&
	       take_text(payload, "sub", true, parts->account, sizeof(parts->account)) &&
	       take_text(payload, "aud", true, parts->audience, sizeof(parts->audience)) &&
	       take_text(payload, "jti", true, parts->id, sizeof(parts->id)) &&
	       take_text(payload, "tenant", true, parts->tenant, sizeof(parts->tenant)) &&
	       take_text(payload, "device", true, parts->device, sizeof(parts->device)) &&
	       take_text(payload, "trust", true, parts->trust, sizeof(parts->trust)) &&
	       take_text(payload, "app", false, parts->app, sizeof(parts->app)) &&
	       take_text(payload, "nonce", false, parts->nonce, sizeof(parts->nonce)) &&
	       take_seconds(payload, "iat", &parts->issued_s) &&
	       take_seconds(payload, "nbf", &parts->not_before_s) &&
	       take_seconds(payload, "exp", &parts->expires_s);
}

/* "posture": texts by the names of the record; what other versions say besides is passed over. */
static bool take_posture(struct json_object *payload, struct ticket_parts *parts)
{
	static const enum device_fact facts[] = {
		FACT_BOOT, FACT_SECURE_BOOT, FACT_LOCKDOWN, FACT_ROOT_ENCRYPTED, FACT_TPM};
	struct json_object *posture, *value;

	if (!json_object_object_get_ex(payload, "posture", &posture) ||
		!json_object_is_type(posture, json_type_object) ||
		json_object_object_length(posture) > MEMBERS_MAX ||
		!json_object_object_get_ex(posture, "enforcing", &value) ||
		!json_object_is_type(value, json_type_boolean))
		return false;
	(void)strcpy(parts->posture.facts[FACT_ENFORCING],
		json_object_get_boolean(value) ? "yes" : "no"); /* fits */
	if (!json_object_object_get_ex(posture, "bundle", &value) ||
		!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return false;
	parts->bundle = (uint64_t)json_object_get_int64(value);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (!take_text(posture, device_fact_name(facts[i]), facts[i] == FACT_BOOT,
			    parts->posture.facts[facts[i]], DEVICE_RECORD_TEXT))
			return false;
	return true;
}

int ticket_parse(const char *ticket, size_t size, struct ticket_parts *ret_parts)
{
	const char *first = memchr(ticket, '.', size), *second = NULL;
	struct json_object *header = NULL, *payload = NULL;
	static struct ticket_parts parts; /* too large for the stack */
	bool is_good = false;

	if (first)
		second = memchr(first + 1, '.', size - (size_t)(first + 1 - ticket));
	if (!second || size > TICKET_MAX)
		return -EBADMSG;
	memset(&parts, 0, sizeof(parts));
	parts.signed_size = (size_t)(second - ticket);
	if (ticket_decode(second + 1, size - parts.signed_size - 1, parts.signature,
		    sizeof(parts.signature)) == (int)sizeof(parts.signature)) {
		header = object_of(ticket, (size_t)(first - ticket));
		payload = object_of(first + 1, (size_t)(second - first - 1));
		is_good = take_header(header, &parts) && take_payload(payload, &parts) &&
			  take_posture(payload, &parts);
	}
	(void)json_object_put(header);	/* freed */
	(void)json_object_put(payload); /* likewise */
	if (!is_good)
		return -EBADMSG;
	*ret_parts = parts;
	return 0;
}

bool ticket_is_signed(const char *ticket, const struct ticket_parts *parts)
{
	const uint8_t *at = parts->certificate;
	X509 *certificate = d2i_X509(NULL, &at, (long)parts->certificate_size);
	EVP_PKEY *key = certificate ? X509_get0_pubkey(certificate) : NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t der[80];
	int size = ticket_signature_to_der(parts->signature, der, sizeof(der));
	bool is_good = key && context && size > 0 && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
		       EVP_PKEY_get_bits(key) == 256 &&
		       EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		       EVP_DigestVerify(context, der, (size_t)size, (const uint8_t *)ticket,
			       parts->signed_size) == 1;

	EVP_MD_CTX_free(context);
	X509_free(certificate);
	return is_good;
}
