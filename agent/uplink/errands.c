/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request at a time, by what is needed most: a certificate, word of how we stand, a newer
 * certificate, delivery.
 */
#include <errno.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/uplink/keyring_client.h"
#include "agent/uplink/uplink.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/lease.h"
#include "common/log.h"

#define PENDING_NS     (10 * CLOCK_SECOND_NS)  /* until asked again */
#define REFUSED_NS     (300 * CLOCK_SECOND_NS) /* likewise, and until an enrolment is tried again */
#define HEARTBEAT_NS   (600 * CLOCK_SECOND_NS)
#define RENEW_LEFT     (30 * 86400) /* seconds that a certificate has left when it is renewed */
#define RENEW_AGAIN_NS (3600 * CLOCK_SECOND_NS)
#define DESCRIBE_NS    (5 * CLOCK_SECOND_NS) /* how often it is looked whether this machine changed */
#define KEY_LOOK_NS    (300 * CLOCK_SECOND_NS) /* how often the key is looked at */
#define KEY_AGAIN_NS   (10 * CLOCK_SECOND_NS)  /* likewise, while it can't be used */

#define EST_ENROL    "/.well-known/est/simpleenroll"
#define EST_RENEW    "/.well-known/est/simplereenroll"
#define EST_TYPE     "application/pkcs10"
#define DEVICE_PATH  "/v1/device"
#define EVENTS_PATH  "/v1/events"
#define LEASE_PATH   "/v1/lease"
#define KEYS_PATH    "/v1/keys"
#define RECEIPT_PATH "/v1/receipt"
/* The first event of the batch is the oldest that is still here: what the console lacks before is gone. */
#define EVENTS_AFTER_LOSS "/v1/events?after=loss"

static void say(struct uplink *uplink, const char *code, const char *text)
{
	if (strcmp(uplink->code, code) != 0 || strcmp(uplink->trouble, text) != 0)
		log_warning("'%s': %s%s%s", exchange_console(uplink->exchange), code,
			code[0] ? ": " : "", text);
	(void)snprintf(uplink->code, sizeof(uplink->code), "%s", code);
	(void)snprintf(uplink->trouble, sizeof(uplink->trouble), "%s", text);
}

static void begin(struct uplink *uplink, enum errand errand, const struct exchange_request *request)
{
	int r = exchange_begin(uplink->exchange, request);

	if (r < 0) {
		exchange_settle(uplink->exchange, false, 0);
		say(uplink, "", strerror(-r));
		return;
	}
	uplink->errand = errand;
}

/* Which of the keyring's keys a certificate is asked for. */
static enum keyring_which key_of(const struct uplink *uplink, enum errand errand)
{
	return errand == ERRAND_RENEW || uplink->is_anew ? KEYRING_NEXT : KEYRING_CURRENT;
}

/* A certificate: by token, or by the one in use. */
static void begin_enrol(struct uplink *uplink, enum errand errand)
{
	struct exchange_request request = {
		.path = errand == ERRAND_RENEW ? EST_RENEW : EST_ENROL, .type = EST_TYPE};
	struct certificate_wish wish = {.which = key_of(uplink, errand),
		.common_name = uplink->config.name,
		.like = errand == ERRAND_RENEW ? uplink->identity.chain[0] : NULL};
	char token[CONFIG_TOKEN_SIZE] = "";
	int r = 0;

	if (errand == ERRAND_ENROL) {
		r = config_token(&uplink->config, token);
		if (r < 0) {
			exchange_settle(uplink->exchange, true, REFUSED_NS / 1000000);
			say(uplink, "NO_TOKEN",
				"not enrolled, and no enrolment token to be read: holdfast enrol");
			return;
		}
		request.token = token;
	}
	wish.public_key = wish.which == KEYRING_NEXT ? keyring_renew()
						     : keyring_public(KEYRING_CURRENT);
	r = wish.public_key ? certificate_request(&wish, &uplink->request_body) : -ENOKEY;
	EVP_PKEY_free(wish.public_key);
	if (r < 0) {
		uplink->key_ns = 0;				     /* it is asked what is wrong */
		uplink->renew_ns = clock_boot_ns() + RENEW_AGAIN_NS; /* the one in use stays */
		exchange_settle(uplink->exchange, false, 0);
		say(uplink, "", "no certificate request could be made");
		return;
	}
	request.body = uplink->request_body;
	request.size = strlen(uplink->request_body);
	begin(uplink, errand, &request);
	explicit_bzero(token, sizeof(token)); /* libcurl has copied it */
}

