/* SPDX-License-Identifier: Apache-2.0 */
/* X-Resource 1.2, QueryClientIds: the server has the process from the socket's credentials. */
#include "agent/session/x_clients.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/res.h>

static void add(struct x_clients *clients, uint32_t base, uint32_t pid)
{
	unsigned int i;

	for (i = 0; i < clients->count; i++)
		if (clients->clients[i].base == base)
			break;
	if (i == X_CLIENTS_MAX) {
		i = clients->oldest;
		clients->oldest = (clients->oldest + 1) % X_CLIENTS_MAX;
	} else if (i == clients->count) {
		clients->count++;
	}
	clients->clients[i].base = base;
	clients->clients[i].who = (struct capture){.pid = pid};
	capture_program(&clients->clients[i].who);
}

void x_clients_learn(struct x_clients *clients, xcb_connection_t *connection, uint32_t base)
{
	const xcb_res_client_id_spec_t wanted = {base, XCB_RES_CLIENT_ID_MASK_LOCAL_CLIENT_PID};
	xcb_res_query_client_ids_reply_t *reply = xcb_res_query_client_ids_reply(
		connection, xcb_res_query_client_ids(connection, 1, &wanted), NULL);
	xcb_res_client_id_value_iterator_t at;

	if (!reply)
		return;
	for (at = xcb_res_query_client_ids_ids_iterator(reply); at.rem;
		xcb_res_client_id_value_next(&at))
		if (xcb_res_client_id_value_value_length(at.data) == 1)
			add(clients, at.data->spec.client, *xcb_res_client_id_value_value(at.data));
	free(reply);
}

const struct capture *x_clients_find(
	struct x_clients *clients, xcb_connection_t *connection, uint32_t base)
{
	static const struct capture nobody;

	for (unsigned int tries = 0; tries < 2; tries++) {
		for (unsigned int i = 0; i < clients->count; i++)
			if (clients->clients[i].base == base)
				return &clients->clients[i].who;
		if (tries == 0)
			x_clients_learn(clients, connection, base);
	}
	return &nobody;
}

void x_clients_forget(struct x_clients *clients, uint32_t base)
{
	for (unsigned int i = 0; i < clients->count; i++)
		if (clients->clients[i].base == base) {
			clients->clients[i] = clients->clients[--clients->count];
			return;
		}
}
