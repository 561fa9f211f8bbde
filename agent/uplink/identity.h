/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who this device is to the console: its certificate, and the console's key that events are sealed
 * to. Files of the state directory, written whole or not at all. Nothing here is secret.
 */
#ifndef HOLDFAST_AGENT_UPLINK_IDENTITY_H
#define HOLDFAST_AGENT_UPLINK_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/uplink/certificate.h"
#include "common/hpke.h"

#define IDENTITY_CERTIFICATE "device.crt" /* PEM, the device's first */
#define IDENTITY_CONSOLE_KEY "console.key"

struct identity {
	X509 *chain[CERTIFICATE_CHAIN_MAX]; /* own */
	size_t chain_count;		    /* 0: not enrolled */
	uint8_t device_uid[16];
	bool has_console_key;
	uint8_t console_key[HPKE_KEY_SIZE];
};

/*
 * Reads what is there. A certificate of another key than the keyring's is as none; one of NEXT ends
 * a renewal that a crash interrupted. 0, also when not enrolled; -EBADMSG; negative errno.
 */
int identity_read(int directory_fd, struct identity *ret_identity);
void identity_done(struct identity *identity);
/*
 * Makes these certificates the identity, durably: the device's is found by its key. Takes references.
 * -EBADMSG when none is for the keyring's key `which`, or it names no device. Who issued it is not
 * looked at: they came from a console that TLS has proven to be ours.
 */
int identity_take(int directory_fd, struct identity *identity, X509 *const *certificates,
	size_t count, enum keyring_which which);
/* 0 or negative errno with the old one kept. */
int identity_set_console_key(
	int directory_fd, struct identity *identity, const uint8_t key[HPKE_KEY_SIZE]);

#endif
