/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the pinned ring without giving records up before the engine has them safe: what was read
 * but not released is read again by the next sensor, so killing the agent loses no record.
 */
#ifndef HOLDFAST_AGENT_SENSOR_RING_H
#define HOLDFAST_AGENT_SENSOR_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

#define RING_FLIGHT_MAX 1024  /* records read and not yet released */
#define RING_RECORD_MAX 16384 /* bytes */

struct ring;

/*
 * Of a descriptor that maps as one of a ring does: a page that we write, a page that we read, then
 * data_size bytes twice. Takes it on success only.
 */
int ring_new(int fd, size_t data_size, struct ring **ret_ring);
/* The pinned one. 0 or negative errno. The caller frees with ring_free(). */
int ring_open(const char *pin_directory, struct ring **ret_ring);
/* Accepts NULL. Releases nothing. */
void ring_free(struct ring *ring);
CLEANUP_DEFINE(struct ring, ring_free)

/* To poll for POLLIN while ring_is_caught_up(): until then there is something in any case. */
int ring_fd(const struct ring *ring);
bool ring_is_caught_up(const struct ring *ring);
unsigned int ring_in_flight(const struct ring *ring);

/*
 * The next record, borrowed until the next call; false = none, or RING_FLIGHT_MAX in flight. Of one
 * that is longer than RING_RECORD_MAX no more than that may be looked at.
 */
bool ring_next(struct ring *ring, const void **ret_bytes, size_t *ret_size_bytes);
/* The oldest count records are safe: the kernel may write over them. -EINVAL: more than in flight. */
int ring_release(struct ring *ring, unsigned int count);

#endif
