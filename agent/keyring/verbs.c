/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs: each a row with who may say it, and a handler. Those of the device key are here. */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "agent/keyring/keyring.h"
#include "agent/keyring/wish.h"
#include "common/log.h"

#define SEGMENT_MAGIC "HFSEG1\0" /* with its NUL: the 8 bytes that a header begins with */

static int sign_bytes(struct keyring *keyring, const struct keyring_request *request,
	struct keyring_answer *answer)
{
	uint8_t digest[32];
	unsigned int size = sizeof(digest);

	if (EVP_Digest(request->bytes, request->size, digest, &size, EVP_sha256(), NULL) != 1)
		return -EIO;
	return device_key_sign(
		keyring->device, request->which, digest, answer->bytes, sizeof(answer->bytes));
}

static int on_digest(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	(void)fd;
	if (request->size != 32)
		return -EINVAL;
	return device_key_sign(keyring->device, request->which, request->bytes, answer->bytes,
		sizeof(answer->bytes));
}

static int on_segment(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	(void)fd;
	if (request->size < sizeof(SEGMENT_MAGIC) ||
		memcmp(request->bytes, SEGMENT_MAGIC, sizeof(SEGMENT_MAGIC)) != 0)
		return -EINVAL;
	return sign_bytes(keyring, request, answer);
}

/* A request for a certificate names the key that signs it: no other key gets one by this device. */
static bool is_request_of(const struct device_key *key, const struct keyring_request *request)
{
	const uint8_t *at = request->bytes;
	X509_REQ_INFO *info = d2i_X509_REQ_INFO(NULL, &at, request->size);
	uint8_t own[KEYRING_BYTES_MAX];
	int size = device_key_public(key, request->which, own, sizeof(own));

	X509_REQ_INFO_free(info);
	if (!info || at != request->bytes + request->size || size <= 0)
		return false;
	return memmem(request->bytes, request->size, own, (size_t)size) != NULL;
}

static int on_request(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	(void)fd;
	if (!is_request_of(keyring->device, request))
		return -EINVAL;
	return sign_bytes(keyring, request, answer);
}

/* It may have been written anew since, by holdfast enrol. */
static void look_at_wish(struct keyring *keyring)
{
	static struct wishes wishes;

	if (!keyring->config)
		return;
	wish_read(keyring->config, &wishes);
	device_key_set_wish(keyring->device, wishes.key);
}

static int make_and_show(
	struct keyring *keyring, enum keyring_which which, struct keyring_answer *answer)
{
	int r;

	look_at_wish(keyring);
	r = device_key_make(keyring->device, which);
	return r < 0 ? r
		     : device_key_public(
			       keyring->device, which, answer->bytes, sizeof(answer->bytes));
}

static int on_public(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	int r = device_key_public(
		keyring->device, request->which, answer->bytes, sizeof(answer->bytes));

	(void)fd;
	if (r != -ENOKEY || request->which != KEYRING_CURRENT)
		return r;
	return make_and_show(keyring, KEYRING_CURRENT, answer);
}

static int on_renew(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	(void)request;
	(void)fd;
	return make_and_show(keyring, KEYRING_NEXT, answer);
}

static int on_commit(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	(void)request;
	(void)fd;
	(void)answer;
	return device_key_commit(keyring->device);
}

static int on_state(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	char trouble[KEYRING_TROUBLE_SIZE];

	(void)request;
	(void)fd;
	look_at_wish(keyring);
	answer->bytes[0] = (uint8_t)device_key_state(keyring->device, trouble);
	if (!device_key_tpm(keyring->device, answer->bytes + 1))
		memset(answer->bytes + 1, 0, KEYRING_TPM_SIZE);
	memcpy(answer->bytes + 1 + KEYRING_TPM_SIZE, trouble, strlen(trouble));
	return (int)strlen(trouble) + 1 + KEYRING_TPM_SIZE;
}

