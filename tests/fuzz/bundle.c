/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a signed policy, and its files as if they were signed. What must hold: none passes
 * under a key that nobody who chooses the bytes has, and files that unpack pack to the same bytes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bundle.h"
#include "policy/host/policy_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct signing_key *key_new(void)
{
	static char private_key[SIGNING_KEY_MAX], public_key[SIGNING_KEY_MAX];
	struct signing_key *key = NULL;

	assert(signing_key_make(NULL, private_key, public_key) == 0);
	assert(signing_key_read(public_key, strlen(public_key), false, NULL, &key) == 0);
	return key;
}

static void unpack(const uint8_t *bytes, size_t size)
{
	struct policy_files *files = policy_files_new();
	uint8_t *again;
	size_t again_size;

	assert(files);
	if (policy_files_unpack(files, bytes, size) == 0 &&
		policy_files_pack(files, &again, &again_size) == 0) {
		/* Names that come twice are kept once. */
		assert(again_size <= size);
		assert(again_size != size || !memcmp(again, bytes, size));
		free(again);
	}
	policy_files_free(files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct signing_key *key;
	struct bundle_terms terms = {.tenant = ""};
	struct bundle bundle;

	if (!key)
		key = key_new();
	terms.key = key;
	unpack(data, size);
	if (bundle_parse(data, size, &bundle) < 0)
		return 0;
	assert(bundle.packed + bundle.packed_size == data + size);
	assert(bundle_verify(&bundle, data, &terms) != BUNDLE_GOOD);
	unpack(bundle.packed, bundle.packed_size);
	return 0;
}
