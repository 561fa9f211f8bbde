/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes a mark on a file ours: a MAC (HMAC-SHA-256, RFC 2104) under this device's key, over
 * the labels and over the inode that they were written for. Nobody without the key can write a
 * mark, and a true one that was copied to another inode is known as such.
 *
 * The key is made at the first start, in a file that root alone reads; afterwards it is in the
 * sensor's memory only. A lost key costs nothing but repairs: the index says what is labelled.
 */
#ifndef HOLDFAST_AGENT_SENSOR_MARK_SEAL_H
#define HOLDFAST_AGENT_SENSOR_MARK_SEAL_H

#include "agent/sensor/mark_value.h"
#include "common/cleanup.h"

#define MARK_SEAL_KEY_SIZE 32

struct mark_seal;

/* The inode that a mark is on, by what stays the same over a reboot. */
struct mark_place {
	const struct hf_inode_key *key; /* dev is not looked at */
	const char *volume;		/* volumes_identity() */
};

enum mark_state {
	MARK_TRUE,    /* written by us, for this inode */
	MARK_COPIED,  /* written by us, for another inode */
	MARK_FOREIGN, /* well-formed, but not under this device's key */
	MARK_BROKEN,  /* not a mark; nothing of it was read */
};

/*
 * Reads the key from path, or makes one there (and its directory) when there is none. As root,
 * before the sandbox. 0; -EPERM when others than its owner may touch the file; -EBADMSG when it is
 * no key; other negative errno. The caller frees.
 */
int mark_seal_open(const char *path, struct mark_seal **ret_seal);
/* With a key at hand: for tests and fuzzing. */
int mark_seal_new(const uint8_t key[MARK_SEAL_KEY_SIZE], struct mark_seal **ret_seal);
/* Accepts NULL. */
void mark_seal_free(struct mark_seal *seal);
CLEANUP_DEFINE(struct mark_seal, mark_seal_free)

/* Sets value's home and mac and writes it. Bytes written, or negative errno. */
int mark_seal_encode(struct mark_seal *seal, const struct mark_place *place,
	struct mark_value *value, uint8_t ret_bytes[MARK_VALUE_MAX]);
/* *ret_value is written unless the answer is MARK_BROKEN. */
enum mark_state mark_seal_decode(struct mark_seal *seal, const struct mark_place *place,
	const void *bytes, size_t size_bytes, struct mark_value *ret_value);

#endif
