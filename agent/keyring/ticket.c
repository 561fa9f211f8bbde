/* SPDX-License-Identifier: Apache-2.0 */
/* KEYRING_TICKET: what the engine says of an account, under the device's name. */
#include <errno.h>
#include <openssl/evp.h>

#include "agent/keyring/keyring.h"
#include "common/ticket.h"

/*
 * The form keeps this signature apart from all others of this key. A ticket says that the device is
 * trusted, which is proven here once more: the engine may be deceived, or be somebody else.
 */
int verb_ticket(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	uint8_t digest[32];
	unsigned int size = sizeof(digest);

	(void)fd;
	if (!ticket_is_input(request->bytes, request->size))
		return -EINVAL;
	if (!keyring_lease_is_good(keyring))
		return -EKEYEXPIRED;
	if (EVP_Digest(request->bytes, request->size, digest, &size, EVP_sha256(), NULL) != 1)
		return -EIO;
	return device_key_sign(
		keyring->device, KEYRING_CURRENT, digest, answer->bytes, sizeof(answer->bytes));
}
