/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a device that asks: its state, for how long, under which serial. */
#ifndef HOLDFAST_CONSOLE_STORE_LEASE_H
#define HOLDFAST_CONSOLE_STORE_LEASE_H

#include "console/store/store.h"

/*
 * In a transaction. question: common/lease.h's, outside bytes, which must be of the device whose
 * certificate it came with, and signed by its key. *ret_refusal: REFUSAL_NONE with *ret_wish for the
 * authority, also for a device that is not trusted; REFUSAL_LEASE, CERTIFICATE_*.
 * 0 or negative errno of the store.
 */
int lease_decide(struct store *store, const struct console_who *who, const void *question,
	size_t size, struct console_wish *ret_wish, uint16_t *ret_refusal);

#endif
