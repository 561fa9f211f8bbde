/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console's question to the TPM, once for each challenge: what the TPM says is told with what this
 * machine is. Nothing is made of it here.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "agent/uplink/keyring_client.h"
#include "agent/uplink/uplink.h"
#include "common/log.h"
#include "common/quote.h"

_Static_assert(UPLINK_QUOTE_SIZE >= (QUOTE_MAX + 2) / 3 * 4 + 1, "its base64 fits");

static bool challenge_parse(const char *text, uint8_t ret_challenge[QUOTE_CHALLENGE_SIZE])
{
	if (strlen(text) != 2 * QUOTE_CHALLENGE_SIZE ||
		strspn(text, "0123456789abcdef") != 2 * QUOTE_CHALLENGE_SIZE)
		return false;
	for (unsigned int i = 0; i < QUOTE_CHALLENGE_SIZE; i++) {
		unsigned int byte = 0;

		(void)sscanf(text + 2 * i, "%2x", &byte); /* two digits: that was looked at */
		ret_challenge[i] = (uint8_t)byte;
	}
	return true;
}

void attest(struct uplink *uplink, const char *challenge)
{
	uint8_t wanted[QUOTE_CHALLENGE_SIZE], quote[QUOTE_MAX];
	int r;

	if (!challenge_parse(challenge, wanted) || !strcmp(challenge, uplink->challenge))
		return;
	(void)snprintf(
		uplink->challenge, sizeof(uplink->challenge), "%s", challenge); /* as large */
	uplink->quote[0] = '\0';
	r = keyring_sign(
		KEYRING_QUOTE, KEYRING_CURRENT, wanted, sizeof(wanted), quote, sizeof(quote));
	if (r > 0) {
		(void)EVP_EncodeBlock((unsigned char *)uplink->quote, quote, r);
		uplink->describe_ns = 0; /* it is to be told */
	} else if (r != -ENODEV) {
		log_warning("the TPM does not say what was started: %s, asked again later",
			strerror(-r));
	}
}
