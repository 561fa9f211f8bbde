/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, keys and certificates become devices. */
#include "console/store/enrolment.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/text.h"
#include "console/store/certificate_fields.h"
#include "console/store/identify.h"
#include "console/store/rule.h"

static int hash_of(const void *bytes, size_t size, uint8_t ret_hash[CONSOLE_HASH_SIZE])
{
	unsigned int length = CONSOLE_HASH_SIZE;

	return EVP_Digest(bytes, size, ret_hash, &length, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

static void refuse(struct console_device *answer, uint16_t refusal)
{
	answer->refusal = refusal;
}

/* Whether a token may make one more device. */
static uint16_t refusal_of_token(const struct store_token *token, int64_t now_ms)
{
	if (token->is_revoked)
		return REFUSAL_TOKEN_REVOKED;
	if (token->expires_ms <= now_ms)
		return REFUSAL_TOKEN_EXPIRED;
	return token->uses_left == 0 ? REFUSAL_TOKEN_USED : REFUSAL_NONE;
}

/* One that waits gets its certificate as well, to ask by it whether it is approved. */
static uint16_t refusal_of_state(uint8_t state)
{
	return state == DEVICE_PENDING ? REFUSAL_NONE : identify_refusal(state);
}

static int new_uid(uint8_t ret_uid[CONSOLE_UID_SIZE])
{
	if (getrandom(ret_uid, CONSOLE_UID_SIZE, 0) != CONSOLE_UID_SIZE)
		return -EIO;
	ret_uid[6] = (uint8_t)((ret_uid[6] & 0x0f) | 0x40); /* RFC 9562: version 4 */
	ret_uid[8] = (uint8_t)((ret_uid[8] & 0x3f) | 0x80);
	return 0;
}

static int add_device(struct store *store, const struct console_enrol *enrol,
	const struct store_token *token, struct store_device *ret_device)
{
	int64_t now_ms = (int64_t)clock_day_ms();
	struct store_device device = {.state = DEVICE_PENDING,
		.token = token->id,
		.first_seen_ms = now_ms,
		.last_seen_ms = now_ms};
	static const struct device_record unknown;
	char why[STORE_WHY_SIZE];
	int r;

	r = new_uid(device.uid);
	if (r < 0)
		return r;
	memcpy(device.key, enrol->key, sizeof(device.key));
	(void)text_clean(device.host, sizeof(device.host), enrol->host); /* cut */
	memcpy(device.owner, token->owner, sizeof(device.owner));
	(void)snprintf(device.address, sizeof(device.address), "%s", enrol->address);
	r = store_device_add(store, &device);
	if (r == 0 && token->is_approving) {
		(void)snprintf(why, sizeof(why), "rule of token %lld '%.200s'",
			(long long)token->id, token->name);
		r = store_device_set_state(
			store, device.id, DEVICE_TRUSTED, "enrolment", why, now_ms);
	}
	if (r == 0 && !token->is_approving)
		r = rule_approve(
			store, &(const struct rule_subject){&device, enrol->address, &unknown});
	if (r >= 0)
		r = store_device_by_id(store, device.id, ret_device);
	return r;
}

/* The key is some device's already: of this token, or another one's. */
static int enrol_again(struct store *store, const struct store_token *token,
	const struct store_device *device, const struct console_enrol *enrol,
	struct console_device *answer)
{
	if (device->token != token->id) {
		refuse(answer, REFUSAL_KEY_TAKEN);
		return 0;
	}
	identify_answer(device, enrol->id, answer);
	refuse(answer, refusal_of_state(device->state));
	return store_device_seen(store, device->id, enrol->address, (int64_t)clock_day_ms());
}

int enrolment_device(
	struct store *store, const struct console_enrol *enrol, struct console_device *ret_answer)
{
	uint8_t hash[CONSOLE_HASH_SIZE];
	struct store_device device;
	struct store_token token;
	int64_t owner;
	uint16_t refusal;
	int r;

	*ret_answer = (struct console_device){.id = enrol->id};
	r = hash_of(enrol->token, strlen(enrol->token), hash);
	if (r == 0)
		r = store_token_find(store, hash, &token);
	if (r == -ENOENT || (r == 0 && token.audience[0])) /* or one for something else */
		return refuse(ret_answer, REFUSAL_TOKEN_UNKNOWN), 0;
	if (r < 0)
		return r;
	r = store_device_by_key(store, enrol->key, &device);
	if (r != -ENOENT)
		return r < 0 ? r : enrol_again(store, &token, &device, enrol, ret_answer);
	r = store_certificate_key_owner(store, enrol->key, &owner);
	if (r != -ENOENT) /* renewed since: an old key is not a way back */
		return r < 0 ? r : (refuse(ret_answer, REFUSAL_KEY_TAKEN), 0);
	refusal = refusal_of_token(&token, (int64_t)clock_day_ms());
	if (refusal != REFUSAL_NONE)
		return refuse(ret_answer, refusal), 0;
	r = store_token_use(store, token.id);
	if (r == 0)
		r = add_device(store, enrol, &token, &device);
	if (r < 0)
		return r;
	identify_answer(&device, enrol->id, ret_answer);
	refuse(ret_answer, refusal_of_state(device.state));
	return 0;
}

/* Whether a key may be this device's next one. */
static int refusal_of_key(struct store *store, const struct store_device *device,
	const uint8_t key[CONSOLE_HASH_SIZE], uint16_t *ret_refusal)
{
	struct store_device other;
	int64_t owner;
	int r;

	*ret_refusal = REFUSAL_NONE;
	r = store_certificate_key_owner(store, key, &owner);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && (owner != device->id || memcmp(device->key, key, sizeof(device->key)) != 0))
		*ret_refusal = owner == device->id ? REFUSAL_KEY_REUSED : REFUSAL_KEY_TAKEN;
	r = store_device_by_key(store, key, &other);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && other.id != device->id)
		*ret_refusal = REFUSAL_KEY_TAKEN;
	return 0;
}

