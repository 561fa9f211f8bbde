/* SPDX-License-Identifier: Apache-2.0 */
/* A table by the header's hash, which covers its signature: what is found there is proven. */
#include "console/store/ingest_segment.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "console/store/ingest.h"

struct slot {
	int64_t device; /* 0 = free */
	uint8_t hash[SEGMENT_HASH_SIZE];
	struct segment_opener *opener;
};

struct ingest_segments {
	struct slot slots[INGEST_SEGMENTS];
};

int ingest_segments_new(struct ingest_segments **ret_segments)
{
	struct ingest_segments *segments = calloc(1, sizeof(*segments));

	if (!segments)
		return -ENOMEM;
	*ret_segments = segments;
	return 0;
}

void ingest_segments_free(struct ingest_segments *segments)
{
	if (!segments)
		return;
	ingest_segments_forget(segments);
	free(segments);
}

void ingest_segments_forget(struct ingest_segments *segments)
{
	for (unsigned int i = 0; i < INGEST_SEGMENTS; i++)
		segment_opener_free(segments->slots[i].opener);
	memset(segments->slots, 0, sizeof(segments->slots));
}

/* 0, -EBADMSG. */
static int verify(const struct segment_header *header, const struct store_certificate *certificate)
{
	const uint8_t *der = certificate->der;
	X509 *parsed = d2i_X509(NULL, &der, certificate->size);
	int r = -EBADMSG;

	if (parsed)
		r = segment_header_verify(header, X509_get0_pubkey(parsed));
	X509_free(parsed);
	return r < 0 ? -EBADMSG : 0;
}

/* By the key in use as a rule; by an earlier one when the spool is older than a renewal. */
static int verify_by_any(struct ingest_batch *batch, const struct store_certificate *certificate)
{
	static struct store_certificate all[INGEST_KEYS_MAX], one; /* too large for the stack */
	int count, r;

	if (verify(&batch->header, certificate) == 0)
		return 0;
	count = store_certificates(batch->store, batch->device->id, all, INGEST_KEYS_MAX);
	if (count < 0)
		return count;
	for (int i = 0; i < count; i++) {
		r = store_certificate_find(batch->store, all[i].fingerprint, &one);
		if (r < 0)
			return r;
		if (verify(&batch->header, &one) == 0)
			return 0;
	}
	batch->refusal = REFUSAL_BATCH_SIGNATURE;
	return 0;
}

int ingest_segment(struct ingest_segments *segments, struct ingest_batch *batch,
	const struct store_certificate *certificate, const uint8_t private_key[HPKE_KEY_SIZE])
{
	const struct segment_header *header = &batch->header;
	struct segment_opener *opener = NULL;
	struct slot *slot;
	uint32_t number;
	int r;

	memcpy(&number, header->hash, sizeof(number)); /* of a SHA-256: any bytes will do */
	slot = &segments->slots[number % INGEST_SEGMENTS];
	if (slot->device == batch->device->id &&
		!memcmp(slot->hash, header->hash, sizeof(slot->hash))) {
		batch->opener = slot->opener;
		return 0;
	}
	r = verify_by_any(batch, certificate);
	if (r < 0 || batch->refusal != REFUSAL_NONE)
		return r;
	r = segment_opener_new(header, private_key, &opener);
	if (r == -EBADMSG) {
		batch->refusal = REFUSAL_BATCH_SEAL;
		return 0;
	}
	if (r < 0)
		return r;
	segment_opener_free(slot->opener);
	slot->opener = batch->opener = opener;
	slot->device = batch->device->id;
	memcpy(slot->hash, header->hash, sizeof(slot->hash));
	return 0;
}
