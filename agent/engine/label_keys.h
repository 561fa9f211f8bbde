/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of labels as the engine knows them: which the policy needs, which keyring has, and since when and why
 * not. It tells keyring the first and people the second, and has no byte of any.
 */
#ifndef HOLDFAST_AGENT_ENGINE_LABEL_KEYS_H
#define HOLDFAST_AGENT_ENGINE_LABEL_KEYS_H

#include <json-c/json_object.h>

#include "agent/ipc/keyring.h"

struct engine;

/* From the loop: once a second a word to keyring, or its answer to the one before; never waits. */
void label_keys_tick(struct engine *engine);
/* For status; NULL: no policy of this machine needs any. Caller puts. */
struct json_object *label_keys_object(const struct engine *engine);

/* label_keys_change.c: what an event says of one label; pure. NULL: nothing happened. Borrowed until the next call. */
struct label_keys_change {
	enum { LABEL_KEYS_HERE, LABEL_KEYS_GONE } kind;
	uint32_t generation;
	enum keyring_drop drop;
};
const struct label_keys_change *label_keys_compare(
	const struct keyring_label *before, const struct keyring_label *now);
/* "lease" and the like. */
const char *label_keys_drop_name(unsigned int drop);

#endif
