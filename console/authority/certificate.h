/* SPDX-License-Identifier: Apache-2.0 */
/* What every certificate of ours is made of; ca.c says which has what. */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_CERTIFICATE_H
#define HOLDFAST_CONSOLE_AUTHORITY_CERTIFICATE_H

#include <openssl/types.h>
#include <stddef.h>
#include <time.h>

#define CERTIFICATE_EXTENSIONS 4

struct certificate_extension {
	int nid;
	const char *value; /* as in x509v3_config(5); fixed text, never of others */
};

struct certificate_wish {
	EVP_PKEY *key; /* whom it is for */
	const char *common_name;
	const char *organization;
	EVP_PKEY *signer;
	X509 *issuer; /* NULL: signs itself */
	time_t now;
	int days;
	const char *const *names; /* for the SAN; NULL: none */
	size_t names_count;
	struct certificate_extension extensions[CERTIFICATE_EXTENSIONS]; /* nid 0 ends */
};

/* P-256 or P-384 by the curve's name; NULL when OpenSSL can't. */
EVP_PKEY *certificate_key_new(const char *curve);
/*
 * Signed, with a random serial of 127 bits and the key identifiers; ends with its issuer at the
 * latest. -EINVAL for names that are none or too long, -ESTALE when the issuer has expired, -EIO.
 */
int certificate_new(const struct certificate_wish *wish, X509 **ret_certificate);

#endif
