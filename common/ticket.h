/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ticket: a JWT (RFC 7519) as a JWS in compact form (RFC 7515), ES256, signed by the device's key, so
 * that a stranger's server verifies it with any library and the console's published root. What its three
 * parts look like, and no more: no I/O, no clock, no JSON.
 *
 *   header   {"alg":"ES256","typ":"holdfast-ticket+jwt","x5c":["device","issuing authority"]}
 *   payload  {"iss":"urn:uuid:DEVICE","sub":"alice","aud":"https://mail.acme.example","iat":..,"nbf":..,
 *            "exp":..,"jti":"..","nonce":"..","tenant":"acme","device":"..","trust":"trusted",
 *            "app":"..","posture":{"boot":"..","enforcing":true,"policy":7,"bundle":3,
 *            "secure_boot":"on","lockdown":"..","root_encrypted":"..","tpm":".."}}
 *
 * Of posture the last four are there when they are known. bundle is the console's number of the policy in
 * force, 0 = none of its.
 *
 * The type is said (RFC 8725, 3.11), so that no other signature of the device's can pass for a ticket,
 * and keyring signs nothing else by this verb.
 */
#ifndef HOLDFAST_COMMON_TICKET_H
#define HOLDFAST_COMMON_TICKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TICKET_TYPE	      "holdfast-ticket+jwt"
#define TICKET_HEAD	      "{\"alg\":\"ES256\",\"typ\":\"" TICKET_TYPE "\",\"x5c\":["
#define TICKET_INPUT_MAX      4096 /* bytes of header and payload as they are signed: keyring's limit */
#define TICKET_SIGNATURE_SIZE 64
#define TICKET_MAX	      (TICKET_INPUT_MAX + 1 + 86) /* characters */
#define TICKET_NONCE_MAX      128
#define TICKET_TRUSTED	      "\"trust\":\"trusted\"" /* in the payload, as it is written */

/* Room for the text of size bytes, its NUL counted. */
#define TICKET_BASE64URL_SIZE(size) (((size)*4 + 2) / 3 + 1)

/* Without padding. Characters; -EMSGSIZE. */
int ticket_encode(const void *bytes, size_t size, char *ret_text, size_t room);
/* Bytes; -EBADMSG for what no encoder writes (padding, other letters, stray bits), -EMSGSIZE. */
int ticket_decode(const char *text, size_t size, uint8_t *ret_bytes, size_t room);

/*
 * Whether bytes are what a ticket's signature is of: two parts, the first of which begins as
 * TICKET_HEAD does, and the second has TICKET_TRUSTED.
 */
bool ticket_is_input(const void *bytes, size_t size);

/* An ECDSA signature of P-256 from DER, and to it. 0 or -EBADMSG; bytes of the DER or -EBADMSG. */
int ticket_signature_take(
	const uint8_t *der, size_t size, uint8_t ret_signature[TICKET_SIGNATURE_SIZE]);
int ticket_signature_to_der(
	const uint8_t signature[TICKET_SIGNATURE_SIZE], uint8_t *ret_der, size_t room);

#endif
