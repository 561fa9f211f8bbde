/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that was copied or moved comes up with the device's certificate and without its key,
 * which is in a TPM elsewhere: this machine can't say who it is, but what it has. By that the
 * console can tell people of it.
 */
#include <openssl/x509.h>
#include <stdlib.h>

#include "agent/uplink/uplink.h"
#include "common/clock.h"

#define PATH	 "/v1/device/keyless"
#define TOLD_NS	 (3600 * CLOCK_SECOND_NS) /* until it is said again: somebody may have missed it */
#define AGAIN_NS (60 * CLOCK_SECOND_NS)	  /* likewise, where nobody heard it */

bool keyless_ask(struct uplink *uplink, uint64_t now, struct exchange_request *ret_request)
{
	unsigned char *at, *der;
	int size;

	if (!uplink->identity.chain_count || now < uplink->keyless_ns)
		return false;
	size = i2d_X509(uplink->identity.chain[0], NULL);
	at = der = size > 0 ? malloc((size_t)size) : NULL;
	if (!der)
		return false;
	(void)i2d_X509(uplink->identity.chain[0], &at); /* of the size it said */
	uplink->request_body = (char *)der;
	*ret_request = (struct exchange_request){
		.path = PATH, .type = "application/pkix-cert", .body = der, .size = (size_t)size};
	return true;
}

void keyless_told(struct uplink *uplink, const struct exchange_answer *answer)
{
	bool is_told = answer->status == 200;

	exchange_settle(uplink->exchange, is_told, answer->retry_ms);
	uplink->keyless_ns = clock_boot_ns() + (is_told ? TOLD_NS : AGAIN_NS);
}
