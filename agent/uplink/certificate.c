/* SPDX-License-Identifier: Apache-2.0 */
/* All ASN.1 is OpenSSL's. What comes in was sent by a console that TLS has proven to be ours. */
#include "agent/uplink/certificate.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "agent/uplink/keyring_client.h"
#include "common/cleanup.h"
#include "common/uuid.h"

/* Base64 with lines of 64, as a string. */
static char *base64(const uint8_t *bytes, size_t size)
{
	BIO *text = BIO_new(BIO_f_base64()), *memory = BIO_new(BIO_s_mem());
	char *data, *copy = NULL;
	long length;

	if (!text || !memory) {
		BIO_free_all(text);
		BIO_free_all(memory);
		return NULL;
	}
	text = BIO_push(text, memory);
	if (BIO_write(text, bytes, (int)size) == (int)size && BIO_flush(text) == 1) {
		length = BIO_get_mem_data(memory, &data);
		copy = strndup(data, (size_t)length);
	}
	BIO_free_all(text);
	return copy;
}

static int request_sign(X509_REQ *request, enum keyring_which which)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();
	ASN1_BIT_STRING *signature = ASN1_BIT_STRING_new();
	uint8_t *signed_bytes = NULL, bytes[128];
	int size, r = -ENOMEM;

	if (!algorithm || !signature)
		goto out;
	size = i2d_re_X509_REQ_tbs(request, &signed_bytes);
	if (size <= 0)
		goto out;
	r = keyring_sign(KEYRING_REQUEST, which, signed_bytes, (size_t)size, bytes, sizeof(bytes));
	if (r < 0)
		goto out;
	(void)X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_ecdsa_with_SHA256), V_ASN1_UNDEF,
		NULL); /* static object, no parameter: can't fail */
	if (ASN1_BIT_STRING_set(signature, bytes, r) != 1 ||
		X509_REQ_set1_signature_algo(request, algorithm) != 1) {
		r = -ENOMEM;
		goto out;
	}
	signature->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
	signature->flags |= ASN1_STRING_FLAG_BITS_LEFT; /* none: DER ends at a byte */
	X509_REQ_set0_signature(request, take_ptr(signature));
	r = 0;
out:
	OPENSSL_free(signed_bytes);
	X509_ALGOR_free(algorithm);
	ASN1_BIT_STRING_free(signature);
	return r;
}

/* NULL without memory. Caller frees. */
static X509_NAME *subject_of(const struct certificate_wish *wish)
{
	X509_NAME *name;

	if (wish->like)
		return X509_NAME_dup(X509_get_subject_name(wish->like));
	name = X509_NAME_new();
	if (name && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			    (const unsigned char *)wish->common_name, -1, -1, 0) != 1) {
		X509_NAME_free(name);
		return NULL;
	}
	return name;
}

int certificate_request(const struct certificate_wish *wish, char **ret_body)
{
	X509_REQ *request = X509_REQ_new();
	X509_NAME *name = subject_of(wish);
	uint8_t *bytes = NULL;
	int size, r = -ENOMEM;

	if (request && name && X509_REQ_set_subject_name(request, name) == 1 &&
		X509_REQ_set_pubkey(request, wish->public_key) == 1)
		r = request_sign(request, wish->which);
	if (r == 0) {
		size = i2d_X509_REQ(request, &bytes);
		*ret_body = size > 0 ? base64(bytes, (size_t)size) : NULL;
		r = *ret_body ? 0 : -ENOMEM;
	}
	OPENSSL_free(bytes);
	X509_NAME_free(name);
	X509_REQ_free(request);
	return r;
}

static PKCS7 *pkcs7_of(const char *body, size_t size)
{
	BIO *text = BIO_new(BIO_f_base64()), *memory = BIO_new_mem_buf(body, (int)size);
	PKCS7 *pkcs7 = NULL;

	if (text && memory) {
		/* In one line without a newline, the filter wants to be told. */
		if (!memchr(body, '\n', size))
			BIO_set_flags(text, BIO_FLAGS_BASE64_NO_NL);
		text = BIO_push(text, memory);
		memory = NULL;
		pkcs7 = d2i_PKCS7_bio(text, NULL);
	}
	BIO_free_all(memory);
	BIO_free_all(text);
	return pkcs7;
}

int certificate_parse(const char *body, size_t size, X509 *ret_certificates[CERTIFICATE_CHAIN_MAX])
{
	STACK_OF(X509) *certificates = NULL;
	PKCS7 *pkcs7;
	int count = 0;

	if (size > CERTIFICATE_BODY_MAX)
		return -EBADMSG;
	pkcs7 = pkcs7_of(body, size);
	if (pkcs7 && PKCS7_type_is_signed(pkcs7) && pkcs7->d.sign)
		certificates = pkcs7->d.sign->cert;
	count = certificates ? sk_X509_num(certificates) : 0;
	if (count <= 0 || count > CERTIFICATE_CHAIN_MAX) {
		PKCS7_free(pkcs7);
		return -EBADMSG;
	}
	for (int i = 0; i < count; i++) {
		ret_certificates[i] = sk_X509_value(certificates, i);
		(void)X509_up_ref(ret_certificates[i]); /* can't fail: it is there */
	}
	PKCS7_free(pkcs7);
	return count;
}

int certificate_device(const X509 *certificate, uint8_t ret_uid[16])
{
	char text[64], again[UUID_TEXT_SIZE];
	uint8_t uid[UUID_SIZE];

	if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text,
		    sizeof(text)) != UUID_TEXT_SIZE - 1 ||
		uuid_parse(text, uid) < 0)
		return -EBADMSG;
	uuid_format(uid, again);
	if (strcmp(again, text) != 0)
		return -EBADMSG; /* the console writes it in one form */
	memcpy(ret_uid, uid, sizeof(uid));
	return 0;
}

bool certificate_is_for(const X509 *certificate, EVP_PKEY *public_key)
{
	EVP_PKEY *own = X509_get0_pubkey(certificate);

	return own && EVP_PKEY_eq(own, public_key) == 1;
}

int64_t certificate_seconds_left(const X509 *certificate)
{
	int days = 0, seconds = 0;

	if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) != 1)
		return -1;
	return (int64_t)days * 86400 + seconds;
}
