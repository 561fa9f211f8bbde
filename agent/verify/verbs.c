/* SPDX-License-Identifier: Apache-2.0 */
/* What a person's request does: a table. Proofs are looked at here; what they open is the engine's. */
#include <errno.h>
#include <json-c/json.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "agent/verify/verifier.h"
#include "common/clock.h"
#include "common/hex.h"
#include "common/log.h"

typedef void verb_function(
	struct verifier *verifier, struct client *client, const struct verify_request *request);

/* Whether nothing but a proof is missing; ends the verb if not. */
static bool may_verify(struct verifier *verifier, struct client *client, enum verify_method method)
{
	const struct verify_config *config = &verifier->config;

	if (!verifier->has_config || !(config->methods & 1U << method))
		client_end(client, -ENOENT, "no label of the policy in force is verified by %s",
			verify_method_name(method));
	else if (config->ends && !verifier->logind.is_watching)
		client_end(client, -ENOLINK,
			"systemd-logind does not answer, so nobody would see that your session is "
			"locked: nobody can verify");
	else if ((config->ends & 1U << VERIFY_CAUSE_LOCK) &&
		 sessions_is_locked(&verifier->logind.sessions, client->uid))
		client_end(client, -EBUSY, "a session of yours is locked: unlock it first");
	else
		return true;
	return false;
}

/* Whether the user may try now; ends the verb if not. */
static bool may_try(struct verifier *verifier, struct client *client)
{
	uint32_t wait_s = book_wait_s(verifier, client->uid);

	if (wait_s)
		client_end(client, -EAGAIN, "too many wrong tries: the next one in %u s", wait_s);
	return !wait_s;
}

static void prove(struct verifier *verifier, struct client *client, enum verify_method method)
{
	client->method = method;
	client->proof_id = ++verifier->last_id;
	engine_proven(verifier, client);
}

static void refuse(struct verifier *verifier, struct client *client, enum verify_method method,
	const char *why)
{
	book_failed(verifier, client->uid);
	engine_refused(verifier, client->uid, method, why);
	client_end(client, -EACCES, "not verified: %s", why);
}

static void run_password(
	struct verifier *verifier, struct client *client, const struct verify_request *request)
{
	client->method = VERIFY_PASSWORD;
	if (may_verify(verifier, client, VERIFY_PASSWORD) && may_try(verifier, client))
		worker_ask_password(verifier, client, request->secret);
}

/* Enrolling asks for the password, so that whatever else runs as the user can't. */
static void run_enrol(
	struct verifier *verifier, struct client *client, const struct verify_request *request)
{
	client->method = VERIFY_PASSWORD;
	if (may_try(verifier, client))
		worker_ask_password(verifier, client, request->secret);
}

static void run_page(
	struct verifier *verifier, struct client *client, const struct verify_request *request)
{
	(void)request; /* says nothing more */
	client->method = VERIFY_PAGE;
	if (may_verify(verifier, client, VERIFY_PAGE) && may_try(verifier, client))
		worker_ask_page(verifier, client);
}

void verb_on_verdict(struct verifier *verifier, struct client *client, int error, const char *words)
{
	channel_done(&client->worker); /* it has said all */
	client->worker.fd = -EBADF;
	if (error == -EACCES) {
		refuse(verifier, client, client->method, words);
		return;
	}
	if (error < 0) { /* nobody was wrong */
		client_end(client, error, "not verified: %s", words);
		return;
	}
	book_right(verifier, client->uid);
	if (client->verb == VERIFY_ASK_ENROL_TOTP)
		enrol_totp_begin(verifier, client);
	else if (client->verb == VERIFY_ASK_ENROL_KEY)
		enrol_key_begin(verifier, client);
	else if (may_verify(verifier, client, client->method)) /* still */
		prove(verifier, client, client->method);
}

static bool read_enrolled(struct verifier *verifier, struct client *client,
	enum verify_method method, struct enrolment *ret_enrolment)
{
	int r = enrolment_read(verifier->state_fd, client->uid, ret_enrolment);

