/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any body as the console's answer to an enrolment. What must hold: as many certificates as are
 * counted, each of which can be asked for its device and its end.
 */
#include <assert.h>
#include <errno.h>
#include <openssl/x509.h>

#include "agent/uplink/certificate.h"
#include "agent/uplink/keyring_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Parsing signs nothing. */
int keyring_sign(enum keyring_verb verb, enum keyring_which which, const void *bytes, size_t size,
	void *ret_signature, size_t signature_size)
{
	(void)verb;
	(void)which;
	(void)bytes;
	(void)size;
	(void)ret_signature;
	(void)signature_size;
	assert(0);
	return -EIO;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	X509 *certificates[CERTIFICATE_CHAIN_MAX];
	int count = certificate_parse((const char *)data, size, certificates);
	uint8_t uid[16];

	assert(count <= CERTIFICATE_CHAIN_MAX && count != 0);
	for (int i = 0; i < count; i++) {
		(void)certificate_device(certificates[i], uid);	 /* whatever it says */
		(void)certificate_seconds_left(certificates[i]); /* likewise */
		X509_free(certificates[i]);
	}
	return 0;
}
