/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the frontend asks (console/ipc/messages.h), worked off in the writer's transaction; peer.c
 * receives, commits and answers.
 */
#ifndef HOLDFAST_CONSOLE_STORE_REQUEST_H
#define HOLDFAST_CONSOLE_STORE_REQUEST_H

#include "console/ipc/key_messages.h"
#include "console/store/service.h"

struct request_answer {
	uint16_t
		type; /* CONSOLE_ENROLLED, DONE, DEVICE_IS, TAKEN, POLICY_IS, LEASE_IS, KEYS_ARE, CHECKED */
	struct console_device device;	 /* of any: id and refusal */
	uint64_t version;		 /* POLICY_IS: to be handed out; 0 = none */
	uint64_t word;			 /* POLICY_IS: of the device, where it asked for it */
	struct console_wish wish;	 /* LEASE_IS: for the authority */
	struct console_release *release; /* KEYS_ARE: likewise; own, NULL without */
	struct console_checked checked;	 /* CHECKED */
	bool is_changed;		 /* what is said of the device is another than before */
};

/* Whose question it is, so that it can be answered even if it can't be asked. */
void request_answer_begin(
	uint16_t type, const struct bytes_reader *payload, struct request_answer *ret_answer);
/*
 * Fills an answer that was begun. 0, or what the store failed with: then nothing in the transaction counts.
 * A message that is broken or unknown ends the process.
 */
int request_take(struct service *service, uint16_t type, struct bytes_reader *payload,
	struct request_answer *answer);

#endif
