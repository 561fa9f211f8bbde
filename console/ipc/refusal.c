/* SPDX-License-Identifier: Apache-2.0 */
/* The table. Texts are for whoever reads a log at either end. */
#include "console/ipc/refusal.h"

#include <stddef.h>

static const struct refusal_row rows[REFUSAL_MAX] = {
	[REFUSAL_NONE] = {"NONE", 200, "not refused"},
	[REFUSAL_INTERNAL] = {"INTERNAL", 500, "the console could not do it"},
	[REFUSAL_BUSY] = {"BUSY", 503, "the console is busy: try again later"},
	[REFUSAL_STORE_FULL] = {"STORE_FULL", 503, "the console has no room to store events"},
	[REFUSAL_TOKEN_UNKNOWN] = {"TOKEN_UNKNOWN", 401, "there is no such enrolment token"},
	[REFUSAL_TOKEN_EXPIRED] = {"TOKEN_EXPIRED", 401, "the enrolment token has expired"},
	[REFUSAL_TOKEN_USED] = {"TOKEN_USED", 401,
		"the enrolment token was used as often as it may be"},
	[REFUSAL_TOKEN_REVOKED] = {"TOKEN_REVOKED", 401, "the enrolment token was revoked"},
	[REFUSAL_CSR] = {"CSR", 400, "not a certificate request for a P-256 key, signed by it"},
	[REFUSAL_KEY_TAKEN] = {"KEY_TAKEN", 409, "another device has this key"},
	[REFUSAL_KEY_REUSED] = {"KEY_REUSED", 409, "a renewal must bring a new key"},
	[REFUSAL_AUTHORIZATION] = {"AUTHORIZATION", 401,
		"an enrolment token is wanted as password of HTTP Basic"},
	[REFUSAL_CHECK_TOKEN] = {"CHECK_TOKEN", 401,
		"a token for checking tickets is wanted: Authorization: Bearer hfc_..."},
	[REFUSAL_TICKET_SYNTAX] = {"TICKET_SYNTAX", 400,
		"a JSON object with a ticket, and perhaps a nonce, is wanted"},
	[REFUSAL_NO_CERTIFICATE] = {"NO_CERTIFICATE", 403, "a device's certificate is wanted"},
	[REFUSAL_CERTIFICATE_UNKNOWN] = {"CERTIFICATE_UNKNOWN", 403,
		"no device here has this certificate"},
	[REFUSAL_CERTIFICATE_REPLACED] = {"CERTIFICATE_REPLACED", 403,
		"the device has renewed this certificate since"},
	[REFUSAL_DEVICE_PENDING] = {"DEVICE_PENDING", 403, "the device is not approved yet"},
	[REFUSAL_DEVICE_SUSPENDED] = {"DEVICE_SUSPENDED", 403, "the device is suspended"},
	[REFUSAL_DEVICE_REVOKED] = {"DEVICE_REVOKED", 403, "the device is revoked"},
	[REFUSAL_CERTIFICATE_EXPIRED] = {"CERTIFICATE_EXPIRED", 403,
		"the device's certificate has expired"},
	[REFUSAL_DEVICE_UNFIT] = {"DEVICE_UNFIT", 403,
		"the device does not meet what its policy requires of it"},
	[REFUSAL_LEASE] = {"LEASE", 400, "not a question for a lease, signed by this device's key"},
	[REFUSAL_BATCH_FORMAT] = {"BATCH_FORMAT", 400, "not a batch of events"},
	[REFUSAL_BATCH_DEVICE] = {"BATCH_DEVICE", 403, "the batch was made by another device"},
	[REFUSAL_BATCH_KEY] = {"BATCH_KEY", 400, "the batch is sealed to a key that is not ours"},
	[REFUSAL_BATCH_SIGNATURE] = {"BATCH_SIGNATURE", 400,
		"the batch is not signed by the device's key"},
	[REFUSAL_BATCH_CHAIN] = {"BATCH_CHAIN", 409,
		"the batch does not continue what is stored: another copy of this device?"},
	[REFUSAL_BATCH_GAP] = {"BATCH_GAP", 409,
		"the batch begins behind the next event: send from ack + 1"},
	[REFUSAL_BATCH_SEAL] = {"BATCH_SEAL", 400, "the batch does not open"},
	[REFUSAL_BATCH_EVENT] = {"BATCH_EVENT", 400, "the batch holds what is no event"},
	[REFUSAL_ROUTE] = {"ROUTE", 404, "there is nothing of this name"},
	[REFUSAL_METHOD] = {"METHOD", 405, "not with this method"},
	[REFUSAL_TOO_LARGE] = {"TOO_LARGE", 413, "the request is larger than it may be"},
	[REFUSAL_RATE] = {"RATE", 429, "too many requests: try again later"},
	[REFUSAL_LENGTH] = {"LENGTH", 411,
		"a request with a body has one Content-Length and no Transfer-Encoding"},
	[REFUSAL_SYNTAX] = {"SYNTAX", 400, "not a request as it should be"},
	[REFUSAL_KEY_QUESTION] = {"KEY_QUESTION", 400,
		"not a question for keys, signed by this device's key"},
	[REFUSAL_KEY_REPLAYED] = {"KEY_REPLAYED", 409,
		"keys were asked for with this question before, or with a later one"},
	[REFUSAL_KEY_UNKNOWN] = {"KEY_UNKNOWN", 404, "there is no key of that label"},
	[REFUSAL_KEY_DESTROYED] = {"KEY_DESTROYED", 410, "the label's keys are destroyed"},
	[REFUSAL_KEY_NETWORK] = {"KEY_NETWORK", 403,
		"the label's keys are not released to that address"},
	[REFUSAL_KEY_UNVERIFIED] = {"KEY_UNVERIFIED", 403,
		"the label's keys are released to users who have verified"},
	[REFUSAL_KEYS_SEALED] = {"KEYS_SEALED", 503,
		"the tenant's root key is sealed: its passphrase is not there"},
	[REFUSAL_KEYS_ELSEWHERE] = {"KEYS_ELSEWHERE", 421, "another console has the label's keys"},
	[REFUSAL_RECEIPT] = {"RECEIPT", 400,
		"not a receipt of wiping, signed by this device's key, to an order of this "
		"console"},
	[REFUSAL_KEYS_FULL] = {"KEYS_FULL", 507, "there is no room for one more key"},
};

const struct refusal_row *refusal_row(uint16_t refusal)
{
	if (refusal >= REFUSAL_MAX || !rows[refusal].code)
		refusal = REFUSAL_INTERNAL;
	return &rows[refusal];
}
