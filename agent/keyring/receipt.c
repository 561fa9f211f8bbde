/* SPDX-License-Identifier: Apache-2.0 */
/* KEYRING_RECEIPT: what root's holdfast-wipe says that it has destroyed, under the device's name. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "agent/keyring/keyring.h"
#include "common/wipe_receipt.h"

#define SIGNATURE_SIZE 128

_Static_assert(
	WIPE_RECEIPT_TEXT <= KEYRING_BYTES_MAX, "every receipt fits a request and its answer");

/* That the console's last word, which was proven here, is what it answers to. */
static bool is_ordered(const struct lease *word, const struct wipe_receipt *receipt)
{
	if (!word->serial || memcmp(receipt->device, word->asked.device, LEASE_ID_SIZE) != 0 ||
		memcmp(receipt->boot, word->asked.boot, LEASE_ID_SIZE) != 0 ||
		strcmp(receipt->tenant, word->tenant) != 0)
		return false;
	if (word->order)
		return receipt->order == word->order_number && receipt->what == word->order;
	return !receipt->order && word->state == LEASE_REVOKED; /* its own policy had it so */
}

static bool has_keys(struct keys *keys)
{
	static struct keyring_keys state;

	keys_state(keys, &state);
	for (unsigned int i = 0; i < state.count; i++)
		if (state.labels[i].generations)
			return true;
	return false;
}

static int sign(const struct keyring *keyring, const struct keyring_request *request,
	struct keyring_answer *answer)
{
	uint8_t digest[32], signature[SIGNATURE_SIZE];
	int r;

	if (EVP_Digest(request->bytes, request->size, digest, NULL, EVP_sha256(), NULL) != 1)
		return -EIO;
	r = device_key_sign(keyring->device, KEYRING_CURRENT, digest, signature, sizeof(signature));
	if (r < 0)
		return r;
	memcpy(answer->bytes, request->bytes, request->size);
	return lease_add_signature(
		(char *)answer->bytes, request->size, WIPE_RECEIPT_TEXT, signature, (size_t)r);
}

/* The form keeps this signature apart from all others of this key. */
int verb_receipt(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	uint8_t key[LEASE_HASH_SIZE];
	struct wipe_receipt receipt;
	size_t size;
	int r;

	(void)fd;
	if (wipe_receipt_parse(request->bytes, request->size, false, &receipt, &size) < 0)
		return -EINVAL;
	r = keyring_lease_own_key(keyring, key);
	if (r < 0)
		return r;
	if (memcmp(key, receipt.key, sizeof(key)) != 0 ||
		!is_ordered(&keyring->lease.word, &receipt))
		return -EKEYREJECTED;
	return has_keys(keyring->keys) ? -EBUSY : sign(keyring, request, answer);
}
