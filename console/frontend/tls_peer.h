/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of a handshake, and what is kept of that: a certificate that OpenSSL has read is
 * larger than all else that a device's connection holds, for as long as it waits.
 */
#ifndef HOLDFAST_CONSOLE_FRONTEND_TLS_PEER_H
#define HOLDFAST_CONSOLE_FRONTEND_TLS_PEER_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "console/ipc/messages.h"

/* Who shook hands. */
struct tls_peer {
	bool has_certificate;
	uint8_t certificate[CONSOLE_HASH_SIZE];
	uint8_t device[CONSOLE_UID_SIZE];
	int64_t expires; /* seconds since 1970 */
};

/* -EBADMSG for a certificate that names no device. */
int tls_peer_read(const SSL *connection, struct tls_peer *ret_peer);
/* Its certificate's subject in DER, the caller's to OPENSSL_free(); NULL and 0 without one. -ENOMEM. */
int tls_peer_subject(const SSL *connection, uint8_t **ret_der, int *ret_size);
/*
 * Once the handshake is over and its ticket sent: lets go of the peer's certificates and of what it would
 * resume with, which are its own from now on. -ENOMEM: then the connection is not to be used any more.
 */
int tls_peer_forget(SSL *connection);

#endif
