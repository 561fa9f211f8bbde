/* SPDX-License-Identifier: Apache-2.0 */
/* What a user enrols, behind the password; and an administrator's taking it away. */
#include <errno.h>
#include <json-c/json.h>
#include <openssl/rand.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/verify/verifier.h"
#include "common/clock.h"
#include "common/hex.h"

static void tell(struct verifier *verifier, const struct client *client, uint32_t uid,
	enum verify_method method, bool is_removed)
{
	const struct verify_enrolment enrolment = {.uid = uid,
		.by_uid = client->uid,
		.method = (uint8_t)method,
		.is_removed = is_removed};

	engine_enrolled(verifier, &enrolment);
}

void enrol_totp_begin(struct verifier *verifier, struct client *client)
{
	const struct passwd *user = getpwuid(client->uid);
	char address[TOTP_ADDRESS_SIZE], secret[TOTP_TEXT_SIZE], host[256] = "";
	struct json_object *line;

	(void)verifier; /* nothing is kept before it is confirmed */
	if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
		(void)snprintf(host, sizeof(host), "localhost");
	if (RAND_bytes(client->totp_key, sizeof(client->totp_key)) != 1) {
		client_end(client, -EIO, "no random numbers");
		return;
	}
	client->has_totp = true;
	if (!totp_address(client->totp_key, user ? user->pw_name : "user", host, address)) {
		client_end(client, -EMSGSIZE, "the names of user and computer are too long");
		return;
	}
	totp_key_text(client->totp_key, secret);
	line = json_object_new_object();
	(void)json_object_object_add(
		line, "address", json_object_new_string(address)); /* no memory: less is said */
	(void)json_object_object_add(line, "secret", json_object_new_string(secret));
	client_line(client, line);
	explicit_bzero(address, sizeof(address));
	explicit_bzero(secret, sizeof(secret));
	client_end(client, 0, "%s", "");
}

void enrol_totp_confirm(
	struct verifier *verifier, struct client *client, const struct verify_request *request)
{
	struct enrolment enrolment;
	uint64_t step = 0;
	int r;

	if (!client->has_totp) {
		client_end(client, -EINVAL, "nothing is to be confirmed");
		return;
	}
	if (!totp_check(client->totp_key, request->secret, clock_day_ms() / 1000, &step)) {
		client_end(client, -EACCES,
			"the code does not fit: look at the clocks of both devices, and try the "
			"next code");
		return;
	}
	client->has_totp = false;
	r = enrolment_read(verifier->state_fd, client->uid, &enrolment);
	if (r == 0) {
		enrolment.has_totp = true;
		enrolment.totp_step = step;
		memcpy(enrolment.totp_key, client->totp_key, sizeof(enrolment.totp_key));
		r = enrolment_write(verifier->state_fd, client->uid, &enrolment);
	}
	enrolment_clear(&enrolment);
	explicit_bzero(client->totp_key, sizeof(client->totp_key));
	if (r < 0) {
		client_end(client, r, "cannot keep it: %s", strerror(-r));
		return;
	}
	tell(verifier, client, client->uid, VERIFY_TOTP, false);
	client_end(client, 0, "enrolled; the next code verifies");
}

void enrol_key_begin(struct verifier *verifier, struct client *client)
{
	struct json_object *line;
	char text[2 * VERIFY_CHALLENGE_SIZE + 1];

	(void)verifier; /* as above */
	if (RAND_bytes(client->challenge, sizeof(client->challenge)) != 1) {
		client_end(client, -EIO, "no random numbers");
		return;
	}
	client->has_challenge = true;
	hex_write(client->challenge, sizeof(client->challenge), text);
	line = json_object_new_object();
	(void)json_object_object_add(line, "challenge", json_object_new_string(text));
	client_line(client, line);
	client_end(client, 0, "%s", "");
}

static int key_add(struct enrolment *enrolment, const struct verify_request *request)
{
	const struct verify_blob *credential = &request->blobs[VERIFY_CREDENTIAL];
	const struct verify_blob *public_key = &request->blobs[VERIFY_PUBLIC_KEY];
	const struct verify_blob *data = &request->blobs[VERIFY_DATA];
	struct enrolment_key *key = &enrolment->keys[enrolment->key_count];

	if (enrolment->key_count == ENROLMENT_KEY_MAX)
		return -ENOSPC;
	if (!credential->size || public_key->size != ASSERTION_KEY_SIZE ||
		assertion_key_check(public_key->bytes) < 0 || data->size < ASSERTION_DATA_SIZE)
		return -EBADMSG;
	*key = (struct enrolment_key){.credential_size = credential->size,
		.flags = (uint8_t)(ASSERTION_PRESENT | (data->bytes[32] & ASSERTION_VERIFIED))};
	memcpy(key->credential, credential->bytes, credential->size);
	memcpy(key->public_key, public_key->bytes, ASSERTION_KEY_SIZE);
	enrolment->key_count++;
	return 0;
}

/* The next assertion shows that the user has the key; its maker's word on it is not asked for. */
void enrol_key_confirm(
	struct verifier *verifier, struct client *client, const struct verify_request *request)
{
	bool has_challenge = client->has_challenge;
	struct enrolment enrolment;
	int r;

	client->has_challenge = false;
	if (!has_challenge) {
		client_end(client, -EINVAL, "nothing is to be confirmed");
		return;
	}
	r = enrolment_read(verifier->state_fd, client->uid, &enrolment);
	if (r == 0)
		r = key_add(&enrolment, request);
	if (r == 0)
		r = enrolment_write(verifier->state_fd, client->uid, &enrolment);
	enrolment_clear(&enrolment);
	if (r < 0) {
		client_end(client, r, "cannot keep it: %s", strerror(-r));
		return;
	}
	tell(verifier, client, client->uid, VERIFY_SECURITY_KEY, false);
	client_end(client, 0, "enrolled");
}

void enrol_forget(
	struct verifier *verifier, struct client *client, const struct verify_request *request)
{
	struct enrolment enrolment;
	int r;

	if (client->uid != 0) {
		client_end(client, -EPERM, "only root may do this");
		return;
	}
	if (request->method != VERIFY_TOTP && request->method != VERIFY_SECURITY_KEY) {
		client_end(client, -EINVAL, "expected totp or security-key");
		return;
	}
	r = enrolment_read(verifier->state_fd, request->uid, &enrolment);
	if (r == 0) {
		if (request->method == VERIFY_TOTP)
			enrolment.has_totp = false;
		else
			enrolment.key_count = 0;
		r = enrolment_write(verifier->state_fd, request->uid, &enrolment);
	}
	enrolment_clear(&enrolment);
	if (r < 0) {
		client_end(client, r, "cannot take it away: %s", strerror(-r));
		return;
	}
	engine_ended(verifier, request->uid, VERIFY_CAUSE_ASKED);
	tell(verifier, client, request->uid, (enum verify_method)request->method, true);
	client_end(client, 0, "taken away; the user can enrol anew");
}
