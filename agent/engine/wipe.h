/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the console's word orders to be destroyed: holdfast-wipe is asked for, which proves the order itself; told what
 * the policy wants; and what it does is told on. The engine destroys nothing but what came from where.
 */
#ifndef HOLDFAST_AGENT_ENGINE_WIPE_H
#define HOLDFAST_AGENT_ENGINE_WIPE_H

#include <stdbool.h>
#include <stdint.h>

#define WIPE_WORDS_SIZE 200

struct client;
struct engine;
struct json_object;

/* Part of struct engine. */
struct engine_wipe {
	uint8_t event;	   /* enum wipe_event, what was told last; 0 = nothing */
	uint64_t settled;  /* serial of the word for which nothing is left to be done */
	uint64_t asked_ns; /* when holdfast-wipe was last asked for; 0 = it is not wanted */
	uint64_t since_ns; /* it is wanted and has said nothing; 0 = no such */
	char words[WIPE_WORDS_SIZE];
};

/* Asks for it while there is something to be done. */
void wipe_tick(struct engine *engine);
/* For status: {"state", "text"}; NULL: nothing was ordered. The caller puts. */
struct json_object *wipe_object(const struct engine *engine);

/* Requests of holdfast-wipe's. */
void verb_wipe_plan(struct engine *engine, struct client *client, int fd);
void verb_wipe_marks(struct engine *engine, struct client *client, int fd);
void verb_wipe_lineage(struct engine *engine, struct client *client, int fd);
void verb_wipe_tell(struct engine *engine, struct client *client, int fd);

#endif
