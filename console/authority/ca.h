/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tenant's certificates on OpenSSL 3: no files, no clock, no logging. Root over issuing
 * authority (no further ones below) over the server's and the devices'. Keys are EVP_PKEY, so that
 * one of a token (PKCS#11, token.h) stands in for a file's.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_CA_H
#define HOLDFAST_CONSOLE_AUTHORITY_CA_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/cleanup.h"

#define CA_ROOT_DAYS	7300
#define CA_ISSUING_DAYS 1825
#define CA_SERVER_DAYS	397
#define CA_DEVICE_DAYS	90
#define CA_TRUST_DAYS	2   /* is made anew each day, and whenever the console starts */
#define CA_SKEW_SECONDS 300 /* valid from so long ago: clocks of devices are behind */
#define CA_NAME_MAX	64  /* bytes of a common name or organisation, as X.520 says */
#define CA_SERVER_NAMES 16

/* A key and its certificate; own. */
struct ca_pair {
	EVP_PKEY *key;
	X509 *certificate;
};

void ca_pair_done(struct ca_pair *pair);

/* The organisation of a certificate of ours, the tenant, as text; OPENSSL_free(). NULL: it has none. */
char *ca_organization(const X509 *certificate);

/* "CN=Holdfast root, O=tenant", P-384, signs itself. -EINVAL for a name too long, -EIO of OpenSSL. */
int ca_root_new(const char *tenant, time_t now, struct ca_pair *ret_root);
/*
 * P-256, path length 0, of the same tenant. key: one that is there already, as of a token, of which
 * a reference is taken; NULL: a new one.
 */
int ca_issuing_new(
	const struct ca_pair *root, EVP_PKEY *key, time_t now, struct ca_pair *ret_issuing);
/* names: DNS names and IP addresses for the SAN, the first is also the CN; P-256, serverAuth. */
int ca_server_new(const struct ca_pair *issuing, const char *const *names, size_t count, time_t now,
	struct ca_pair *ret_server);

/* The key that leases are signed with: P-256, for that alone (LEASE_EXTENDED_USAGE). -ESTALE, -EIO. */
int ca_trust_new(const struct ca_pair *issuing, time_t now, struct ca_pair *ret_trust);

/* Whom a device's certificate is for: "CN=device, O=tenant". */
struct ca_subject {
	const char *device; /* UUID as text */
	const char *tenant;
};

/*
 * A device's certificate, clientAuth, of the request's public key; of the request nothing else is
 * taken. -EBADMSG when csr_open() refuses it, -EINVAL for a subject that is no such thing.
 * *ret_der is the caller's, OPENSSL_free().
 */
int ca_device_sign(const struct ca_pair *issuing, const void *csr, size_t csr_size,
	const struct ca_subject *subject, time_t now, uint8_t **ret_der, size_t *ret_size);

/* A certificate in DER; borrowed. */
struct ca_der {
	const uint8_t *bytes;
	size_t size;
};

/* PKCS#7 with these certificates and nothing signed, DER, as EST hands them out; OPENSSL_free(). */
int ca_certs_only(
	const struct ca_der *certificates, size_t count, uint8_t **ret_der, size_t *ret_size);

#endif
