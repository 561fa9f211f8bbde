/* SPDX-License-Identifier: Apache-2.0 */
/* The maintenance door: tokens checked, the sensor told, begin and end on record. */
#ifndef HOLDFAST_AGENT_ENGINE_MAINTENANCE_H
#define HOLDFAST_AGENT_ENGINE_MAINTENANCE_H

#include <stdbool.h>
#include <stdint.h>

struct client;
struct engine;
struct message_answer;

/* Whether a key is installed beside the policy, and is one. */
bool maintenance_has_key(const struct engine *engine);

/* `holdfast maintenance begin`: fd is the token's file. Answers the client. */
void maintenance_begin(struct engine *engine, struct client *client, int fd);
void maintenance_end(struct engine *engine, struct client *client, int fd);
void maintenance_show(struct engine *engine, struct client *client, int fd);
/* The sensor's answer to one of these. */
void maintenance_on_answer(
	struct engine *engine, struct client *client, const struct message_answer *answer);
/* The sensor's answer to the engine's own question, after a start. */
void maintenance_learn(struct engine *engine, const struct message_answer *answer);
/* From the loop: notes a door that shut by its time. */
void maintenance_tick(struct engine *engine);

/*
 * What the policy's [protection] comes to on this machine. Guarding itself is for machines with a
 * maintenance key, if the policy says nothing; and without an open door it is never made less.
 */
struct hf_gates protection_gates(struct engine *engine);

#endif