	if (r < 0)
		client_end(client, r, "what you enrolled can't be read: %s; ask the administrator",
			strerror(-r));
	else if (method == VERIFY_TOTP ? !ret_enrolment->has_totp : !ret_enrolment->key_count) {
		client_end(client, -ENOKEY, "you have enrolled none: holdfast verify enrol %s",
			verify_method_name(method));
		r = -ENOKEY;
	}
	return r == 0;
}

static void run_totp(
	struct verifier *verifier, struct client *client, const struct verify_request *request)
{
	struct enrolment enrolment;
	int r = 0;

	if (!may_verify(verifier, client, VERIFY_TOTP) || !may_try(verifier, client) ||
		!read_enrolled(verifier, client, VERIFY_TOTP, &enrolment))
		return;
	if (!totp_check(enrolment.totp_key, request->secret, clock_day_ms() / 1000,
		    &enrolment.totp_step)) {
		refuse(verifier, client, VERIFY_TOTP, "the code is wrong, old, or was used before");
	} else {
		enrolment.failed = 0;
		r = enrolment_write(verifier->state_fd, client->uid, &enrolment);
		if (r < 0) { /* else it could be used again */
			client_end(
				client, r, "cannot note that the code is used: %s", strerror(-r));
		} else {
			book_right(verifier, client->uid);
			prove(verifier, client, VERIFY_TOTP);
		}
	}
	enrolment_clear(&enrolment);
}

static void add_hex(struct json_object *object, const char *key, const uint8_t *bytes, size_t size)
{
	char text[2 * VERIFY_BLOB_MAX + 1];

	hex_write(bytes, size, text);
	if (key)
		(void)json_object_object_add(object, key, json_object_new_string(text));
	else
		(void)json_object_array_add(object, json_object_new_string(text));
}

static void run_key(
	struct verifier *verifier, struct client *client, const struct verify_request *request)
{
	struct json_object *line, *credentials;
	struct enrolment enrolment;

	(void)request; /* says nothing more */
	if (!may_verify(verifier, client, VERIFY_SECURITY_KEY) || !may_try(verifier, client) ||
		!read_enrolled(verifier, client, VERIFY_SECURITY_KEY, &enrolment))
		return;
	if (RAND_bytes(client->challenge, sizeof(client->challenge)) != 1) {
		client_end(client, -EIO, "no random numbers");
		return;
	}
	client->has_challenge = true;
	line = json_object_new_object();
	credentials = json_object_new_array();
	add_hex(line, "challenge", client->challenge, sizeof(client->challenge));
	for (unsigned int i = 0; i < enrolment.key_count; i++)
		add_hex(credentials, NULL, enrolment.keys[i].credential,
			enrolment.keys[i].credential_size);
	(void)json_object_object_add(line, "credentials", credentials); /* no memory: none fits */
	client_line(client, line);
	enrolment_clear(&enrolment);
	client_end(client, 0, "%s", "");
}

static struct enrolment_key *key_find(
	struct enrolment *enrolment, const struct verify_blob *credential)
{
	for (unsigned int i = 0; i < enrolment->key_count; i++)
		if (enrolment->keys[i].credential_size == credential->size &&
			!memcmp(enrolment->keys[i].credential, credential->bytes, credential->size))
			return &enrolment->keys[i];
	return NULL;
}

static int key_check(
	struct client *client, const struct verify_request *request, struct enrolment_key *key)
{
	const struct assertion assertion = {
		.origin = VERIFY_KEY_ORIGIN,
		.challenge = client->challenge,
		.flags = key->flags,
		.data = request->blobs[VERIFY_DATA].bytes,
		.data_size = request->blobs[VERIFY_DATA].size,
		.signature = request->blobs[VERIFY_SIGNATURE].bytes,
		.signature_size = request->blobs[VERIFY_SIGNATURE].size,
		.key = key->public_key,
		.counter = key->counter,
	};

	return assertion_check(&assertion, &key->counter);
}

static void run_key_proof(
	struct verifier *verifier, struct client *client, const struct verify_request *request)
{
	bool has_challenge = client->has_challenge;
	struct enrolment enrolment;
	struct enrolment_key *key;
	int r;