int enrolment_renew(
	struct store *store, const struct console_enrol *enrol, struct console_device *ret_answer)
{
	static struct identity identity; /* too large for the stack */
	uint16_t refusal;
	int r;

	r = identify(store, enrol->certificate, enrol->address, &identity, &refusal);
	if (r < 0)
		return r;
	identify_answer(&identity.device, enrol->id, ret_answer);
	if (refusal != REFUSAL_NONE)
		return refuse(ret_answer, refusal), 0;
	/* A second try after a lost answer brings the key that was asked for, not the one in use. */
	if (!memcmp(identity.certificate.key, enrol->key, sizeof(enrol->key)))
		return refuse(ret_answer, REFUSAL_KEY_REUSED), 0;
	r = refusal_of_key(store, &identity.device, enrol->key, &refusal);
	if (r < 0)
		return r;
	if (refusal != REFUSAL_NONE)
		return refuse(ret_answer, refusal), 0;
	return store_device_set_key(store, identity.device.id, enrol->key, (int64_t)clock_day_ms());
}

int enrolment_certified(
	struct store *store, const struct console_certified *certified, uint16_t *ret_refusal)
{
	static struct store_certificate certificate; /* too large for the stack */
	struct store_device device;
	int r;

	r = store_device_by_uid(store, certified->device, &device);
	if (r < 0) {
		*ret_refusal = REFUSAL_CERTIFICATE_UNKNOWN;
		return r == -ENOENT ? 0 : r;
	}
	*ret_refusal = refusal_of_state(device.state);
	if (*ret_refusal != REFUSAL_NONE)
		return 0;
	if (certificate_fields_read(certified->certificate, certified->size, &certificate) < 0 ||
		memcmp(certificate.key, device.key, sizeof(device.key)) != 0) {
		*ret_refusal = REFUSAL_INTERNAL; /* of the authority's making */
		return 0;
	}
	certificate.device = device.id;
	certificate.made_ms = (int64_t)clock_day_ms();
	r = store_certificate_add(store, &certificate);
	return r == -EEXIST ? 0 : r; /* the same again */
}

int enrolment_check_token(
	struct store *store, const char *text, struct store_token *ret_token, uint16_t *ret_refusal)
{
	uint8_t hash[CONSOLE_HASH_SIZE];
	int r;

	r = hash_of(text, strlen(text), hash);
	if (r == 0)
		r = store_token_find(store, hash, ret_token);
	*ret_refusal = REFUSAL_TOKEN_UNKNOWN;
	if (r == -ENOENT || (r == 0 && !ret_token->audience[0]))
		return 0;
	if (r == 0)
		*ret_refusal = refusal_of_token(ret_token, (int64_t)clock_day_ms());
	return r;
}

int enrolment_token_make(
	struct store *store, struct store_token *token, char ret_text[ENROLMENT_TOKEN_SIZE])
{
	uint8_t hash[CONSOLE_HASH_SIZE];
	int r;

	memcpy(ret_text, token->audience[0] ? ENROLMENT_CHECK_PREFIX : ENROLMENT_TOKEN_PREFIX,
		sizeof(ENROLMENT_TOKEN_PREFIX));
	r = secret_make(ret_text + sizeof(ENROLMENT_TOKEN_PREFIX) - 1);
	if (r == 0)
		r = hash_of(ret_text, strlen(ret_text), hash);
	return r < 0 ? r : store_token_add(store, hash, token);
}
