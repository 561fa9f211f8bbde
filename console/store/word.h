/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authority says in the store's name what the store has decided, makes, releases and destroys keys of
 * labels; on a socket of their own.
 */
#ifndef HOLDFAST_CONSOLE_STORE_WORD_H
#define HOLDFAST_CONSOLE_STORE_WORD_H

#include "console/ipc/key_messages.h"
#include "console/store/service.h"

/* Its answer goes to the frontend, as does a refusal when there is no authority to ask. */
void word_ask(struct service *service, const struct console_wish *wish);
void word_ask_release(struct service *service, const struct console_release *release);
/* type: CONSOLE_LEASE_IS, CONSOLE_KEYS_ARE. */
void word_refuse(struct service *service, uint16_t type, uint64_t id, uint16_t refusal);
/* For an administrator: admin_key_made() and admin_key_destroyed() get the answer. False: can't be asked now. */
bool word_ask_make(struct service *service, const struct console_make *make);
bool word_ask_destroy(struct service *service, const struct console_destroy *destroy);
/* Likewise; admin_trace_answered() gets it. */
bool word_ask_mark(struct service *service, const struct console_mark *mark);
void word_on_poll(struct service *service, short events);

#endif
