/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the engine's log into the spool: lines become frames of up to a hundred events, or what came
 * within FEED_WAIT_NS; an alert goes alone and at once.
 */
#ifndef HOLDFAST_AGENT_UPLINK_FEED_H
#define HOLDFAST_AGENT_UPLINK_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/uplink/log_reader.h"
#include "agent/uplink/spool.h"
#include "common/cleanup.h"

#define FEED_WAIT_NS  200000000ull
#define FEED_TURN_MAX 2000 /* lines of one turn: the network has its turn between two */

struct feed;

/* Both borrowed. Goes on where the spool ends. NULL without memory. Caller frees. */
struct feed *feed_new(struct log_reader *reader, struct spool *spool);
void feed_free(struct feed *feed);
CLEANUP_DEFINE(struct feed, feed_free)
/*
 * One turn. 1: there is more to do at once; 0: nothing more now; negative errno: what was read is not
 * in the spool, and will be read again by a later turn.
 */
int feed_turn(struct feed *feed);
/* Whether a turn is due within FEED_WAIT_NS, whatever the log does: a frame is open, or not synced. */
bool feed_is_gathering(const struct feed *feed);

#endif
