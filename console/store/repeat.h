/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions that the shared database undid for another console's (-EDEADLK: deadlock, serialization).
 * Whoever has all that went into one does it again from its beginning:
 *
 *	do
 *		r = store_begin() ... store_commit(), or store_rollback();
 *	while (repeat_is_due(service, &tries, "whose it was", r));
 */
#ifndef HOLDFAST_CONSOLE_STORE_REPEAT_H
#define HOLDFAST_CONSOLE_STORE_REPEAT_H

#include "console/store/service.h"

/*
 * Whether what ended with r is to be done again now; counts that, takes back what is left of it, and
 * waits for a moment. *tries begins with 0: after SERVICE_REPEATS_MAX it is not.
 */
bool repeat_is_due(struct service *service, unsigned int *tries, const char *whose, int r);

#endif
