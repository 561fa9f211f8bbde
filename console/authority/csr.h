/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#10 request from outside. The frontend checks it before it asks anybody, the authority
 * again before it signs: neither takes the other's word.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_CSR_H
#define HOLDFAST_CONSOLE_AUTHORITY_CSR_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console/ipc/messages.h"

struct csr_facts {
	uint8_t key[CONSOLE_HASH_SIZE]; /* SHA-256 of the SubjectPublicKeyInfo */
	char name[CONSOLE_NAME_SIZE];	/* the common name made fit to be shown; "" when none */
};

/*
 * -EBADMSG unless it is one whole request of at most CONSOLE_CSR_MAX bytes, for a P-256 key (named
 * curve, uncompressed: one key has one hash), signed by that key with ECDSA and SHA-2.
 * *ret_request is the caller's, X509_REQ_free().
 */
int csr_open(const void *der, size_t size, X509_REQ **ret_request, struct csr_facts *ret_facts);
/* Whether it names whom its certificate does, and no others besides (RFC 7030, 4.2.2). */
bool csr_is_same_subject(X509_REQ *request, const X509_NAME *subject);

#endif
