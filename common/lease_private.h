/* SPDX-License-Identifier: Apache-2.0 */
/* What reading and proving a lease share; for common/lease*.c only. */
#ifndef HOLDFAST_COMMON_LEASE_PRIVATE_H
#define HOLDFAST_COMMON_LEASE_PRIVATE_H

#include "common/lease.h"

#define LEASE_CERTIFICATE_MAX 1200 /* bytes, DER: ours have 600 */

struct lease_certificates {
	X509 *signer, *issuer; /* own */
};

/* lease_parse(), with the certificates. */
int lease_parse_whole(const void *bytes, size_t size, struct lease *ret_lease,
	struct lease_certificates *ret_certificates);
void lease_certificates_done(struct lease_certificates *certificates);

#endif
