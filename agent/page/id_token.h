/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ID tokens of OpenID Connect Core 1.0 (3.1.3.7) as JWS (RFC 7515), proven with the issuer's keys
 * (RFC 7517): RS256 and ES256, nothing else. Pure: text in, verdict out; no network, no clock.
 */
#ifndef HOLDFAST_AGENT_PAGE_ID_TOKEN_H
#define HOLDFAST_AGENT_PAGE_ID_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#define ID_TOKEN_MAX	  16384 /* bytes */
#define ID_TOKEN_KEYS_MAX 65536
#define ID_TOKEN_CLOCK_S  60 /* both clocks may differ so much */

/* Why a token is not taken. */
enum id_token_verdict {
	ID_TOKEN_GOOD = 0,
	ID_TOKEN_MALFORMED,
	ID_TOKEN_ALGORITHM, /* none of the two, or not the key's */
	ID_TOKEN_KEY,	    /* the issuer has no such key */
	ID_TOKEN_SIGNATURE,
	ID_TOKEN_ISSUER,
	ID_TOKEN_AUDIENCE,
	ID_TOKEN_EXPIRED,
	ID_TOKEN_EARLY, /* made in the future, or before we asked */
	ID_TOKEN_USER,	/* somebody else */
	ID_TOKEN_VERDICT_MAX,
};

struct id_token_wish {
	const char *keys; /* JWKS, as the issuer gave it */
	const char *issuer;
	const char *client;
	const char *claim;  /* that says the user */
	const char *user;   /* whom it must say: this, or this and @domain */
	const char *domain; /* "" = none */
	uint64_t now_s;	    /* since 1970 */
	uint64_t asked_s;   /* signed in before: not a proof of now */
};

enum id_token_verdict id_token_check(const char *token, const struct id_token_wish *wish);
/* In words. Static. */
const char *id_token_words(enum id_token_verdict verdict);

#endif
