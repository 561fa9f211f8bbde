/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy that somebody signed: a few lines of text under an Ed25519 signature, then the policy's
 * files as policy/host/policy_files.h packs them. Outside bytes: read by bundle_parse() only, and
 * the packed files only when bundle_verify() says so. No I/O, no clock.
 *
 *	holdfast-policy 1
 *	tenant 0f1e2d3c4b5a69788796a5b4c3d2e1f0
 *	name Acme office
 *	version 17			goes up by every signature, never down
 *	require secure-boot, lockdown	what its [trust] requires of a device, as common/posture.h has
 *					it, for who does not read policies; no such line = nothing
 *	made 1764064800
 *	expires 1795600800		not taken any more from then on; what is in force stays
 *	key 5f70...			of the signer: 32 hexadecimal digits
 *	size 20480			bytes of the packed files
 *	digest 9c1e...			their SHA-256
 *	signature MEUC...		base64, of all bytes before this line
 *
 * The files begin behind the signature's line. What the version is compared with, and that it is kept
 * only when all else is well, is the caller's: see agent/engine/policy_bundle.c.
 */
#ifndef HOLDFAST_POLICY_BUNDLE_H
#define HOLDFAST_POLICY_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "common/posture.h"
#include "common/signing.h"

#define BUNDLE_HEAD_MAX	   2048	     /* bytes before the packed files */
#define BUNDLE_PACKED_MAX  (8 << 20) /* bytes of these */
#define BUNDLE_SIZE_MAX	   (BUNDLE_HEAD_MAX + BUNDLE_PACKED_MAX)
#define BUNDLE_NAME_MAX	   256 /* bytes, NUL counted */
#define BUNDLE_TENANT_SIZE 33  /* digits and NUL */

struct bundle {
	char tenant[BUNDLE_TENANT_SIZE];
	char name[BUNDLE_NAME_MAX];
	uint64_t version;
	struct posture require;
	uint64_t made_s, expires_s; /* of the day */
	char key_id[2 * SIGNING_KEY_ID + 1];
	char digest[65];
	const uint8_t *packed; /* borrowed: within the bytes that were parsed */
	size_t packed_size;
	size_t signed_size; /* bytes that the signature is of */
	uint8_t signature[SIGNING_SIGNATURE];
};

enum bundle_verdict {
	BUNDLE_GOOD = 0,
	BUNDLE_OTHER_KEY,
	BUNDLE_BAD_SIGNATURE,
	BUNDLE_BAD_DIGEST,
	BUNDLE_OTHER_TENANT,
	BUNDLE_ROLLBACK, /* a version below the highest seen */
	BUNDLE_TOO_LATE,
};

/* What a bundle is held against. */
struct bundle_terms {
	const struct signing_key *key;
	const char *tenant; /* "" = any */
	uint64_t version;   /* the highest seen; the same one is good again */
	uint64_t now_s;
};

/* -EBADMSG: not a bundle, byte for byte; *ret_bundle is written on success only. */
int bundle_parse(const void *bytes, size_t size, struct bundle *ret_bundle);
/* The signature first; its bytes are those that were parsed. */
enum bundle_verdict bundle_verify(
	const struct bundle *bundle, const void *bytes, const struct bundle_terms *terms);
/* A short word for events ("BAD_SIGNATURE"), and words for people. */
const char *bundle_verdict_code(enum bundle_verdict verdict);
const char *bundle_verdict_text(enum bundle_verdict verdict);

/*
 * Signs: tenant, name, version, requirement, times and packed files of *bundle. Bytes in *ret_bytes, which the
 * caller frees, or -EINVAL for a name with a line end, -EFBIG, -ENOMEM, -EIO.
 */
int bundle_write(const struct bundle *bundle, const struct signing_key *key, uint8_t **ret_bytes,
	size_t *ret_size);

#endif