	client->has_challenge = false; /* for one answer */
	if (!has_challenge) {
		client_end(client, -EINVAL, "no challenge was asked for");
		return;
	}
	if (!may_verify(verifier, client, VERIFY_SECURITY_KEY) || !may_try(verifier, client) ||
		!read_enrolled(verifier, client, VERIFY_SECURITY_KEY, &enrolment))
		return;
	key = key_find(&enrolment, &request->blobs[VERIFY_CREDENTIAL]);
	r = key ? key_check(client, request, key) : -EACCES;
	if (r == 0) {
		r = enrolment_write(verifier->state_fd, client->uid, &enrolment);
		if (r < 0) { /* else a copy of the key would not be noticed */
			client_end(client, r, "cannot note the key's counter: %s", strerror(-r));
			return;
		}
		book_right(verifier, client->uid);
		prove(verifier, client, VERIFY_SECURITY_KEY);
	} else if (r == -EALREADY) {
		refuse(verifier, client, VERIFY_SECURITY_KEY,
			"the key's counter went back: there may be a copy of it");
	} else {
		refuse(verifier, client, VERIFY_SECURITY_KEY, "the key's answer does not fit");
	}
}

static void run_show(
	struct verifier *verifier, struct client *client, const struct verify_request *request)
{
	struct json_object *line = json_object_new_object();
	struct enrolment enrolment;
	int r = enrolment_read(verifier->state_fd, client->uid, &enrolment);

	(void)request; /* says nothing more */
	(void)json_object_object_add(line, "totp",
		json_object_new_boolean(
			r == 0 && enrolment.has_totp)); /* no memory: less is said */
	(void)json_object_object_add(
		line, "security-keys", json_object_new_int(r == 0 ? (int)enrolment.key_count : 0));
	(void)json_object_object_add(
		line, "wait", json_object_new_int64(book_wait_s(verifier, client->uid)));
	(void)json_object_object_add(line, "locked",
		json_object_new_boolean(
			sessions_is_locked(&verifier->logind.sessions, client->uid)));
	(void)json_object_object_add(
		line, "methods", json_object_new_int(verifier->config.methods));
	client_line(client, line);
	enrolment_clear(&enrolment);
	client_end(client, 0, "%s", "");
}

static void run_end(
	struct verifier *verifier, struct client *client, const struct verify_request *request)
{
	(void)request; /* says nothing more */
	engine_ended(verifier, client->uid, VERIFY_CAUSE_ASKED);
	client_end(client, 0, "you are no longer verified");
}

static verb_function *const verbs[] = {
	[VERIFY_ASK_SHOW] = run_show,
	[VERIFY_ASK_PASSWORD] = run_password,
	[VERIFY_ASK_TOTP] = run_totp,
	[VERIFY_ASK_KEY] = run_key,
	[VERIFY_ASK_KEY_PROOF] = run_key_proof,
	[VERIFY_ASK_PAGE] = run_page,
	[VERIFY_ASK_ENROL_TOTP] = run_enrol,
	[VERIFY_ASK_CONFIRM_TOTP] = enrol_totp_confirm,
	[VERIFY_ASK_ENROL_KEY] = run_enrol,
	[VERIFY_ASK_CONFIRM_KEY] = enrol_key_confirm,
	[VERIFY_ASK_FORGET] = enrol_forget,
	[VERIFY_ASK_END] = run_end,
};

void verb_run(struct verifier *verifier, struct client *client, struct verify_request *request)
{
	client->verb = request->verb;
	verbs[request->verb](verifier, client, request);
}

void verb_on_taken(
	struct verifier *verifier, struct client *client, const struct verify_taken *taken)
{
	char until[CLOCK_TEXT_SIZE];

	if (taken->error < 0) {
		client_end(client, taken->error, "the agent does not take it: %s",
			strerror(-taken->error));
		return;
	}
	if (taken->until_ns > verifier->proven_until_ns)
		verifier->proven_until_ns = taken->until_ns;
	if (taken->until_ns == UINT64_MAX) {
		client_end(client, 0, "verified; you are never asked");
		return;
	}
	clock_format(clock_day_ms_of_boot(taken->until_ns), until);
	client_end(client, 0, "verified until %s", until);
}
