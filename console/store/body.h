/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of records as databases keep them: packed; and those that were looked at, at hand. */
#ifndef HOLDFAST_CONSOLE_STORE_BODY_H
#define HOLDFAST_CONSOLE_STORE_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "console/store/store.h"

#define BODY_SLOTS 64	       /* texts that were looked at: 100 kB each as a rule */
#define BODY_MAX   (256 << 10) /* bytes of a text that is kept when another takes its slot */

struct bodies;

/* The record's name in its database. */
struct body_key {
	int64_t a, b;
};

/* -ENOMEM. */
int bodies_new(struct bodies **ret_bodies);
/* Accepts NULL. */
void bodies_free(struct bodies *bodies);
CLEANUP_DEFINE(struct bodies, bodies_free)

/* A record's text, packed if it is not yet; borrowed from it, or until the next call. -ENOMEM, -EIO. */
int bodies_pack(struct bodies *bodies, const struct store_record *record, const void **ret_packed,
	size_t *ret_size);
/* The text, when it is at hand: NULL when it has to be loaded. Borrowed until another is asked for. */
const char *bodies_find(const struct bodies *bodies, struct body_key key, size_t *ret_size);
/* Unpacks and keeps; size: what it must be. -ENOMEM, -EBADMSG. */
int bodies_load(struct bodies *bodies, struct body_key key, const void *packed, size_t packed_size,
	size_t size);

#endif
