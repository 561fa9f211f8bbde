/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait for an answer of another process: a table with a fixed number of places. The
 * id that goes out with a question comes back with its answer, and finds its place only as long as
 * nobody else has it: one that is late finds nothing.
 */
#ifndef HOLDFAST_CONSOLE_FRONTEND_PENDING_H
#define HOLDFAST_CONSOLE_FRONTEND_PENDING_H

#include <stddef.h>
#include <stdint.h>

#include "console/ipc/messages.h"

struct http_request;
struct pending_table;

enum pending_stage {
	PENDING_DEVICE,	  /* DEVICE was asked, DEVICE_IS is to come */
	PENDING_EVENTS,	  /* EVENTS, TAKEN */
	PENDING_LEASE,	  /* LEASE, LEASE_IS */
	PENDING_KEYS,	  /* KEYS, KEYS_ARE */
	PENDING_RECEIPT,  /* RECEIPT, DONE */
	PENDING_CHECK,	  /* CHECK, CHECKED */
	PENDING_KEYLESS,  /* KEYLESS, DONE */
	PENDING_ENROL,	  /* ENROL or RENEW, ENROLLED */
	PENDING_SIGN,	  /* SIGN, SIGNED */
	PENDING_CERTIFIED /* CERTIFIED, DONE */
};

struct pending {
	uint64_t id;
	uint64_t deadline_ns;
	struct http_request *request;
	enum pending_stage stage;
	uint8_t device[CONSOLE_UID_SIZE];
	uint8_t *bytes; /* own: the request to sign, then the certificate */
	size_t size;
};

/* NULL without memory. */
struct pending_table *pending_table_new(unsigned int places);
void pending_table_free(struct pending_table *table);
/* NULL when all places are taken. */
struct pending *pending_add(struct pending_table *table, struct http_request *request);
/* NULL when it is not waiting (any more). */
struct pending *pending_find(struct pending_table *table, uint64_t id);
/* Frees the place; the request is the caller's to answer. */
void pending_remove(struct pending_table *table, struct pending *pending);
/* One whose time was over at now_ns, or NULL. */
struct pending *pending_late(struct pending_table *table, uint64_t now_ns);
unsigned int pending_count(const struct pending_table *table);

#endif
