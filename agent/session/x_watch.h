/* SPDX-License-Identifier: Apache-2.0 */
/* What an X11 display's own server does for its clients, by the RECORD extension. */
#ifndef HOLDFAST_AGENT_SESSION_X_WATCH_H
#define HOLDFAST_AGENT_SESSION_X_WATCH_H

#include <poll.h>
#include <stdint.h>
#include <xcb/xcb.h>

#include "agent/session/teller.h"
#include "agent/session/x_clients.h"
#include "agent/session/x_requests.h"

struct x_watch {
	xcb_connection_t *control, *data; /* RECORD wants one for its answers alone; own */
	unsigned int sequence;		  /* of the request that does not end */
	struct x_opcodes opcodes;
	struct x_clients clients;
};

/*
 * Connects to $DISPLAY and begins to watch. 0; -ENODEV when there is none of this machine's,
 * -EOPNOTSUPP without RECORD, -EPERM when it is refused, -ECONNREFUSED.
 */
int x_watch_begin(struct x_watch *watch);
struct pollfd x_watch_poll(const struct x_watch *watch);
/* Takes what there is, and tells it. 0; -ECONNRESET when the server is gone. */
int x_watch_read(struct x_watch *watch, struct teller *teller, uint64_t now_ms);
/* Nothing is to be pasted any more. */
void x_watch_clear_clipboard(struct x_watch *watch);
void x_watch_end(struct x_watch *watch);

#endif
