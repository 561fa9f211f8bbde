/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a receipt: none is proven that no authority signed, and none is read beyond its end. */
#include <assert.h>
#include <errno.h>
#include <openssl/x509.h>

#include "console/authority/key_receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static X509_STORE *anchors;
	struct key_receipt receipt;
	int r;

	if (!anchors)
		anchors = X509_STORE_new();
	r = key_receipt_verify((const char *)data, size, anchors, &receipt);
	assert(r == -EBADMSG || r == -EKEYREJECTED);
	return 0;
}
