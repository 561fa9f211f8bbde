/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch of common/segment.h becomes events, each exactly once. Proven, in this order: that it is
 * a batch; of the device whose certificate came with it; sealed to us; its segment signed by a key
 * that the device had; its records the next of the chain that is stored; authentic; events. Only
 * then, and together with the new watermark, is anything stored.
 *
 * Records at or below the watermark must be those that are stored, by their links: then they are
 * passed over, else two copies of the device exist (REFUSAL_BATCH_CHAIN, finding "chain-conflict").
 *
 * What begins behind ack + 1 is refused (REFUSAL_BATCH_GAP): the device is to send from there. It is
 * taken when it is the first record of a segment, and the device says that it has nothing older any
 * more (is_after_loss: its spool was damaged or full, or this database is older than it was, see
 * store_devices_restored()), or has offered it INGEST_OFFERS times over INGEST_OFFERS_MS. A finding,
 * "gap" or "restored", names the numbers which never came. The same holds for a spool that begins
 * anew (its header names nothing before it) at ack + 1: finding "restarted".
 */
#ifndef HOLDFAST_CONSOLE_STORE_INGEST_H
#define HOLDFAST_CONSOLE_STORE_INGEST_H

#include "common/hpke.h"
#include "console/store/store.h"

#define INGEST_OFFERS	 3
#define INGEST_OFFERS_MS 30000
#define INGEST_RAW_MAX	 (64 << 20) /* bytes of one batch's lines: a bomb is larger */
#define INGEST_SEAL_KEYS 8
#define INGEST_SEGMENTS	 1024 /* whose proofs and keys are at hand */

struct ingest;

/* private_key: X25519, copied. -ENOMEM, -EIO. */
int ingest_new(const uint8_t private_key[HPKE_KEY_SIZE], struct ingest **ret_ingest);
/* Wipes. Accepts NULL. */
void ingest_free(struct ingest *ingest);
CLEANUP_DEFINE(struct ingest, ingest_free)

/* Of the one in use. Borrowed. */
const uint8_t *ingest_public_key(const struct ingest *ingest);
/* One more that segments may be sealed to. -ENOSPC: INGEST_SEAL_KEYS are there. */
int ingest_add_key(struct ingest *ingest, const uint8_t private_key[HPKE_KEY_SIZE]);
/* Likewise, and devices are told to seal to this one from now on. */
int ingest_rotate(struct ingest *ingest, const uint8_t private_key[HPKE_KEY_SIZE]);
/* When the one in use was made, for store_seal_used(). */
void ingest_key_made(struct ingest *ingest, int64_t made_ms);
/* An earlier one, and what is at hand of the segments sealed to any, is wiped. */
void ingest_drop_key(struct ingest *ingest, const uint8_t id[HPKE_KEY_ID_SIZE]);

/* Asked when a segment is sealed to a key that is none of ours; adds keys, if there are others now. */
typedef void ingest_keys_function(void *userdata);
void ingest_look_for_keys(struct ingest *ingest, ingest_keys_function *look, void *userdata);

/*
 * In a transaction: the answer is to be given when that is committed. 0, also when refused
 * (ret_answer->refusal; nothing of the batch is stored then); negative errno when the store failed:
 * roll back.
 */
int ingest_batch(struct ingest *ingest, struct store *store, const struct console_who *who,
	const void *batch, size_t size, struct console_device *ret_answer);

#endif
