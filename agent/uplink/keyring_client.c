/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests one after the other, and a key that signs by them. OpenSSL 3.0's providers can't be used
 * for that in a program (a TLS handshake with such a key fails there); EC_KEY_METHOD is deprecated,
 * not gone, and works on 3.0 to 3.5.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "agent/uplink/keyring_client.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/hex.h"
#include "common/log.h"

static int keyring_fd = -EBADF;
static bool is_woken;

void keyring_client_start(int socket_fd)
{
	keyring_fd = socket_fd;
}

/* Bytes in answer, or the keyring's negative errno. */
static int ask(const struct keyring_request *request, struct keyring_answer *answer)
{
	static uint8_t packet[KEYRING_FRAME_MAX];
	struct bytes_writer frame;
	ssize_t got;
	int r;

	keyring_request_put(&frame, packet, sizeof(packet), request);
	r = wire_end(&frame);
	if (r < 0)
		return r;
	if (send(keyring_fd, packet, (size_t)r, MSG_NOSIGNAL) < 0)
		fatal("keyring is gone: %m, stopping");
	do {
		got = recv(keyring_fd, packet, sizeof(packet), 0);
		if (got > 0 && keyring_is_wake(packet, (size_t)got)) {
			is_woken = true;
			got = -1;
			errno = EINTR;
		}
	} while (got < 0 && errno == EINTR);
	if (got <= 0 || keyring_answer_decode(packet, (size_t)got, answer) < 0)
		fatal("keyring is gone, stopping");
	return answer->error < 0 ? answer->error : answer->size;
}

bool keyring_woke(void)
{
	uint8_t packet[WIRE_HEADER_SIZE + 1];
	ssize_t got;
	bool was_woken;

	while ((got = recv(keyring_fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0) {
		if (!keyring_is_wake(packet, (size_t)got))
			fatal("keyring answers what it was not asked, stopping");
		is_woken = true;
	}
	if (got == 0)
		fatal("keyring is gone, stopping");
	was_woken = is_woken;
	is_woken = false;
	return was_woken;
}

void keyring_state(struct keyring_state *ret_state)
{
	const struct keyring_request request = {.verb = KEYRING_STATE};
	static struct keyring_answer answer;
	const uint8_t *tpm = answer.bytes + 1;
	int r = ask(&request, &answer), head = 1 + KEYRING_TPM_SIZE;
	uint8_t any = 0;

	if (r < head || r - head >= KEYRING_TROUBLE_SIZE || answer.bytes[0] > KEYRING_TPM)
		fatal("keyring does not say where the key is, stopping");
	*ret_state = (struct keyring_state){.place = (enum keyring_place)answer.bytes[0]};
	hex_write(tpm, KEYRING_TPM_SIZE, ret_state->tpm);
	for (size_t i = 0; i < KEYRING_TPM_SIZE; i++)
		any |= tpm[i];
	if (!any)
		ret_state->tpm[0] = '\0';
	memcpy(ret_state->trouble, answer.bytes + head, (size_t)(r - head));
}

static EVP_PKEY *public_key(enum keyring_verb verb, enum keyring_which which)
{
	const struct keyring_request request = {.verb = (uint16_t)verb, .which = (uint8_t)which};
	static struct keyring_answer answer;
	const uint8_t *at = answer.bytes;
	int r;

	r = ask(&request, &answer);
	if (r < 0) {
		if (r != -ENOKEY)
			log_error("no device key from keyring: %s", strerror(-r));
		return NULL;
	}
	return d2i_PUBKEY(NULL, &at, r);
}

EVP_PKEY *keyring_public(enum keyring_which which)
{
	return public_key(KEYRING_PUBLIC, which);
}

EVP_PKEY *keyring_renew(void)
{
	return public_key(KEYRING_RENEW, 0);
}

int keyring_commit(void)
{
	const struct keyring_request request = {.verb = KEYRING_COMMIT};
	static struct keyring_answer answer;
	int r = ask(&request, &answer);

	return r < 0 ? r : 0;
}

int keyring_sign(enum keyring_verb verb, enum keyring_which which, const void *bytes, size_t size,
	void *ret_signature, size_t signature_size)
{
	static struct keyring_request request;
	static struct keyring_answer answer;
	int r;

	if (size > sizeof(request.bytes))
		return -EMSGSIZE;
	request = (struct keyring_request){
		.verb = (uint16_t)verb, .which = (uint8_t)which, .size = (uint16_t)size};
	memcpy(request.bytes, bytes, size);
	r = ask(&request, &answer);
	if (r < 0)
		return r;
	if ((size_t)r > signature_size)
		return -ENOBUFS;
	memcpy(ret_signature, answer.bytes, (size_t)r);
	return r;
}

static ECDSA_SIG *method_sign_sig(
	const uint8_t *digest, int size, const BIGNUM *kinv, const BIGNUM *rp, EC_KEY *key)
{
	uint8_t signature[128];
	const uint8_t *at = signature;
	int r;

	(void)kinv; /* the keyring's business, as is the key */
	(void)rp;
	(void)key;
	r = keyring_sign(KEYRING_DIGEST, KEYRING_CURRENT, digest, (size_t)size, signature,
		sizeof(signature));
	return r < 0 ? NULL : d2i_ECDSA_SIG(NULL, &at, r);
}

static int method_sign(int type, const uint8_t *digest, int size, uint8_t *ret_signature,
	unsigned int *ret_size, const BIGNUM *kinv, const BIGNUM *rp, EC_KEY *key)
{
	ECDSA_SIG *signature = method_sign_sig(digest, size, kinv, rp, key);
	int bytes;

	(void)type;
	if (!signature)
		return 0;
	bytes = i2d_ECDSA_SIG(signature, &ret_signature);
	ECDSA_SIG_free(signature);
	*ret_size = bytes < 0 ? 0 : (unsigned int)bytes;
	return bytes > 0;
}

static const EC_KEY_METHOD *method(void)
{
	static EC_KEY_METHOD *own;

	if (!own) {
		own = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
		if (own)
			EC_KEY_METHOD_set_sign(own, method_sign, NULL, method_sign_sig);
	}
	return own;
}

EVP_PKEY *keyring_key(void)
{
	EVP_PKEY *known = keyring_public(KEYRING_CURRENT), *key = EVP_PKEY_new();
	EC_KEY *copy = known ? EVP_PKEY_get1_EC_KEY(known) : NULL;

	EVP_PKEY_free(known);
	if (!key || !copy || !method() || EC_KEY_set_method(copy, method()) != 1 ||
		EVP_PKEY_set1_EC_KEY(key, copy) != 1) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	EC_KEY_free(copy);
	return key;
}
