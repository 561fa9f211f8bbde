/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of this process share, and who may ask it for what. */
#ifndef HOLDFAST_AGENT_KEYRING_KEYRING_H
#define HOLDFAST_AGENT_KEYRING_KEYRING_H

#include "agent/ipc/keyring.h"
#include "agent/keyring/device_key.h"
#include "agent/keyring/keys.h"
#include "agent/keyring/lease.h"

struct vault_claims;

/* Who asks, as the kernel says: bits, so that a verb can be for several. */
enum keyring_peer {
	PEER_UPLINK = 0x1, /* on the pair that holdfastd made: it reaches the network */
	PEER_ENGINE = 0x2, /* on the local socket, by its user */
	PEER_ROOT = 0x4,   /* likewise: commands, and holdfastd's own */
};

struct keyring {
	struct device_key *device;
	struct keys *keys;
	struct keyring_lease lease;
	struct vault_claims *vaults; /* which file systems have which */
	const char *config;	     /* console.ini; NULL: there is none, as in some tests */
};

/* A verb's: bytes of the answer, which is all zeros before, or negative errno. fd: see keyring_serve(). */
typedef int verb_function(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer);

/* ticket.c */
verb_function verb_ticket;

/* receipt.c */
verb_function verb_receipt;

/* keys_verbs.c */
verb_function verb_keys_want, verb_keys_ask, verb_keys_grant, verb_keys_state, verb_keys_drop,
	verb_keys_refused, verb_keys_sleep;
/* marks.c */
verb_function verb_mark;

/* vault_verbs.c */
verb_function verb_vault_add, verb_vault_remove;

/*
 * Does what is asked, if that peer may ask it. fd came with the request, -EBADF as a rule; it stays the
 * caller's. Always leaves an answer to send, and logs what was refused.
 */
void keyring_serve(struct keyring *keyring, enum keyring_peer peer,
	const struct keyring_request *request, int fd, struct keyring_answer *ret_answer);

#endif
