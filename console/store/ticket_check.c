/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the questions: first what proves anything at all, last what changes the store. */
#include "console/store/ticket_check.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/ticket.h"
#include "common/uuid.h"
#include "console/store/enrolment.h"

#define FINDINGS_A_MINUTE 30 /* what strangers can make: of the rest the answer is all */

static const char *const kinds[TICKET_VERDICT_MAX] = {
	[TICKET_UNKNOWN_DEVICE] = "ticket-unknown-device",
	[TICKET_FORGED] = "ticket-forged",
	[TICKET_DEVICE_STATE] = "ticket-device-state",
	[TICKET_EXPIRED] = "ticket-expired",
	[TICKET_EARLY] = "ticket-early",
	[TICKET_AUDIENCE] = "ticket-audience",
	[TICKET_TENANT] = "ticket-tenant",
	[TICKET_NONCE] = "ticket-nonce",
	[TICKET_REPLAYED] = "ticket-replayed",
	[TICKET_STALE] = "ticket-stale",
	[TICKET_CONTRADICTS] = "ticket-contradicts",
	[TICKET_UNFIT] = "ticket-unfit",
};

struct checking {
	struct store *store;
	const struct console_check *check;
	const struct store_token *token;
	const char *ticket;
	struct ticket_parts parts;
	struct store_device device; /* id 0: not known */
	char why[TICKET_WHY_SIZE];  /* of what its posture is wrong */
	int64_t now_ms;
};

/* Whose certificate it is: by the very bytes that we issued, so that no chain has to be believed. */
static int find_device(struct checking *checking, enum ticket_verdict *ret_verdict)
{
	static struct store_certificate certificate; /* too large for the stack */
	uint8_t fingerprint[CONSOLE_HASH_SIZE];
	unsigned int length = sizeof(fingerprint);
	int r;

	*ret_verdict = TICKET_UNKNOWN_DEVICE;
	if (EVP_Digest(checking->parts.certificate, checking->parts.certificate_size, fingerprint,
		    &length, EVP_sha256(), NULL) != 1)
		return -EIO;
	r = store_certificate_find(checking->store, fingerprint, &certificate);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = store_device_by_id(checking->store, certificate.device, &checking->device);
	if (r < 0)
		return r == -ENOENT ? -EBADMSG : r;
	if (certificate.is_replaced || certificate.not_after_ms < checking->now_ms)
		return 0;
	*ret_verdict = TICKET_GOOD;
	return 0;
}

/* It speaks for itself alone. */
static bool is_about(const struct ticket_parts *parts, const struct store_device *device)
{
	char uid[UUID_TEXT_SIZE], issuer[UUID_TEXT_SIZE + 16];

	uuid_format(device->uid, uid);
	(void)snprintf(issuer, sizeof(issuer), "urn:uuid:%s", uid);
	return !strcmp(parts->device, uid) && !strcmp(parts->issuer, issuer);
}

static enum ticket_verdict judge_time(const struct checking *checking)
{
	const struct ticket_parts *parts = &checking->parts;
	int64_t now_s = checking->now_ms / 1000;

	if (parts->expires_s + TICKET_LEEWAY_S < now_s)
		return TICKET_EXPIRED;
	if (parts->not_before_s - TICKET_LEEWAY_S > now_s ||
		parts->issued_s - TICKET_LEEWAY_S > now_s)
		return TICKET_EARLY;
	return parts->expires_s - parts->issued_s > TICKET_LIFE_MAX_S ? TICKET_FORGED : TICKET_GOOD;
}

static enum ticket_verdict judge_claims(const struct checking *checking)
{
	const struct ticket_parts *parts = &checking->parts;
	enum ticket_verdict verdict = judge_time(checking);

	if (verdict != TICKET_GOOD)
		return verdict;
	if (strcmp(parts->audience, checking->token->audience) != 0)
		return TICKET_AUDIENCE;
	if (checking->token->tenant[0] && strcmp(parts->tenant, checking->token->tenant) != 0)
		return TICKET_TENANT;
	if (checking->check->nonce[0] && strcmp(parts->nonce, checking->check->nonce) != 0)
		return TICKET_NONCE;
	return TICKET_GOOD;
}

