/* SPDX-License-Identifier: Apache-2.0 */
/* What holdfast-session tells of captures of the screen, as events of its user. */
#ifndef HOLDFAST_AGENT_ENGINE_WITNESS_H
#define HOLDFAST_AGENT_ENGINE_WITNESS_H

struct engine;
struct client;

/* LOCAL_WITNESS. */
void verb_witness(struct engine *engine, struct client *client, int fd);

#endif
