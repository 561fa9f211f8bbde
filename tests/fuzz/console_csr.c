/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a certificate request. Signatures can't be guessed, so what gets far is mostly what
 * the seeds are; the parsing before that is what is at stake.
 */
#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <string.h>

#include "console/authority/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	X509_REQ *request = NULL;
	struct csr_facts facts;
	int r = csr_open(data, size, &request, &facts);

	assert(r == -EBADMSG || (r == 0 && request));
	if (r == 0)
		assert(strlen(facts.name) < sizeof(facts.name));
	X509_REQ_free(request);
	ERR_clear_error();
	return 0;
}
