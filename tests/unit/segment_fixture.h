/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of a console and of a device, and lines: for the tests of segments and of the spool. */
#ifndef HOLDFAST_TESTS_UNIT_SEGMENT_FIXTURE_H
#define HOLDFAST_TESTS_UNIT_SEGMENT_FIXTURE_H

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/segment.h"

#define FIXTURE_LINE_SIZE 65 /* of number_lines(), newline counted */

#define FIXTURE_SIGNATURE_SIZE 71

struct fixture_keys {
	uint8_t private_key[HPKE_KEY_SIZE], public_key[HPKE_KEY_SIZE]; /* the console's */
	EVP_PKEY *device;
	unsigned int signatures;
	int refusal; /* what the next signing says, if not 0 */
};

static inline void fixture_keys_make(struct fixture_keys *keys)
{
	*keys = (struct fixture_keys){.device = EVP_EC_gen("P-256")};
	assert(keys->device);
	if (hpke_key_generate(keys->private_key, keys->public_key) < 0)
		assert(!"no key");
}

static inline int fixture_sign(const void *bytes, size_t size, uint8_t *ret_signature,
	size_t *ret_signature_size, void *userdata)
{
	struct fixture_keys *keys = userdata;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int good;

	if (keys->refusal) {
		EVP_MD_CTX_free(context);
		return keys->refusal;
	}
	keys->signatures++;
	do { /* about half of them are of that size: what follows lies at the same place each time */
		*ret_signature_size = SEGMENT_SIGNATURE_MAX;
		good = EVP_DigestSignInit_ex(
			       context, NULL, "SHA256", NULL, NULL, keys->device, NULL) > 0 &&
		       EVP_DigestSign(context, ret_signature, ret_signature_size, bytes, size) > 0;
	} while (good && *ret_signature_size != FIXTURE_SIGNATURE_SIZE);
	EVP_MD_CTX_free(context);
	return good ? 0 : -EIO;
}

/* One line a number, which says it; ret_lines has room for count of them and a NUL. */
static inline void number_lines(uint64_t first, uint32_t count, char *ret_lines)
{
	for (uint32_t i = 0; i < count; i++)
		(void)snprintf(ret_lines + i * FIXTURE_LINE_SIZE, FIXTURE_LINE_SIZE + 1,
			"{\"sequence\":%020" PRIu64 ",\"what\":\"a line of such a size\"}\n",
			first + i);
}

#endif
