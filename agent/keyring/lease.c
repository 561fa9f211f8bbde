/* SPDX-License-Identifier: Apache-2.0 */
/* A question is answered once: its nonce goes with the first good word. */
#include "agent/keyring/lease.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

#include "agent/keyring/anchors.h"
#include "agent/keyring/keyring.h"
#include "common/boot.h"
#include "common/clock.h"
#include "common/log.h"

#define SIGNATURE_SIZE 128
#define MS_NS	       UINT64_C(1000000)

static bool is_asked(const struct keyring_lease *lease)
{
	static const uint8_t none[LEASE_ID_SIZE];

	return memcmp(lease->asked.nonce, none, sizeof(none)) != 0;
}

uint64_t keyring_lease_until_ns(const struct keyring *keyring)
{
	const struct lease *word = &keyring->lease.word;
	uint64_t until_ns = lease_end_ms(word) * MS_NS;

	return word->state == LEASE_TRUSTED && clock_boot_ns() < until_ns ? until_ns : 0;
}

bool keyring_lease_is_good(const struct keyring *keyring)
{
	return keyring_lease_until_ns(keyring) != 0;
}

static void shut(struct keyring *keyring)
{
	keyring->lease.has_shut = true;
	keys_shut(
		keyring->keys, keyring->lease.word.order ? KEYRING_DROP_ORDER : KEYRING_DROP_LEASE);
}

int keyring_lease_tick(struct keyring *keyring)
{
	struct lease *word = &keyring->lease.word;
	uint64_t until_ns = keyring_lease_until_ns(keyring), left_ms;

	if (until_ns) {
		left_ms = (until_ns - clock_boot_ns()) / MS_NS + 1;
		return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
	}
	if (word->state == LEASE_TRUSTED) { /* it was */
		log_warning("the lease is over: keys are dropped");
		word->state = 0;
		shut(keyring);
	}
	return -1;
}

/* Device, seconds, the highest serial that uplink knows: of an earlier keyring. */
static int read_wish(const struct keyring_request *request, struct lease_request *ret_asked)
{
	struct bytes_reader payload;

	bytes_reader_init(&payload, request->bytes, request->size);
	bytes_get_blob(&payload, ret_asked->device, sizeof(ret_asked->device));
	ret_asked->seconds = bytes_get_u32(&payload);
	ret_asked->seen = bytes_get_u64(&payload);
	return bytes_is_done(&payload) ? 0 : -EINVAL;
}

int keyring_lease_ask(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	struct lease_request asked = {.asked_ms = clock_boot_ns() / MS_NS};
	char *text = (char *)answer->bytes;
	uint8_t digest[32], signature[SIGNATURE_SIZE];
	int size, r;

	(void)fd;
	r = read_wish(request, &asked);
	if (r == 0)
		r = boot_id_read(asked.boot);
	if (r == 0)
		r = boot_clock_check();
	if (r == 0 && RAND_bytes(asked.nonce, sizeof(asked.nonce)) != 1)
		r = -EIO;
	if (r < 0)
		return r;
	if (asked.seen < keyring->lease.word.serial)
		asked.seen = keyring->lease.word.serial;
	size = lease_request_write(&asked, text);
	if (size < 0)
		return size;
	if (EVP_Digest(text, (size_t)size, digest, NULL, EVP_sha256(), NULL) != 1)
		return -EIO;
	r = device_key_sign(keyring->device, KEYRING_CURRENT, digest, signature, sizeof(signature));
	if (r < 0)
		return r;
	size = lease_add_signature(text, (size_t)size, LEASE_REQUEST_MAX, signature, (size_t)r);
	if (size > 0)
		keyring->lease.asked = asked;
	return size;
}

int keyring_lease_own_key(const struct keyring *keyring, uint8_t ret_hash[LEASE_HASH_SIZE])
{
	uint8_t der[KEYRING_BYTES_MAX];
	int r = device_key_public(keyring->device, KEYRING_CURRENT, der, sizeof(der));

	if (r < 0)
		return r;
	return EVP_Digest(der, (size_t)r, ret_hash, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

int keyring_lease_take(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	struct keyring_lease *lease = &keyring->lease;
	uint8_t key[LEASE_HASH_SIZE], boot[LEASE_ID_SIZE];
	struct lease_terms terms = {.device = lease->asked.device,
		.key = key,
		.boot = boot,
		.nonce = lease->asked.nonce,
		.boot_ms = clock_boot_ns() / MS_NS,
		.now_s = (int64_t)(clock_day_ms() / 1000),
		.seen = lease->word.serial};
	enum lease_verdict verdict;
	struct lease word;
	int r;

	(void)fd;
	if (!is_asked(lease))
		return -EINVAL;
	r = keyring_lease_own_key(keyring, key);
	if (r == 0)
		r = boot_id_read(boot);
	if (r < 0)
		return r;
	terms.anchors = keyring->config ? anchors_read(keyring->config) : NULL;
	if (!terms.anchors)
		return -ENOENT;
	verdict = lease_verify(request->bytes, request->size, &terms, &word);
	X509_STORE_free(terms.anchors);
	if (verdict != LEASE_GOOD) {
		log_warning("the console's word is not taken: %s", lease_verdict_text(verdict));
		return -EKEYREJECTED;
	}
	lease->word = word;
	if (word.state != LEASE_TRUSTED)
		shut(keyring);
	else if (lease->has_shut) /* and nobody else has */
		keys_open(keyring->keys);
	if (word.state == LEASE_TRUSTED)
		lease->has_shut = false;
	memset(lease->asked.nonce, 0, sizeof(lease->asked.nonce));
	answer->bytes[0] = lease->word.state;
	return 1;
}

int keyring_lease_key(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	int r = keyring_lease_own_key(keyring, answer->bytes);

	(void)request;
	(void)fd;
	return r < 0 ? r : LEASE_HASH_SIZE;
}