static void begin_ask(struct uplink *uplink)
{
	struct exchange_request request = {.path = DEVICE_PATH};

	if (uplink->description[0]) {
		(void)snprintf(uplink->described, sizeof(uplink->described), "%s",
			uplink->description); /* as large */
		request.type = "application/json";
		request.body = uplink->described;
		request.size = strlen(uplink->described);
	}
	begin(uplink, ERRAND_ASK, &request);
}

static void begin_events(struct uplink *uplink)
{
	struct spool_batch batch = {.bytes = uplink->batch, .size_max = SEGMENT_BATCH_MAX};
	struct exchange_request request = {
		.path = EVENTS_PATH, .type = "application/octet-stream", .body = uplink->batch};
	int r = spool_read(uplink->spool, uplink->ack, &batch);

	if (r <= 0)
		return;
	if (batch.first_sequence > uplink->ack + 1)
		request.path = EVENTS_AFTER_LOSS;
	request.size = batch.size;
	uplink->batch_last = batch.last_sequence;
	begin(uplink, ERRAND_EVENTS, &request);
}

static void begin_lease(struct uplink *uplink)
{
	struct exchange_request request = {.path = LEASE_PATH, .type = "text/plain"};

	uplink->request_body = lease_question(uplink);
	if (!uplink->request_body)
		return;
	request.body = uplink->request_body;
	request.size = strlen(uplink->request_body);
	begin(uplink, ERRAND_LEASE, &request);
}

/* False: there is nothing to ask. */
static bool begin_keys(struct uplink *uplink, uint64_t now)
{
	struct exchange_request request = {.path = KEYS_PATH,
		.type = "application/octet-stream",
		.body = uplink->key_question};

	request.size = keys_question(uplink, now, uplink->key_question);
	if (!request.size)
		return false;
	begin(uplink, ERRAND_KEYS, &request);
	if (uplink->errand != ERRAND_KEYS)
		keys_refused("UNREACHABLE");
	return true;
}

static void begin_receipt(struct uplink *uplink)
{
	struct exchange_request request = {.path = RECEIPT_PATH, .type = "text/plain"};

	uplink->request_body = receipt_body(uplink);
	if (!uplink->request_body) {
		receipt_refused(uplink);
		return;
	}
	request.body = uplink->request_body;
	request.size = strlen(uplink->request_body);
	begin(uplink, ERRAND_RECEIPT, &request);
}

static bool wants_renewal(const struct uplink *uplink, uint64_t now)
{
	/* a receipt is proven by the certificate of the key that it was signed with */
	return !uplink->has_receipt && now >= uplink->renew_ns &&
	       certificate_seconds_left(uplink->identity.chain[0]) < RENEW_LEFT;
}

/* Without its key the device can say nothing; what it was certified as stays. */
static bool has_key(struct uplink *uplink, uint64_t now)
{
	bool had_trouble = uplink->key.trouble[0];

	if (uplink->is_anew) /* with a key that is made for it */
		return true;
	if (uplink->key_ns && now - uplink->key_ns < (had_trouble ? KEY_AGAIN_NS : KEY_LOOK_NS))
		return !had_trouble;
	uplink->key_ns = now;
	keyring_state(&uplink->key);
	if (uplink->key.trouble[0]) {
		say(uplink, "DEVICE_KEY", uplink->key.trouble);
		if (!had_trouble) /* what can't be proven is not shown */
			network_identify(uplink->network, NULL, 0);
	} else if (had_trouble) {
		say(uplink, "", "");
		network_identify(
			uplink->network, uplink->identity.chain, uplink->identity.chain_count);
	}
	return !uplink->key.trouble[0];
}

