/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of labels on their way from the console to keyring: which are needed it says itself, in a question that
 * it makes and signs, and what comes is sealed to it. Both are bytes here, and nothing is kept.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/uplink/keyring_client.h"
#include "agent/uplink/uplink.h"
#include "common/clock.h"
#include "common/log.h"

#define LOOK_NS (CLOCK_SECOND_NS / 2) /* how often keyring is asked whether it needs some */

size_t keys_question(struct uplink *uplink, uint64_t now, uint8_t ret_bytes[KEY_QUESTION_MAX])
{
	int r;

	if (now - uplink->keys_look_ns < LOOK_NS)
		return 0;
	uplink->keys_look_ns = now;
	r = keyring_sign(KEYRING_KEYS_ASK, 0, uplink->identity.device_uid,
		sizeof(uplink->identity.device_uid), ret_bytes, KEY_QUESTION_MAX);
	return r > 0 ? (size_t)r : 0;
}

void keys_take(struct uplink *uplink, const struct exchange_answer *answer)
{
	uint8_t count[2];
	int r = keyring_sign(
		KEYRING_KEYS_GRANT, 0, answer->body, answer->size, count, sizeof(count));

	exchange_settle(uplink->exchange, true, 0);
	if (r != sizeof(count)) {
		log_warning("keyring does not take the keys that the console sent: %s",
			strerror(r < 0 ? -r : EBADMSG));
		keys_refused("NOT_TAKEN");
	}
}

void keys_refused(const char *code)
{
	uint8_t nothing[1];

	/* it waits then before it asks again; that it had given up meanwhile is as good */
	(void)keyring_sign(KEYRING_KEYS_REFUSED, 0, code, strlen(code), nothing, sizeof(nothing));
}
