/* SPDX-License-Identifier: Apache-2.0 */
/* A root of the authority's, as who checks words by it has it. */
#ifndef HOLDFAST_TESTS_UNIT_ANCHORS_FIXTURE_H
#define HOLDFAST_TESTS_UNIT_ANCHORS_FIXTURE_H

#include <criterion/criterion.h>
#include <openssl/pem.h>

#include "common/lease.h"
#include "console/authority/ca.h"

#define TENANT "11111111-2222-4333-8444-555555555555"

/* The caller frees. */
static inline X509_STORE *anchors_of(const struct ca_pair *pair)
{
	BIO *memory = BIO_new(BIO_s_mem());
	X509_STORE *store;
	char *pem;
	long size;

	cr_assert(PEM_write_bio_X509(memory, pair->certificate));
	size = BIO_get_mem_data(memory, &pem);
	store = lease_anchors(pem, (size_t)size);
	BIO_free(memory);
	return store;
}

#endif