/* However it ends: by a clock that is ahead, a new certificate has too few days left as well. */
static void begin_renewal(struct uplink *uplink, uint64_t now)
{
	uplink->renew_ns = now + RENEW_AGAIN_NS;
	begin_enrol(uplink, ERRAND_RENEW);
}

void errand_begin(struct uplink *uplink)
{
	uint64_t now = clock_boot_ns();
	struct exchange_request request;

	if (!uplink->exchange || uplink->errand != ERRAND_NONE ||
		!exchange_is_ready(uplink->exchange))
		return;
	if (!has_key(uplink, now)) {
		if (keyless_ask(uplink, now, &request))
			begin(uplink, ERRAND_KEYLESS, &request);
		return;
	}
	if (now - uplink->describe_ns > DESCRIBE_NS) {
		uplink->describe_ns = now;
		if (describe(uplink) && uplink->standing != STANDING_REFUSED)
			uplink->ask_ns = 0; /* it is told at once */
	}
	if (!uplink->identity.chain_count)
		begin_enrol(uplink, ERRAND_ENROL);
	else if (now >= uplink->ask_ns) /* first: it says to which key to seal, too */
		begin_ask(uplink);
	else if (lease_is_due(uplink, now))
		begin_lease(uplink);
	else if (receipt_is_due(uplink, now))
		begin_receipt(uplink);
	else if (uplink->standing == STANDING_TRUSTED && wants_renewal(uplink, now))
		begin_renewal(uplink, now);
	else if (uplink->standing == STANDING_TRUSTED && begin_keys(uplink, now))
		return; /* somebody may wait for them */
	else if (uplink->standing == STANDING_TRUSTED && uplink->spool && uplink->has_ack)
		begin_events(uplink);
}

/* A refusal with a code of the console's: whoever else answers so is no console. */
static void refused(struct uplink *uplink, const char *code, const char *text)
{
	say(uplink, code, text);
	uplink->ask_ns = clock_boot_ns() + REFUSED_NS;
	if (!strcmp(code, "DEVICE_PENDING")) {
		uplink->standing = STANDING_PENDING;
		uplink->ask_ns = clock_boot_ns() + PENDING_NS;
	} else if (!strncmp(code, "DEVICE_", 7) || !strncmp(code, "CERTIFICATE_", 12)) {
		uplink->standing = STANDING_REFUSED;
	}
}

static void enrolled(
	struct uplink *uplink, const struct exchange_answer *answer, enum errand errand)
{
	X509 *certificates[CERTIFICATE_CHAIN_MAX];
	int count = certificate_parse(answer->body, answer->size, certificates), r = count;

	if (count > 0) {
		r = identity_take(uplink->state_fd, &uplink->identity, certificates, (size_t)count,
			key_of(uplink, errand));
		for (int i = 0; i < count; i++)
			X509_free(certificates[i]);
	}
	if (r < 0) {
		exchange_settle(uplink->exchange, false, REFUSED_NS / 1000000);
		say(uplink, "", "the console's answer holds no certificate for this device");
		return;
	}
	uplink->key_ns = 0;
	exchange_settle(uplink->exchange, true, 0);
	network_identify(uplink->network, uplink->identity.chain, uplink->identity.chain_count);
	log_notice(errand == ERRAND_RENEW ? "the certificate is renewed" : "enrolled");
	say(uplink, "", "");
	uplink->is_anew = false;
	uplink->ask_ns = 0;
	(void)lease_hurry(uplink); /* the one there is is for the old key */
}

static enum standing standing_of(const char *word)
{
	if (!strcmp(word, "trusted"))
		return STANDING_TRUSTED;
	return !strcmp(word, "pending") ? STANDING_PENDING : STANDING_REFUSED;
}

