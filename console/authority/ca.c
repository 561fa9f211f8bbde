/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificate has what. */
#include "console/authority/ca.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "common/lease.h"
#include "console/authority/certificate.h"
#include "console/authority/csr.h"

#define ROOT_NAME    "Holdfast root"
#define ISSUING_NAME "Holdfast devices"
#define TRUST_NAME   "Holdfast trust"

CLEANUP_DEFINE(X509, X509_free)
CLEANUP_DEFINE(X509_REQ, X509_REQ_free)
CLEANUP_DEFINE(PKCS7, PKCS7_free)

void ca_pair_done(struct ca_pair *pair)
{
	EVP_PKEY_free(pair->key); /* clears what it frees */
	X509_free(pair->certificate);
	*pair = (struct ca_pair){0};
}

/* Makes the key, then the certificate; wish->key and wish->signer are set here where they are NULL. */
static int pair_new(struct certificate_wish *wish, const char *curve, struct ca_pair *ret_pair)
{
	struct ca_pair pair = {.key = (EVP_PKEY *)wish->key};
	int r;

	if (!pair.key)
		pair.key = certificate_key_new(curve);
	else if (EVP_PKEY_up_ref(pair.key) != 1)
		return -EIO;
	if (!pair.key)
		return -EIO;
	wish->key = pair.key;
	if (!wish->signer)
		wish->signer = pair.key;
	r = certificate_new(wish, &pair.certificate);
	if (r < 0)
		ca_pair_done(&pair);
	else
		*ret_pair = pair;
	return r;
}

int ca_root_new(const char *tenant, time_t now, struct ca_pair *ret_root)
{
	struct certificate_wish wish = {
		.common_name = ROOT_NAME,
		.organization = tenant,
		.now = now,
		.days = CA_ROOT_DAYS,
		.extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
			{NID_key_usage, "critical,keyCertSign,cRLSign"}},
	};

	return pair_new(&wish, "P-384", ret_root);
}

char *ca_organization(const X509 *certificate)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_organizationName, -1);
	unsigned char *text = NULL;

	if (at < 0 || ASN1_STRING_to_UTF8(&text,
			      X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))) < 0)
		return NULL;
	return (char *)text;
}

int ca_issuing_new(
	const struct ca_pair *root, EVP_PKEY *key, time_t now, struct ca_pair *ret_issuing)
{
	char *tenant = ca_organization(root->certificate);
	struct certificate_wish wish = {
		.common_name = ISSUING_NAME,
		.organization = tenant,
		.key = key,
		.signer = root->key,
		.issuer = root->certificate,
		.now = now,
		.days = CA_ISSUING_DAYS,
		.extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
			{NID_key_usage, "critical,keyCertSign,cRLSign"}},
	};
	int r;

	r = pair_new(&wish, "P-256", ret_issuing);
	OPENSSL_free(tenant);
	return r;
}

int ca_server_new(const struct ca_pair *issuing, const char *const *names, size_t count, time_t now,
	struct ca_pair *ret_server)
{
	char *tenant;
	struct certificate_wish wish = {
		.signer = issuing->key,
		.issuer = issuing->certificate,
		.now = now,
		.days = CA_SERVER_DAYS,
		.names = names,
		.names_count = count,
		.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
			{NID_key_usage, "critical,digitalSignature"},
			{NID_ext_key_usage, "serverAuth"}},
	};
	int r;

	if (count == 0 || count > CA_SERVER_NAMES)
		return -EINVAL;
	tenant = ca_organization(issuing->certificate);
	wish.common_name = names[0];
	wish.organization = tenant;
	r = pair_new(&wish, "P-256", ret_server);
	OPENSSL_free(tenant);
	return r;
}

int ca_trust_new(const struct ca_pair *issuing, time_t now, struct ca_pair *ret_trust)
{
	char *tenant = ca_organization(issuing->certificate);
	struct certificate_wish wish = {
		.common_name = TRUST_NAME,
		.organization = tenant,
		.signer = issuing->key,
		.issuer = issuing->certificate,
		.now = now,
		.days = CA_TRUST_DAYS,
		.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
			{NID_key_usage, "critical,digitalSignature"},
			{NID_ext_key_usage, "critical," LEASE_EXTENDED_USAGE}},
	};
	int r;

	r = pair_new(&wish, "P-256", ret_trust);
	OPENSSL_free(tenant);
	return r;
}

int ca_device_sign(const struct ca_pair *issuing, const void *csr, size_t csr_size,
	const struct ca_subject *subject, time_t now, uint8_t **ret_der, size_t *ret_size)
{
	auto_call(X509_REQ_freep) X509_REQ *request = NULL;
	auto_call(X509_freep) X509 *certificate = NULL;
	struct certificate_wish wish = {
		.common_name = subject->device,
		.organization = subject->tenant,
		.signer = issuing->key,
		.issuer = issuing->certificate,
		.now = now,
		.days = CA_DEVICE_DAYS,
		.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
			{NID_key_usage, "critical,digitalSignature"},
			{NID_ext_key_usage, "clientAuth"}},
	};
	struct csr_facts facts;
	uint8_t *der = NULL;
	int size, r;

	r = csr_open(csr, csr_size, &request, &facts);
	if (r < 0)
		return r;
	wish.key = X509_REQ_get0_pubkey(request);
	r = certificate_new(&wish, &certificate);
	if (r < 0)
		return r;
	size = i2d_X509(certificate, &der);
	if (size <= 0)
		return -EIO;
	*ret_der = der;
	*ret_size = (size_t)size;
	return 0;
}

static int add_certificate(PKCS7 *box, const struct ca_der *der)
{
	auto_call(X509_freep) X509 *certificate = NULL;
	const uint8_t *at = der->bytes;

	certificate = d2i_X509(NULL, &at, (long)der->size);
	if (!certificate || at != der->bytes + der->size)
		return -EBADMSG;
	return PKCS7_add_certificate(box, certificate) ? 0 : -EIO;
}

int ca_certs_only(
	const struct ca_der *certificates, size_t count, uint8_t **ret_der, size_t *ret_size)
{
	auto_call(PKCS7_freep) PKCS7 *box = PKCS7_new();
	uint8_t *der = NULL;
	int size, r;

	/* degenerate signedData: RFC 5652, 5.1: no signers, content of type data that is absent */
	if (!box || !PKCS7_set_type(box, NID_pkcs7_signed) ||
		!PKCS7_content_new(box, NID_pkcs7_data) || !PKCS7_set_detached(box, 1))
		return -EIO;
	for (size_t i = 0; i < count; i++) {
		r = add_certificate(box, &certificates[i]);
		if (r < 0)
			return r;
	}
	size = i2d_PKCS7(box, &der);
	if (size <= 0)
		return -EIO;
	*ret_der = der;
	*ret_size = (size_t)size;
	return 0;
}
