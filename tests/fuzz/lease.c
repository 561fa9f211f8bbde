/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a device's question and as the console's word. What must hold: a question that is
 * read would be written the same, and no word passes under an authority whose key nobody has who
 * chooses the bytes.
 */
#include <assert.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An authority that certified nobody. */
static X509_STORE *anchors_new(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_STORE *store = X509_STORE_new();

	assert(key && certificate && store && X509_set_pubkey(certificate, key));
	assert(X509_gmtime_adj(X509_getm_notBefore(certificate), -60));
	assert(X509_gmtime_adj(X509_getm_notAfter(certificate), 86400));
	assert(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert(X509_STORE_add_cert(store, certificate) == 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return store;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lease_terms terms;
	struct lease_request request;
	char text[LEASE_REQUEST_MAX];
	struct lease lease;
	int written;

	if (!terms.anchors)
		terms = (struct lease_terms){.anchors = anchors_new(), .boot_ms = LEASE_NUMBER_MAX};
	if (lease_request_parse(data, size, &request) == 0) {
		written = lease_request_write(&request, text);
		assert(written > 0 && (size_t)written < size);
		assert(!memcmp(text, data, (size_t)written));
	}
	if (lease_parse(data, size, &lease) == 0)
		assert(lease.serial && lease_state_name(lease.state));
	assert(lease_verify(data, size, &terms, &lease) != LEASE_GOOD);
	return 0;
}
