/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segments that batches are of: the signature is verified and the key agreed on once a segment,
 * not once a batch; a bounded number is at hand.
 */
#ifndef HOLDFAST_CONSOLE_STORE_INGEST_SEGMENT_H
#define HOLDFAST_CONSOLE_STORE_INGEST_SEGMENT_H

#include "common/hpke.h"
#include "console/store/ingest_record.h"

#define INGEST_KEYS_MAX 8 /* certificates of a device that may have signed what is in its spool */

struct ingest_segments;

/* -ENOMEM. */
int ingest_segments_new(struct ingest_segments **ret_segments);
/* Wipes. Accepts NULL. */
void ingest_segments_free(struct ingest_segments *segments);
/* What was proven is proven anew when it is asked for; keys at hand are wiped. */
void ingest_segments_forget(struct ingest_segments *segments);

/*
 * Sets batch->opener, good until the next call, or batch->refusal. certificate: the one that the
 * device came with; its segment may be signed by an earlier key. private_key: what it is sealed to. 0 or negative errno of the store.
 */
int ingest_segment(struct ingest_segments *segments, struct ingest_batch *batch,
	const struct store_certificate *certificate, const uint8_t private_key[HPKE_KEY_SIZE]);

#endif
