/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This process's own view of whether the device is trusted: it makes the questions, from what the
 * kernel says of boot and time, and proves the words that uplink brings, by root's copy of the
 * console's authority. Nothing outlives the process: a new one asks anew.
 */
#ifndef HOLDFAST_AGENT_KEYRING_LEASE_H
#define HOLDFAST_AGENT_KEYRING_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/ipc/keyring.h"
#include "common/lease.h"

struct keyring;

/* Part of struct keyring. */
struct keyring_lease {
	struct lease_request asked; /* nonce all zeros: nothing is asked */
	struct lease word;	    /* serial 0: there is none */
	bool has_shut;		    /* the keys, for want of trust */
};

/* Whether the console's word is that this device is trusted, and still holds. */
bool keyring_lease_is_good(const struct keyring *keyring);
/* When that ends, by CLOCK_BOOTTIME; 0 = it is over, or was never so. */
uint64_t keyring_lease_until_ns(const struct keyring *keyring);

/* SHA-256 of the device's SubjectPublicKeyInfo. 0 or negative errno: -ENOKEY. */
int keyring_lease_own_key(const struct keyring *keyring, uint8_t ret_hash[LEASE_HASH_SIZE]);
/* Keys go with the lease. Milliseconds until it is to be called again at the latest; -1: no need. */
int keyring_lease_tick(struct keyring *keyring);

/* Rows of verbs.c: KEYRING_LEASE_ASK, KEYRING_LEASE_TAKE, KEYRING_LEASE_KEY. */
int keyring_lease_ask(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer);
int keyring_lease_take(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer);
int keyring_lease_key(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer);

#endif
