/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders to destroy: given by an administrator, said with the console's word (lease.c), answered by the device's
 * receipt (common/wipe_receipt.h). In a transaction, all of them; 0 or negative errno of the store.
 */
#ifndef HOLDFAST_CONSOLE_STORE_WIPE_H
#define HOLDFAST_CONSOLE_STORE_WIPE_H

#include "console/store/store.h"

/* Gives it, under the next number, and has the device's word asked for anew. -EALREADY: another one stands. */
int wipe_order(
	struct store *store, const struct store_device *device, const struct store_order *wanted);
/* -ENOENT: there is none; -EALREADY: it has been said to the device, or is done or withdrawn. */
int wipe_withdraw(struct store *store, const struct store_device *device, int64_t now_ms);
/*
 * The order that stands, which is going to be said to the device: from here on it can't be withdrawn. 1, or 0 when
 * there is none.
 */
int wipe_order_say(
	struct store *store, int64_t device, int64_t now_ms, struct store_order *ret_order);
/*
 * bytes: a receipt, outside bytes, which must be of the device whose certificate it came with, of an order that was
 * said to it, or of its policy's when it is revoked. What came before comes again without a change. *ret_device: whose.
 * *ret_is_changed: what is said of it is another now. *ret_refusal: REFUSAL_NONE, RECEIPT, CERTIFICATE_*.
 */
int wipe_receipt_take(struct store *store, const struct console_who *who, const void *bytes,
	size_t size, struct store_device *ret_device, bool *ret_is_changed, uint16_t *ret_refusal);

#endif
