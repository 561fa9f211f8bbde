/* SPDX-License-Identifier: Apache-2.0 */
/* States and certificates. Every request asks, so that revoking ends open connections too. */
#include "console/store/identify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

uint16_t identify_refusal(uint8_t state)
{
	switch (state) {
	case DEVICE_TRUSTED:
		return REFUSAL_NONE;
	case DEVICE_PENDING:
		return REFUSAL_DEVICE_PENDING;
	case DEVICE_SUSPENDED:
		return REFUSAL_DEVICE_SUSPENDED;
	default:
		return REFUSAL_DEVICE_REVOKED;
	}
}

static uint16_t refusal_of(const struct identity *identity, int64_t now_ms)
{
	uint16_t refusal = identify_refusal(identity->device.state);

	if (refusal != REFUSAL_NONE)
		return refusal;
	if (identity->certificate.is_replaced)
		return REFUSAL_CERTIFICATE_REPLACED;
	if (identity->certificate.not_after_ms < now_ms)
		return REFUSAL_CERTIFICATE_EXPIRED;
	return REFUSAL_NONE;
}

static int note_seen(
	struct store *store, struct store_device *device, const char *address, int64_t now_ms)
{
	if (now_ms - device->last_seen_ms < IDENTIFY_SEEN_MS && now_ms >= device->last_seen_ms &&
		!strcmp(device->address, address))
		return 0;
	device->last_seen_ms = now_ms;
	(void)snprintf(device->address, sizeof(device->address), "%s", address); /* as long */
	return store_device_seen(store, device->id, address, now_ms);
}

int identify(struct store *store, const uint8_t fingerprint[CONSOLE_HASH_SIZE], const char *address,
	struct identity *ret_identity, uint16_t *ret_refusal)
{
	int64_t now_ms = (int64_t)clock_day_ms();
	int r;

	memset(ret_identity, 0, sizeof(*ret_identity));
	r = store_certificate_find(store, fingerprint, &ret_identity->certificate);
	if (r == -ENOENT) {
		*ret_refusal = REFUSAL_CERTIFICATE_UNKNOWN;
		return 0;
	}
	if (r < 0)
		return r;
	r = store_device_by_id(store, ret_identity->certificate.device, &ret_identity->device);
	if (r < 0)
		return r == -ENOENT ? -EBADMSG : r;
	*ret_refusal = refusal_of(ret_identity, now_ms);
	if (*ret_refusal == REFUSAL_DEVICE_PENDING) /* it asks, so it is there to be approved */
		return note_seen(store, &ret_identity->device, address, now_ms);
	if (*ret_refusal != REFUSAL_NONE)
		return 0;
	if (!ret_identity->certificate.is_used) {
		ret_identity->certificate.is_used = true;
		r = store_certificate_used(store, ret_identity->device.id, fingerprint);
		if (r < 0)
			return r;
	}
	return note_seen(store, &ret_identity->device, address, now_ms);
}

void identify_answer(
	const struct store_device *device, uint64_t id, struct console_device *ret_answer)
{
	*ret_answer = (struct console_device){.id = id, .state = device->state, .ack = device->ack};
	memcpy(ret_answer->device, device->uid, sizeof(ret_answer->device));
	memcpy(ret_answer->link, device->link, sizeof(ret_answer->link));
	(void)snprintf(ret_answer->tenant, sizeof(ret_answer->tenant), "%s", device->tenant);
}
