/* SPDX-License-Identifier: Apache-2.0 */
/* Whether keys of labels are released to a device that asks, and which. */
#ifndef HOLDFAST_CONSOLE_STORE_RELEASE_H
#define HOLDFAST_CONSOLE_STORE_RELEASE_H

#include "console/ipc/key_messages.h"
#include "console/store/store_keys.h"

#define RELEASE_SECONDS	     86400 /* for so long, when nothing else is set */
#define RELEASE_HOURLY	     240   /* questions of a device */
#define RELEASE_NETWORKS_MAX 16	   /* prefixes of one label */

/*
 * In a transaction. question: common/key_words.h's, outside bytes, of the device whose certificate it
 * came with: the device must be trusted now, the question new, each label's terms met. What is refused is
 * a finding. *ret_refusal: REFUSAL_NONE with *ret_release for the authority, which proves again.
 * 0 or negative errno of the store.
 */
int release_decide(struct store *store, const struct console_who *who, const void *question,
	size_t size, struct console_release *ret_release, uint16_t *ret_refusal);

/* A stored key as the authority wants it. */
void release_key(const struct store_key *row, bool is_newest, struct console_key *ret_key);

/* Whether the text is prefixes as "10.0.0.0/8 fd00::/8", no more than RELEASE_NETWORKS_MAX; "" is. */
bool release_networks_are_good(const char *networks);

#endif
