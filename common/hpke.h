/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPKE, RFC 9180, base mode, one suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Who
 * has the public key seals for who has the private one, and can't open what it sealed before: the
 * sender's secret is gone when its context is freed. Nothing here says who the sender is: sign what
 * matters. The first call makes OpenSSL read its configuration: before the sandbox.
 */
#ifndef HOLDFAST_COMMON_HPKE_H
#define HOLDFAST_COMMON_HPKE_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define HPKE_KEY_SIZE	 32 /* of a public and of a private key */
#define HPKE_ENC_SIZE	 32 /* of what the receiver needs beside its private key */
#define HPKE_TAG_SIZE	 16 /* by which what is sealed is longer */
#define HPKE_KEY_ID_SIZE 16
#define HPKE_INFO_MAX	 256	   /* bytes of what both sides must agree on */
#define HPKE_EXPORT_MAX	 8160	   /* bytes: RFC 5869, 255 blocks */
#define HPKE_CONTEXT_MAX 256	   /* bytes of an exporter's context */
#define HPKE_TEXT_MAX	 (1 << 30) /* bytes of one message */

struct hpke;

struct hpke_message {
	const void *aad; /* in the open, but authentic */
	size_t aad_size;
	const void *text; /* to seal; or what was sealed, with its tag */
	size_t text_size;
};

/* A new pair. The caller wipes the private key. 0 or -EIO. */
int hpke_key_generate(uint8_t ret_private[HPKE_KEY_SIZE], uint8_t ret_public[HPKE_KEY_SIZE]);
/* The public key of a private one. 0 or -EIO. */
int hpke_key_public(const uint8_t private_key[HPKE_KEY_SIZE], uint8_t ret_public[HPKE_KEY_SIZE]);
/* The first bytes of SHA-256 of a public key. 0 or -EIO. */
int hpke_key_id(const uint8_t public_key[HPKE_KEY_SIZE], uint8_t ret_id[HPKE_KEY_ID_SIZE]);

/*
 * The sending side, for one receiver. ret_enc goes to it in the open. -EBADMSG when that is no key
 * (RFC 9180, 7.1.4), -EINVAL when info is too long, -ENOMEM, -EIO. The caller frees.
 */
int hpke_seal_begin(const uint8_t public_key[HPKE_KEY_SIZE], const void *info, size_t info_size,
	uint8_t ret_enc[HPKE_ENC_SIZE], struct hpke **ret_hpke);
/* The receiving side; failures as above. Any bytes are a private key. The caller frees. */
int hpke_open_begin(const uint8_t private_key[HPKE_KEY_SIZE], const uint8_t enc[HPKE_ENC_SIZE],
	const void *info, size_t info_size, struct hpke **ret_hpke);
/* Wipes. Accepts NULL. */
void hpke_free(struct hpke *hpke);
CLEANUP_DEFINE(struct hpke, hpke_free)

/*
 * Seals as the next message, beginning with number 0: text_size + HPKE_TAG_SIZE bytes to ret_sealed,
 * which may be where the text is. A number is used up by failing as well, so none is used twice.
 * 0, -EINVAL on the receiving side or when too long, or -EIO.
 */
int hpke_seal(struct hpke *hpke, const struct hpke_message *message, uint8_t *ret_sealed);
/*
 * Opens the message of that number, in any order and any number of times: text_size - HPKE_TAG_SIZE
 * bytes to ret_text, which hold nothing of worth after a failure. -EBADMSG when it is not authentic,
 * -EINVAL on the sending side.
 */
int hpke_open_at(
	struct hpke *hpke, uint64_t number, const struct hpke_message *sealed, uint8_t *ret_text);
/* A secret that both sides have, by context (RFC 9180, 5.3). 0, -EINVAL or -EIO. */
int hpke_export(struct hpke *hpke, const void *context, size_t context_size, void *ret_secret,
	size_t secret_size);

#endif
