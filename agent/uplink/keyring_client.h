/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device key as uplink sees it: behind a socket. Each call waits for the keyring's answer, which
 * takes well under a millisecond; a keyring that is gone or answers nonsense is fatal().
 */
#ifndef HOLDFAST_AGENT_UPLINK_KEYRING_CLIENT_H
#define HOLDFAST_AGENT_UPLINK_KEYRING_CLIENT_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/ipc/keyring.h"

/* Takes the socket over for the life of the process. */
void keyring_client_start(int socket_fd);

/* Whether it has said since the last call that it needs keys of labels; its socket is readable when it does. */
bool keyring_woke(void);

struct keyring_state {
	enum keyring_place place;	    /* of CURRENT */
	char tpm[2 * KEYRING_TPM_SIZE + 1]; /* hexadecimal: which TPM there is; "" = none */
	char trouble[KEYRING_TROUBLE_SIZE]; /* "" = the key can be used, which was tried */
};

/* As keyring answers now; fatal() when it does not. */
void keyring_state(struct keyring_state *ret_state);
/* The public half; CURRENT is made when there is none. NULL: -ENOKEY and the like, logged. Caller frees. */
EVP_PKEY *keyring_public(enum keyring_which which);
/* A new NEXT. As keyring_public. */
EVP_PKEY *keyring_renew(void);
/* 0 or negative errno. */
int keyring_commit(void);
/*
 * The signature, DER, over bytes. verb: KEYRING_SEGMENT, KEYRING_REQUEST or KEYRING_DIGEST. Bytes of
 * it, or negative errno.
 */
int keyring_sign(enum keyring_verb verb, enum keyring_which which, const void *bytes, size_t size,
	void *ret_signature, size_t signature_size);
/* CURRENT for OpenSSL, whose private operations go to the keyring: for TLS. NULL as above. Caller frees. */
EVP_PKEY *keyring_key(void);

#endif
