/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as EST wants and gives them (RFC 7030, RFC 8951): a PKCS#10 out, a PKCS#7 in. */
#ifndef HOLDFAST_AGENT_UPLINK_CERTIFICATE_H
#define HOLDFAST_AGENT_UPLINK_CERTIFICATE_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/ipc/keyring.h"

#define CERTIFICATE_BODY_MAX  65536 /* bytes of a body, base64 */
#define CERTIFICATE_CHAIN_MAX 8

struct certificate_wish {
	EVP_PKEY *public_key;
	enum keyring_which which; /* of the keyring's keys it is */
	const char *common_name;  /* of the subject; */
	const X509 *like; /* unless this certificate's, which RFC 7030, 4.2.2 wants renewed */
};

/*
 * A request for it, signed by the keyring: base64 in lines, caller frees. 0 or negative errno.
 */
int certificate_request(const struct certificate_wish *wish, char **ret_body);
/*
 * The certificates of a body (base64 of a certs-only PKCS#7): at most CERTIFICATE_CHAIN_MAX. Their
 * number; -EBADMSG. Caller frees each.
 */
int certificate_parse(const char *body, size_t size, X509 *ret_certificates[CERTIFICATE_CHAIN_MAX]);
/* UUID of the subject's common name. 0 or -EBADMSG. */
int certificate_device(const X509 *certificate, uint8_t ret_uid[16]);
/* Whether it is for that key. */
bool certificate_is_for(const X509 *certificate, EVP_PKEY *public_key);
/* Seconds until it ends; negative when it has. */
int64_t certificate_seconds_left(const X509 *certificate);

#endif
