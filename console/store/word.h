/* SPDX-License-Identifier: Apache-2.0 */
/* The authority says in the store's name what the store has decided; on a socket of their own. */
#ifndef HOLDFAST_CONSOLE_STORE_WORD_H
#define HOLDFAST_CONSOLE_STORE_WORD_H

#include "console/store/service.h"

/* Its answer goes to the frontend, as does a refusal when there is no authority to ask. */
void word_ask(struct service *service, const struct console_wish *wish);
void word_refuse(struct service *service, uint64_t id, uint16_t refusal);
void word_on_poll(struct service *service, short events);

#endif
