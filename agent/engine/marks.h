/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of blind marks, one for each user over whose display one is to be: drawn by keyring anew each
 * minute, with a pen that the console gave for that user. Never waits.
 */
#ifndef HOLDFAST_AGENT_ENGINE_MARKS_H
#define HOLDFAST_AGENT_ENGINE_MARKS_H

#include <stdint.h>

#include "agent/ipc/keyring.h"

struct engine;

#define MARKS_USERS_MAX 16

/* The pens that are wanted now, beside keys of labels. */
void marks_wish(const struct engine *engine, struct keyring_want *want);
void marks_tick(struct engine *engine);
/*
 * The newest tile of that user, a digit for each level, and the minute that it names, since 1970. NULL:
 * there is none yet. Borrowed until the next tick.
 */
const char *marks_tile(uint32_t uid, uint64_t *ret_minute);

#endif
