/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a device meets what the policy that is for it requires (common/posture.h), by its record: asked
 * when it is given a lease or keys, and when it or the policy changes. A policy is not read for
 * that: its bundle says it beside its version.
 */
#ifndef HOLDFAST_CONSOLE_STORE_REQUIREMENT_H
#define HOLDFAST_CONSOLE_STORE_REQUIREMENT_H

#include "common/posture.h"
#include "console/store/device_record.h"
#include "console/store/store.h"

/* 0 or negative errno of the store; nothing is required where there is no policy. */
int requirement_find(
	struct store *store, const struct store_device *device, struct posture *ret_require);
/* Bits of what the record does not meet, and the words of that, "" = all of it is met. */
uint32_t requirement_unmet(const struct posture *require, const struct device_record *record,
	char ret_words[DEVICE_RECORD_TEXT]);
/* A line that says of one condition why it is not met. */
void requirement_say(const struct posture *require, unsigned int condition,
	const struct device_record *record, char ret_text[POSTURE_WORD_MAX]);

/*
 * In a transaction. Finds out anew what is not met and keeps it in *record (FACT_UNMET), which the
 * caller writes down when *ret_changed; a finding for what is not met any more or not yet. Then the
 * device's word has another serial, in *device too, so that it is told. 0 or negative errno.
 */
int requirement_judge(struct store *store, struct store_device *device,
	struct device_record *record, bool *ret_changed);
/* The same of the record that is kept, which is written down. *ret_unmet: "" = trusted as far as this goes. */
int requirement_look(struct store *store, struct store_device *device,
	char ret_unmet[DEVICE_RECORD_TEXT], bool *ret_changed);

#endif
