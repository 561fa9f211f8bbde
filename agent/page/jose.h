/* SPDX-License-Identifier: Apache-2.0 */
/* JWS in its compact form and the keys of a JWKS. Pure. */
#ifndef HOLDFAST_AGENT_PAGE_JOSE_H
#define HOLDFAST_AGENT_PAGE_JOSE_H

#include <json-c/json_object.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/page/id_token.h"

/*
 * The claims of a token that one of these keys signed, the caller's to put; or why not. The algorithm is
 * the key's business: a token does not choose how it is checked.
 */
enum id_token_verdict jose_open(
	const char *token, const char *keys, struct json_object **ret_claims);

/* base64url without padding, RFC 7515, 2; bytes, or -EBADMSG. */
int jose_decode(const char *text, size_t text_size, uint8_t *ret_bytes, size_t size);
/* JSON of one object, with nothing behind it; NULL when it is none. The caller puts. */
struct json_object *jose_object(const char *text, size_t size);

#endif
