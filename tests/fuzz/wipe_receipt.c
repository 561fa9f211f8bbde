/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a device's receipt: none is proven that no device signed, none is read beyond its end, and what
 * is read yet to be signed is what would be written.
 */
#include <assert.h>
#include <errno.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/wipe_receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static X509_STORE *anchors;
	static struct wipe_receipt receipt;
	char text[WIPE_RECEIPT_TEXT];
	X509 *certificate;
	size_t read_size;
	int r;

	if (!anchors)
		anchors = X509_STORE_new();
	r = wipe_receipt_verify(data, size, anchors, &receipt, &certificate);
	assert(r == -EBADMSG || r == -EKEYREJECTED);
	X509_free(wipe_receipt_certificate(data, size));
	if (wipe_receipt_parse(data, size, false, &receipt, &read_size) == 0) {
		r = wipe_receipt_write(&receipt, text);
		assert(r == -EMSGSIZE || ((size_t)r == size && !memcmp(text, data, size)));
	}
	return 0;
}
