/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maintenance tokens: a few lines of text under an Ed25519 signature that open the agent's door for
 * a while. Outside bytes: read by maintenance_token_parse() only, which tests/fuzz/maintenance.c
 * exercises. Pure but for libcrypto; time, device and what was used before are the caller's.
 *
 *	holdfast-maintenance 1
 *	device any
 *	not-before 1764064800
 *	not-after 1764068400
 *	actions upgrade,stop
 *	nonce 8d0f...			32 hexadecimal digits
 *	signature MEUC...		base64, of all bytes before this line
 */
#ifndef HOLDFAST_AGENT_ENGINE_MAINTENANCE_TOKEN_H
#define HOLDFAST_AGENT_ENGINE_MAINTENANCE_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "common/signing.h"

#define MAINTENANCE_TOKEN_MAX	512	     /* bytes of one */
#define MAINTENANCE_NONCE_SIZE	33	     /* digits and NUL */
#define MAINTENANCE_LIFE_MAX	(31 * 86400) /* seconds between not-before and not-after */
#define MAINTENANCE_MINUTES_MAX 1440	     /* that a door stays open */

enum maintenance_act { /* HF_DOOR_* of bpf/control.h */
	MAINTENANCE_STOP = 0x1,
	MAINTENANCE_UPGRADE = 0x2,
	MAINTENANCE_REMOVE = 0x4,
};

struct maintenance_token {
	char device[65];		    /* machine id, or "any" */
	uint64_t not_before_s, not_after_s; /* of the day */
	uint32_t acts;			    /* enum maintenance_act */
	char nonce[MAINTENANCE_NONCE_SIZE];
	size_t signed_size; /* bytes that the signature is of */
	uint8_t signature[SIGNING_SIGNATURE];
};

enum maintenance_verdict {
	MAINTENANCE_GOOD = 0,
	MAINTENANCE_BAD_SIGNATURE,
	MAINTENANCE_OTHER_DEVICE,
	MAINTENANCE_TOO_EARLY,
	MAINTENANCE_TOO_LATE,
};

/* -EBADMSG: not a token, byte for byte; *ret_token is written on success only. */
int maintenance_token_parse(const void *bytes, size_t size, struct maintenance_token *ret_token);
/* Whether the token's own words say yes here and now; the signature first. */
enum maintenance_verdict maintenance_token_verify(const struct maintenance_token *token,
	const void *bytes, const struct signing_key *key, const char *device, uint64_t now_s);
/* Words for a verdict other than GOOD. */
const char *maintenance_verdict_text(enum maintenance_verdict verdict);

/* Writes the text of *token, signed, NUL-terminated. Bytes, or negative errno. */
int maintenance_token_write(const struct maintenance_token *token, const struct signing_key *key,
	char ret_text[MAINTENANCE_TOKEN_MAX]);

/* "upgrade,stop" to bits and back. -EINVAL: another word, none, or one twice. */
int maintenance_acts_parse(const char *words, uint32_t *ret_acts);
void maintenance_acts_text(uint32_t acts, char ret_words[32]);

#endif
