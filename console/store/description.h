/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device describes itself: what changed is kept, what became worse is a finding, and so is what two
 * machines would say. Whether it may be approved by that is rule.h's.
 */
#ifndef HOLDFAST_CONSOLE_STORE_DESCRIPTION_H
#define HOLDFAST_CONSOLE_STORE_DESCRIPTION_H

#include "console/store/device_record.h"
#include "console/store/store.h"

struct description {
	const struct console_who *who;
	const char *json; /* as it came */
	size_t size;
};

/* In a transaction. The record that is kept of a device; empty when there is none. */
int description_known(struct store *store, int64_t device, struct device_record *ret_record);
/*
 * Likewise, of a device that was identified. What can't be understood changes nothing: 0; negative
 * errno of the store. *ret_record: what is known now; *ret_changed: whether it meets what is required
 * is another answer than before, and its word has another serial.
 */
int description_take(struct store *store, struct store_device *device,
	const struct description *description, struct device_record *ret_record, bool *ret_changed);

#endif