static bool set_console_key(struct uplink *uplink, const char *text)
{
	unsigned char key[64];
	int size = EVP_DecodeBlock(key, (const unsigned char *)text, (int)strlen(text));

	/* 32 bytes are 43 letters and one '=', which decodes to a byte too many. */
	if (strlen(text) != 44 || size != HPKE_KEY_SIZE + 1)
		return false;
	if (identity_set_console_key(uplink->state_fd, &uplink->identity, key) < 0)
		return false;
	if (uplink->spool)
		spool_set_console_key(uplink->spool, key);
	return true;
}

/*
 * The console is behind us when it was restored from a backup: it gets again what is still here. When
 * it is ahead, this machine is a copy, or was set back, and what it says now is known there otherwise.
 */
static void take_ack(struct uplink *uplink, uint64_t ack)
{
	uplink->ack = ack;
	uplink->has_ack = true;
	if (ack >= spool_next_sequence(uplink->spool)) {
		say(uplink, "BEHIND",
			"the console has more events of this device than the device: it was set "
			"back, or copied");
		uplink->standing = STANDING_REFUSED;
	} else if (spool_ack(uplink->spool, ack) < 0) {
		log_warning("cannot remove delivered events: %m, trying again");
	}
}

static void asked(struct uplink *uplink, struct json_object *answer)
{
	uint64_t now = clock_boot_ns();

	exchange_settle(uplink->exchange, true, 0);
	uplink->standing = standing_of(json_text(answer, "state"));
	uplink->ask_ns = now + (uplink->standing == STANDING_TRUSTED	      ? HEARTBEAT_NS
				       : uplink->standing == STANDING_PENDING ? PENDING_NS
									      : REFUSED_NS);
	say(uplink, "", "");
	/* A rule approved it just now: its word is another one, and no poll was woken by that. */
	if (uplink->lease.state &&
		(uplink->standing == STANDING_TRUSTED) != (uplink->lease.state == LEASE_TRUSTED))
		(void)lease_hurry(uplink);
	if (uplink->standing != STANDING_TRUSTED)
		return;
	if (!set_console_key(uplink, json_text(answer, "seal_key"))) {
		say(uplink, "", "the console's answer holds no key to seal to");
		return;
	}
	attest(uplink, json_text(answer, "challenge"));
	uplink->is_key_fresh = uplink->is_key_refused;
	setup_spool(uplink);
	if (uplink->spool)
		take_ack(uplink, json_number(answer, "ack"));
}

static void delivered(struct uplink *uplink, struct json_object *answer)
{
	uint64_t ack = json_number(answer, "ack"), before = uplink->ack;

	if (ack < before || ack > uplink->batch_last) {
		exchange_settle(uplink->exchange, false, 0);
		say(uplink, "", "the console acknowledged what was not sent");
		return;
	}
	exchange_settle(uplink->exchange, true, json_number(answer, "retry_ms"));
	uplink->is_key_refused = uplink->is_key_fresh = false;
	uplink->delivered += ack - before;
	take_ack(uplink, ack);
}

/*
 * What is sealed to a key that the console has destroyed is of no use to anybody, and would hold up
 * what comes behind it. The console is asked for its key before anything is given up.
 */
static void refused_key(struct uplink *uplink)
{
	int count;

	if (!uplink->is_key_refused || !uplink->is_key_fresh) {
		uplink->is_key_refused = true;
		uplink->ask_ns = 0;
		return;
	}
	uplink->is_key_refused = uplink->is_key_fresh = false;
	count = spool_drop_foreign(uplink->spool);
	if (count < 0)
		log_warning("cannot give up what the console has no key for: %s, trying again",
			strerror(-count));
	else
		log_warning("%d segments are given up: the console has no key for them any more",
			count);
	exchange_settle(uplink->exchange, count > 0, count > 0 ? 0 : PENDING_NS / 1000000);
}

static void refused_events(struct uplink *uplink, struct json_object *answer, const char *code)
{
	exchange_settle(uplink->exchange, true, 0);
	if (!strcmp(code, "BATCH_GAP")) {
		take_ack(uplink, json_number(answer, "ack"));
		return;
	}
	refused(uplink, code, json_text(answer, "text"));
	if (!strcmp(code, "BATCH_KEY")) {
		refused_key(uplink);
		return;
	}
	/* Once more from where the console stands; and not at once, or it would be for ever. */
	if (!strncmp(code, "BATCH_", 6))
		exchange_settle(uplink->exchange, false, PENDING_NS / 1000000);
}

