/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device's TPM says of its registers (common/quote.h), to a challenge of ours: proven, held
 * against the key that its TPM had the first time, and kept in its record as the console's own.
 */
#ifndef HOLDFAST_CONSOLE_STORE_ATTESTATION_H
#define HOLDFAST_CONSOLE_STORE_ATTESTATION_H

#include "common/quote.h"
#include "console/store/device_record.h"
#include "console/store/store.h"

/*
 * In a transaction: the first time, a secret for challenges is made. The same for a device for an hour,
 * and at all consoles of one database; that of `hours` ago. 0 or negative errno.
 */
int attestation_challenge(struct store *store, const uint8_t uid[CONSOLE_UID_SIZE],
	unsigned int hours, uint8_t ret_challenge[QUOTE_CHALLENGE_SIZE]);
/*
 * In a transaction. text: base64, as the device sent it; "" = nothing. What is good goes into *record
 * (FACT_QUOTE, FACT_AK); *ret_kind: the kind of finding of what is not, NULL = none. An answer to a
 * challenge of long ago is none, and no harm. 0 or negative errno.
 */
int attestation_take(struct store *store, const struct store_device *device, const char *text,
	struct device_record *record, const char **ret_kind);
/* Of the present boot, hexadecimal digits; "" = nothing is proven. Borrowed from the record. */
const char *attestation_proven(const struct device_record *record);

#endif
