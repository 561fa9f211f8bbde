/* SPDX-License-Identifier: Apache-2.0 */
/* Everything but the key and the name is ignored, so that nothing of a request gets into a certificate. */
#include "console/authority/csr.h"

#include <errno.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"

#define POINT_SIZE 65 /* 4, x, y */

CLEANUP_DEFINE(X509_REQ, X509_REQ_free)

/* The key as it is encoded, before it is made one: no explicit curves, no second form. */
static bool key_is_p256(const X509_PUBKEY *key)
{
	ASN1_OBJECT *algorithm;
	X509_ALGOR *parameters;
	const uint8_t *point;
	const void *curve;
	int size, type;

	if (!X509_PUBKEY_get0_param(&algorithm, &point, &size, &parameters, key))
		return false;
	if (OBJ_obj2nid(algorithm) != NID_X9_62_id_ecPublicKey)
		return false;
	X509_ALGOR_get0(NULL, &type, &curve, parameters);
	if (type != V_ASN1_OBJECT || OBJ_obj2nid(curve) != NID_X9_62_prime256v1)
		return false;
	return size == POINT_SIZE && point[0] == 4;
}

static bool signature_is_sha2(const X509_REQ *request)
{
	switch (X509_REQ_get_signature_nid(request)) {
	case NID_ecdsa_with_SHA256:
	case NID_ecdsa_with_SHA384:
	case NID_ecdsa_with_SHA512:
		return true;
	default:
		return false;
	}
}

static int hash_key(X509_PUBKEY *key, uint8_t ret_hash[CONSOLE_HASH_SIZE])
{
	uint8_t *der = NULL;
	int size = i2d_X509_PUBKEY(key, &der);

	if (size <= 0)
		return -EBADMSG;
	(void)SHA256(der, (size_t)size, ret_hash); /* can't fail: one block in memory */
	OPENSSL_free(der);
	return 0;
}

static void copy_name(const X509_REQ *request, char *ret_name, size_t size)
{
	const X509_NAME *subject = X509_REQ_get_subject_name(request);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *text = NULL;
	int length;

	ret_name[0] = '\0';
	if (at < 0)
		return;
	length = ASN1_STRING_to_UTF8(
		&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (length <= 0)
		return;
	if (!memchr(text, 0, (size_t)length)) /* it is followed by a NUL of its own */
		(void)text_clean(ret_name, size, (const char *)text);
	OPENSSL_free(text);
}

int csr_open(const void *der, size_t size, X509_REQ **ret_request, struct csr_facts *ret_facts)
{
	auto_call(X509_REQ_freep) X509_REQ *request = NULL;
	const uint8_t *at = der;
	struct csr_facts facts;
	X509_PUBKEY *key;
	EVP_PKEY *public_key;

	if (size == 0 || size > CONSOLE_CSR_MAX)
		return -EBADMSG;
	request = d2i_X509_REQ(NULL, &at, (long)size);
	if (!request || at != (const uint8_t *)der + size)
		return -EBADMSG;
	key = X509_REQ_get_X509_PUBKEY(request);
	if (!key || !key_is_p256(key) || !signature_is_sha2(request))
		return -EBADMSG;
	public_key = X509_REQ_get0_pubkey(request);
	if (!public_key || X509_REQ_verify(request, public_key) != 1)
		return -EBADMSG;
	if (hash_key(key, facts.key) < 0)
		return -EBADMSG;
	copy_name(request, facts.name, sizeof(facts.name));
	*ret_facts = facts;
	*ret_request = take_ptr(request);
	return 0;
}

bool csr_is_same_subject(X509_REQ *request, const X509_NAME *subject)
{
	STACK_OF(X509_EXTENSION) * extensions;
	bool has_names;

	if (X509_NAME_cmp(X509_REQ_get_subject_name(request), subject))
		return false;
	extensions = X509_REQ_get_extensions(request);
	has_names = X509v3_get_ext_by_NID(extensions, NID_subject_alt_name, -1) >= 0;
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return !has_names; /* our certificates of devices have none */
}