/* Signed by a key of the TPM's own, so that it can be taken for nothing of the device's. */
static int on_quote(struct keyring *keyring, const struct keyring_request *request, int fd,
	struct keyring_answer *answer)
{
	(void)fd;
	if (request->size != QUOTE_CHALLENGE_SIZE)
		return -EINVAL;
	return device_key_quote(keyring->device, request->bytes, answer->bytes);
}

static const struct verb {
	verb_function *run;
	unsigned int peers; /* enum keyring_peer, those who may say it */
} verbs[KEYRING_ANSWER] = {
	[KEYRING_PUBLIC] = {on_public, PEER_UPLINK},
	[KEYRING_DIGEST] = {on_digest, PEER_UPLINK},
	[KEYRING_SEGMENT] = {on_segment, PEER_UPLINK},
	[KEYRING_REQUEST] = {on_request, PEER_UPLINK},
	[KEYRING_RENEW] = {on_renew, PEER_UPLINK},
	[KEYRING_COMMIT] = {on_commit, PEER_UPLINK},
	[KEYRING_LEASE_ASK] = {keyring_lease_ask, PEER_UPLINK},
	[KEYRING_LEASE_KEY] = {keyring_lease_key, PEER_ENGINE | PEER_ROOT},
	[KEYRING_LEASE_TAKE] = {keyring_lease_take, PEER_UPLINK},
	[KEYRING_STATE] = {on_state, PEER_UPLINK | PEER_ENGINE | PEER_ROOT},
	[KEYRING_RECEIPT] = {verb_receipt, PEER_ROOT},
	[KEYRING_TICKET] = {verb_ticket, PEER_ENGINE},
	[KEYRING_KEYS_WANT] = {verb_keys_want, PEER_ENGINE | PEER_ROOT},
	[KEYRING_KEYS_ASK] = {verb_keys_ask, PEER_UPLINK},
	[KEYRING_KEYS_GRANT] = {verb_keys_grant, PEER_UPLINK},
	[KEYRING_KEYS_STATE] = {verb_keys_state, PEER_ENGINE | PEER_ROOT},
	[KEYRING_KEYS_DROP] = {verb_keys_drop, PEER_ENGINE | PEER_ROOT},
	[KEYRING_KEYS_SLEEP] = {verb_keys_sleep, PEER_ROOT},
	[KEYRING_VAULT_ADD] = {verb_vault_add, PEER_ROOT},
	[KEYRING_VAULT_REMOVE] = {verb_vault_remove, PEER_ROOT},
	[KEYRING_MARK] = {verb_mark, PEER_ENGINE},
	[KEYRING_QUOTE] = {on_quote, PEER_UPLINK},
	[KEYRING_KEYS_REFUSED] = {verb_keys_refused, PEER_UPLINK},
};

static const char *peer_name(enum keyring_peer peer)
{
	return peer == PEER_UPLINK ? "uplink" : peer == PEER_ENGINE ? "the engine" : "root";
}

void keyring_serve(struct keyring *keyring, enum keyring_peer peer,
	const struct keyring_request *request, int fd, struct keyring_answer *ret_answer)
{
	static struct log_limit limit = {.burst = 6};
	const struct verb *verb = &verbs[request->verb % KEYRING_ANSWER];
	int r;

	*ret_answer = (struct keyring_answer){0};
	if (!verb->run)
		r = -EOPNOTSUPP;
	else if (!(verb->peers & peer))
		r = -EPERM;
	else
		r = verb->run(keyring, request, fd, ret_answer);
	if (r < 0 && r != -ENODATA && r != -ENOKEY && log_allowed(&limit)) /* these are answers */
		log_warning("request %u of %s: %s", request->verb, peer_name(peer), strerror(-r));
	ret_answer->error = r < 0 ? r : 0;
	ret_answer->size = (uint16_t)(r < 0 ? 0 : r);
	if (r < 0) /* nothing half done goes out */
		explicit_bzero(ret_answer->bytes, sizeof(ret_answer->bytes));
}
