/* SPDX-License-Identifier: Apache-2.0 */
/* What a device has: a key, a certificate of the console's authority, and batches that it sealed. */
#ifndef HOLDFAST_TESTS_BENCH_FLEET_DEVICE_H
#define HOLDFAST_TESTS_BENCH_FLEET_DEVICE_H

#include "common/uuid.h"
#include "tests/bench/fleet_link.h"

#define FLEET_BATCH_EVENTS 100

enum errand { ERRAND_NONE, ERRAND_ENROL, ERRAND_HOLD, ERRAND_ASK, ERRAND_REPORT };

struct batch {
	char *request; /* HTTP, head and body */
	size_t size;
	uint64_t last; /* sequence */
	uint8_t link[32];
};

struct device {
	struct link link;
	unsigned int index;
	enum errand errand;
	EVP_PKEY *key;
	X509 *certificate;
	SSL_SESSION *session;
	uint8_t uid[UUID_SIZE];
	char *request; /* under way, own; NULL: one of the batches, or short */
	char text[160];
	/* as agent/uplink/exchange.c does it */
	uint64_t pause_ms, due_ns, opened_ns;
	/* what it has of policies, and when the newest came */
	uint64_t version, arrived_ms;
	/* reporting */
	struct batch *batches;
	unsigned int batch_count, batch_next, batches_made;
	uint64_t next_sequence, acked, segment;
	uint8_t boot[UUID_SIZE], link_hash[32];
};

/* The request of EST with the token; the caller frees. NULL on failure. */
char *device_enrol_request(struct device *device, const char *token, size_t *ret_size);
/* Takes the certificate out of EST's answer. 0 or -EBADMSG. */
int device_enrolled(struct device *device, const struct link_answer *answer);
/* Seals so many batches to the key in base64, behind what was acknowledged. 0 or negative errno. */
int device_seal(struct device *device, const char *console_key, unsigned int batches);

#endif
