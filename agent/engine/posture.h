/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the policy requires of this device, held against what is known of it: facts that
 * holdfast-survey left, and the engine's own. What is not known, or is too old, does not hold. That
 * the console may see it otherwise is trust.h's.
 */
#ifndef HOLDFAST_AGENT_ENGINE_POSTURE_H
#define HOLDFAST_AGENT_ENGINE_POSTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POSTURE_AGE_MAX_S 900 /* of facts, by a clock that nobody sets: nothing is known later */
#define POSTURE_WORDS_MAX 512

struct engine;
struct json_object;

/* Part of struct engine. */
struct engine_posture {
	struct json_object *facts; /* NULL = nothing is known */
	char key[8];		   /* where the device's key is */
	uint64_t looked_ns;
	uint32_t unmet; /* bits of enum posture_condition */
};

/* Looks anew, now and then. Called in the loop, and with is_now for a policy that is to be published. */
void posture_look(struct engine *engine, bool is_now);
bool posture_is_met(const struct engine *engine);
/* Between two policies the kernel part goes on with the earlier one. */
bool posture_is_enforcing(const struct engine *engine);
/* "lockdown: lockdown is 'none'; ...": what is not met; "" = all is. */
void posture_words(const struct engine *engine, char ret_words[POSTURE_WORDS_MAX]);
/* For status: {"require", "facts", "unmet": [{"condition", "text", "do"}]}. NULL without memory; caller puts. */
struct json_object *posture_object(const struct engine *engine);

#endif