static int judge(struct checking *checking, enum ticket_verdict *ret_verdict)
{
	int r;

	r = find_device(checking, ret_verdict);
	if (r < 0 || *ret_verdict != TICKET_GOOD)
		return r;
	if (!ticket_is_signed(checking->ticket, &checking->parts) ||
		!is_about(&checking->parts, &checking->device)) {
		*ret_verdict = TICKET_FORGED;
		return 0;
	}
	if (checking->device.state != DEVICE_TRUSTED) {
		*ret_verdict = TICKET_DEVICE_STATE;
		return 0;
	}
	*ret_verdict = judge_claims(checking);
	if (*ret_verdict != TICKET_GOOD)
		return 0;
	r = ticket_posture_judge(
		checking->store, &checking->device, &checking->parts, ret_verdict, checking->why);
	if (r < 0 || *ret_verdict != TICKET_GOOD)
		return r;
	r = store_ticket_show(checking->store, checking->device.id, checking->parts.id,
		(checking->parts.expires_s + TICKET_LEEWAY_S) * 1000, checking->now_ms);
	if (r != -EEXIST)
		return r;
	*ret_verdict = TICKET_REPLAYED;
	return 0;
}

/* A number of the ticket's own, so that the same misuse of the same ticket is one finding. */
static uint64_t number_of(const struct ticket_parts *parts)
{
	uint8_t hash[CONSOLE_HASH_SIZE];
	unsigned int length = sizeof(hash);
	uint64_t number = 0;

	if (EVP_Digest(parts->signature, sizeof(parts->signature), hash, &length, EVP_sha256(),
		    NULL) == 1)
		memcpy(&number, hash, sizeof(number));
	return number >> 11; /* exact in JSON */
}

static int note(struct checking *checking, enum ticket_verdict verdict)
{
	static struct log_limit limit = {.burst = FINDINGS_A_MINUTE};
	const struct ticket_parts *parts = &checking->parts;
	struct store_finding finding = {.device = checking->device.id, .time_ms = checking->now_ms};

	if (!kinds[verdict] || !log_allowed(&limit))
		return 0;
	finding.first = finding.last = number_of(parts);
	(void)snprintf(finding.kind, sizeof(finding.kind), "%s", kinds[verdict]);
	(void)snprintf(finding.text, sizeof(finding.text),
		"ticket %s of %.64s, tenant %.64s, for %.72s, shown to %.72s from %s%s%s",
		parts->id, parts->account, parts->tenant, parts->audience,
		checking->token->audience, checking->check->address, checking->why[0] ? ": " : "",
		checking->why); /* cut */
	return store_finding_add(checking->store, &finding);
}

static void answer(const struct checking *checking, struct console_checked *checked)
{
	const struct ticket_parts *parts = &checking->parts;

	checked->state = checking->device.state;
	memcpy(checked->device, checking->device.uid, sizeof(checked->device));
	checked->expires_s = (uint64_t)parts->expires_s;
	memcpy(checked->account, parts->account, sizeof(checked->account));
	memcpy(checked->tenant, parts->tenant, sizeof(checked->tenant));
	memcpy(checked->app, parts->app, sizeof(checked->app));
	memcpy(checked->trust, parts->trust, sizeof(checked->trust));
}

int ticket_check(struct store *store, const struct console_check *check, const char *ticket,
	size_t size, struct console_checked *ret_checked)
{
	static struct checking checking; /* too large for the stack */
	enum ticket_verdict verdict = TICKET_MALFORMED;
	struct store_token token;
	int r;

	*ret_checked = (struct console_checked){.id = check->id};
	r = enrolment_check_token(store, check->token, &token, &ret_checked->refusal);
	if (r < 0 || ret_checked->refusal != REFUSAL_NONE)
		return r;
	memset(&checking, 0, sizeof(checking));
	checking.store = store;
	checking.check = check;
	checking.token = &token;
	checking.ticket = ticket;
	checking.now_ms = (int64_t)clock_day_ms();
	if (ticket_parse(ticket, size, &checking.parts) == 0) {
		r = judge(&checking, &verdict);
		if (r == 0 && verdict != TICKET_GOOD)
			r = note(&checking, verdict);
		if (r < 0)
			return r;
		if (verdict != TICKET_UNKNOWN_DEVICE && verdict != TICKET_FORGED)
			answer(&checking, ret_checked); /* of the rest nothing is true */
	}
	ret_checked->verdict = (uint8_t)verdict;
	return 0;
}
