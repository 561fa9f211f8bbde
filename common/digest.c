/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by OpenSSL, looked up once: that is dearer than hashing a record's few hundred bytes. */
#include "common/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

int digest_of(const struct digest_piece *pieces, size_t count, uint8_t ret_digest[DIGEST_SIZE])
{
	static EVP_MD *algorithm; /* for good */
	static EVP_MD_CTX *context;
	uint8_t digest[DIGEST_SIZE];

	if (!algorithm)
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!context)
		context = EVP_MD_CTX_new();
	if (!algorithm || !context || !EVP_DigestInit_ex2(context, algorithm, NULL))
		return -EIO;
	for (size_t i = 0; i < count; i++)
		if (!EVP_DigestUpdate(context, pieces[i].bytes, pieces[i].size))
			return -EIO;
	if (!EVP_DigestFinal_ex(context, digest, NULL))
		return -EIO;
	memcpy(ret_digest, digest, sizeof(digest));
	return 0;
}
