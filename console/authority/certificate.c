/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 v3 by OpenSSL's calls; RFC 5280 names the parts. */
#include "console/authority/certificate.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

#include "console/authority/ca.h"

#define SERIAL_SIZE 16

CLEANUP_DEFINE(X509, X509_free)
CLEANUP_DEFINE(BIGNUM, BN_free)

EVP_PKEY *certificate_key_new(const char *curve)
{
	return EVP_EC_gen(curve);
}

/* Positive, and always of 16 bytes: RFC 5280, 4.1.2.2. */
static int set_serial(X509 *certificate)
{
	auto_call(BN_freep) BIGNUM *number = NULL;
	uint8_t bytes[SERIAL_SIZE];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return -EIO;
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	return number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) ? 0 : -EIO;
}

static int set_validity(X509 *certificate, const struct certificate_wish *wish)
{
	time_t now = wish->now;

	if (!X509_time_adj_ex(X509_getm_notBefore(certificate), 0, -CA_SKEW_SECONDS, &now) ||
		!X509_time_adj_ex(X509_getm_notAfter(certificate), wish->days, 0, &now))
		return -EIO;
	if (!wish->issuer)
		return 0;
	if (X509_cmp_time(X509_get0_notAfter(wish->issuer), &now) < 0)
		return -ESTALE;
	if (ASN1_TIME_compare(X509_get0_notAfter(certificate), X509_get0_notAfter(wish->issuer)) >
			0 &&
		!X509_set1_notAfter(certificate, X509_get0_notAfter(wish->issuer)))
		return -EIO;
	return 0;
}

static int add_name(X509_NAME *name, int nid, const char *value)
{
	size_t size = value ? strlen(value) : 0;

	if (size == 0 || size > CA_NAME_MAX)
		return -EINVAL;
	return X509_NAME_add_entry_by_NID(
		       name, nid, MBSTRING_UTF8, (const uint8_t *)value, (int)size, -1, 0)
		       ? 0
		       : -EINVAL;
}

static int set_names(X509 *certificate, const struct certificate_wish *wish)
{
	X509_NAME *subject = X509_get_subject_name(certificate);
	const X509 *issuer = wish->issuer ? wish->issuer : certificate;
	int r;

	r = add_name(subject, NID_organizationName, wish->organization);
	if (r == 0)
		r = add_name(subject, NID_commonName, wish->common_name);
	if (r == 0 && !X509_set_issuer_name(certificate, X509_get_subject_name(issuer)))
		r = -EIO;
	return r;
}

static int add_extension(
	X509 *certificate, const struct certificate_wish *wish, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;
	int done;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(
		&context, wish->issuer ? wish->issuer : certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!extension)
		return -EIO;
	done = X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return done ? 0 : -EIO;
}

static bool is_dns_name(const char *name)
{
	size_t size = strlen(name);

	if (size == 0 || size > CA_NAME_MAX || name[0] == '-' || name[0] == '.')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
	       size;
}

static GENERAL_NAME *general_name_new(const char *name)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
	GENERAL_NAME *general = NULL;
	ASN1_IA5STRING *text;

	if (!address && !is_dns_name(name))
		return NULL;
	general = GENERAL_NAME_new();
	if (!general) {
		ASN1_OCTET_STRING_free(address);
		return NULL;
	}
	if (address) {
		GENERAL_NAME_set0_value(general, GEN_IPADD, address);
		return general;
	}
	text = ASN1_IA5STRING_new();
	if (!text || !ASN1_STRING_set(text, name, -1)) {
		ASN1_IA5STRING_free(text);
		GENERAL_NAME_free(general);
		return NULL;
	}
	GENERAL_NAME_set0_value(general, GEN_DNS, text);
	return general;
}

static int add_alternative_names(X509 *certificate, const struct certificate_wish *wish)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	int r = names ? 0 : -EIO;

	for (size_t i = 0; i < wish->names_count && r == 0; i++) {
		GENERAL_NAME *name = general_name_new(wish->names[i]);

		if (!name) {
			r = -EINVAL;
		} else if (!sk_GENERAL_NAME_push(names, name)) {
			GENERAL_NAME_free(name);
			r = -EIO;
		}
	}
	if (r == 0 && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) != 1)
		r = -EIO;
	GENERAL_NAMES_free(names);
	return r;
}

/* The subject's key identifier first: one that signs itself has its own as the authority's. */
static int add_extensions(X509 *certificate, const struct certificate_wish *wish)
{
	int r;

	r = add_extension(certificate, wish, NID_subject_key_identifier, "hash");
	if (r == 0)
		r = add_extension(certificate, wish, NID_authority_key_identifier, "keyid:always");
	if (r == 0 && wish->names)
		r = add_alternative_names(certificate, wish);
	for (size_t i = 0; r == 0 && i < CERTIFICATE_EXTENSIONS && wish->extensions[i].nid; i++)
		r = add_extension(
			certificate, wish, wish->extensions[i].nid, wish->extensions[i].value);
	return r;
}

static const EVP_MD *digest_of(const EVP_PKEY *signer)
{
	return EVP_PKEY_get_bits(signer) > 256 ? EVP_sha384() : EVP_sha256();
}

int certificate_new(const struct certificate_wish *wish, X509 **ret_certificate)
{
	auto_call(X509_freep) X509 *certificate = X509_new();
	int r;

	if (!certificate || !X509_set_version(certificate, X509_VERSION_3) ||
		!X509_set_pubkey(certificate, wish->key))
		return -EIO;
	r = set_serial(certificate);
	if (r == 0)
		r = set_validity(certificate, wish);
	if (r == 0)
		r = set_names(certificate, wish);
	if (r == 0)
		r = add_extensions(certificate, wish);
	if (r < 0)
		return r;
	if (X509_sign(certificate, wish->signer, digest_of(wish->signer)) <= 0)
		return -EIO;
	*ret_certificate = take_ptr(certificate);
	return 0;
}