static void good(struct uplink *uplink, enum errand errand, const struct exchange_answer *answer,
	struct json_object *json)
{
	uplink->contact_ms = clock_day_ms();
	switch (errand) {
	case ERRAND_ENROL:
	case ERRAND_RENEW:
		enrolled(uplink, answer, errand);
		break;
	case ERRAND_ASK:
		asked(uplink, json);
		break;
	case ERRAND_EVENTS:
		delivered(uplink, json);
		break;
	case ERRAND_LEASE:
		lease_take(uplink, answer);
		break;
	case ERRAND_KEYS:
		keys_take(uplink, answer);
		break;
	case ERRAND_RECEIPT:
		exchange_settle(uplink->exchange, true, 0);
		receipt_taken(uplink);
		break;
	case ERRAND_KEYLESS: /* keyless.c */
	case ERRAND_NONE:
		break;
	}
}

static void bad(struct uplink *uplink, enum errand errand, const struct exchange_answer *answer,
	struct json_object *json)
{
	const char *code = json_text(json, "error");
	bool is_passing;

	if (errand == ERRAND_KEYS) { /* nothing else hangs on it */
		bool is_elsewhere = !strcmp(code, "KEYS_ELSEWHERE");

		keys_refused(code[0] ? code : "UNREACHABLE");
		/* the next console, if there is one: it may be the one that has them */
		exchange_settle(
			uplink->exchange, !is_elsewhere || uplink->config.console_count < 2, 0);
		if (!strncmp(code, "DEVICE_", 7) || !strncmp(code, "CERTIFICATE_", 12))
			refused(uplink, code, json_text(json, "text"));
		return;
	}
	is_passing = answer->status >= 500 || answer->status == 429 || !code[0];
	if (is_passing) {
		char text[64];

		(void)snprintf(text, sizeof(text), "HTTP status %ld", answer->status);
		say(uplink, code, json_text(json, "text")[0] ? json_text(json, "text") : text);
		exchange_settle(uplink->exchange, false, answer->retry_ms);
		return;
	}
	if (errand == ERRAND_RECEIPT) {
		exchange_settle(uplink->exchange, true, 0);
		say(uplink, code, json_text(json, "text"));
		receipt_refused(uplink);
		return;
	}
	if (errand == ERRAND_LEASE) { /* how it stands, it is told by the others */
		exchange_settle(uplink->exchange, true, 0);
		lease_refused(uplink, code);
		return;
	}
	if (errand == ERRAND_EVENTS) {
		refused_events(uplink, json, code);
		return;
	}
	exchange_settle(uplink->exchange, errand != ERRAND_ENROL,
		errand == ERRAND_ENROL ? REFUSED_NS / 1000000 : 0);
	refused(uplink, code, json_text(json, "text"));
}

static bool is_no_json(enum errand errand)
{
	return errand == ERRAND_ENROL || errand == ERRAND_RENEW || errand == ERRAND_LEASE ||
	       errand == ERRAND_KEYS;
}

void errand_end(struct uplink *uplink, const struct exchange_answer *answer)
{
	struct json_object *json = NULL;
	enum errand errand = uplink->errand;

	uplink->errand = ERRAND_NONE;
	free(take_ptr(uplink->request_body));
	if (errand == ERRAND_KEYLESS) {
		keyless_told(uplink, answer);
		return;
	}
	if (!answer->status) {
		if (errand == ERRAND_KEYS)
			keys_refused("UNREACHABLE");
		say(uplink, "", answer->error);
		exchange_settle(uplink->exchange, false, 0);
		return;
	}
	if (answer->size && answer->body[0] == '{')
		json = json_tokener_parse(answer->body);
	if (answer->status == 200 && (json || is_no_json(errand)))
		good(uplink, errand, answer, json);
	else
		bad(uplink, errand, answer, json);
	(void)json_object_put(json); /* freed */
}
