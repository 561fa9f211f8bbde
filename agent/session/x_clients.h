/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the connections of an X11 display are: what captures may be gone when it is read of. */
#ifndef HOLDFAST_AGENT_SESSION_X_CLIENTS_H
#define HOLDFAST_AGENT_SESSION_X_CLIENTS_H

#include <stdint.h>
#include <xcb/xcb.h>

#include "agent/session/teller.h"

#define X_CLIENTS_MAX 512 /* as many as a server takes, or the newest of more */

struct x_clients {
	struct {
		uint32_t base; /* of its resources: names it */
		struct capture who;
	} clients[X_CLIENTS_MAX];
	unsigned int count, oldest;
};

/* Asks the server for that client, or with base 0 for all there are, and waits for the answer. */
void x_clients_learn(struct x_clients *clients, xcb_connection_t *connection, uint32_t base);
/* Who it is; process 0 when nobody knows. Borrowed until the next call. */
const struct capture *x_clients_find(
	struct x_clients *clients, xcb_connection_t *connection, uint32_t base);
void x_clients_forget(struct x_clients *clients, uint32_t base);

#endif
