/* SPDX-License-Identifier: Apache-2.0 */
/* Codec only. */
#include "agent/ipc/browser.h"

#include <string.h>

#define DOMAIN_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-."

/* 1 << enum browser. */
static uint8_t browsers_get(struct bytes_reader *payload)
{
	uint8_t browsers = bytes_get_u8(payload);

	if (browsers >> BROWSER_MAX)
		payload->is_bad = true;
	return browsers;
}

void browser_put_want(struct bytes_writer *frame, const struct browser_want *want)
{
	bytes_put_u8(frame, want->browsers);
	bytes_put_u8(frame, (uint8_t)want->domain_count);
	for (size_t i = 0; i < want->domain_count; i++)
		bytes_put_string(frame, want->domains[i]);
}

void browser_get_want(struct bytes_reader *payload, struct browser_want *ret_want)
{
	ret_want->browsers = browsers_get(payload);
	ret_want->domain_count = bytes_get_u8(payload);
	if (ret_want->domain_count > BROWSER_DOMAIN_MAX ||
		(ret_want->browsers && !ret_want->domain_count))
		payload->is_bad = true;
	for (size_t i = 0; i < ret_want->domain_count && !payload->is_bad; i++) {
		char *domain = ret_want->domains[i];

		bytes_get_string(payload, domain, sizeof(ret_want->domains[i]));
		if (!*domain || domain[strspn(domain, DOMAIN_CHARACTERS)])
			payload->is_bad = true;
	}
}

void browser_put_state(struct bytes_writer *frame, const struct browser_state *state)
{
	bytes_put_u8(frame, state->in_place);
	bytes_put_u8(frame, state->overridden);
	for (size_t i = 0; i < BROWSER_MAX; i++)
		bytes_put_u32(frame, (uint32_t)state->errors[i]);
}

void browser_get_state(struct bytes_reader *payload, struct browser_state *ret_state)
{
	ret_state->in_place = browsers_get(payload);
	ret_state->overridden = browsers_get(payload);
	for (size_t i = 0; i < BROWSER_MAX; i++)
		ret_state->errors[i] = (int32_t)bytes_get_u32(payload);
}

void browser_put_drift(struct bytes_writer *frame, const struct browser_drift *drift)
{
	bytes_put_u8(frame, drift->kind);
	bytes_put_u8(frame, drift->browser);
	bytes_put_string(frame, drift->path);
}

void browser_get_drift(struct bytes_reader *payload, struct browser_drift *ret_drift)
{
	ret_drift->kind = bytes_get_u8(payload);
	ret_drift->browser = bytes_get_u8(payload);
	bytes_get_string(payload, ret_drift->path, sizeof(ret_drift->path));
	if (!ret_drift->kind || ret_drift->kind >= BROWSER_DRIFT_END ||
		ret_drift->browser >= BROWSER_MAX)
		payload->is_bad = true;
}
