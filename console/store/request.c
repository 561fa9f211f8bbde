/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each of the frontend's messages, and whose it is to decide. Nothing is sent from here, and no
 * transaction begun or ended. What can't be understood is a broken peer.
 */
#include "console/store/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "console/store/attestation.h"
#include "console/store/description.h"
#include "console/store/enrolment.h"
#include "console/store/identify.h"
#include "console/store/keyless.h"
#include "console/store/lease.h"
#include "console/store/release.h"
#include "console/store/requirement.h"
#include "console/store/rule.h"
#include "console/store/ticket_check.h"
#include "console/store/wipe.h"

static void check_done(const struct bytes_reader *payload, uint16_t type)
{
	if (!bytes_is_done(payload))
		fatal("broken message %u from the frontend, stopping", type);
}

static int on_enrol(struct service *service, uint16_t type, struct bytes_reader *payload,
	struct request_answer *answer)
{
	static struct console_enrol enrol; /* too large for the stack, as those below */

	console_get_enrol(payload, &enrol);
	check_done(payload, type);
	return type == CONSOLE_ENROL ? enrolment_device(service->writer, &enrol, &answer->device)
				     : enrolment_renew(service->writer, &enrol, &answer->device);
}

static int on_keyless(struct service *service, struct bytes_reader *payload)
{
	struct console_who who;

	console_get_who(payload, &who);
	check_done(payload, CONSOLE_KEYLESS);
	return keyless_note(service->writer, &who);
}

static int on_certified(
	struct service *service, struct bytes_reader *payload, struct request_answer *answer)
{
	static struct console_certified certified;

	console_get_certified(payload, &certified);
	check_done(payload, CONSOLE_CERTIFIED);
	return enrolment_certified(service->writer, &certified, &answer->device.refusal);
}

static int on_device(
	struct service *service, struct bytes_reader *payload, struct request_answer *answer)
{
	static struct identity identity;
	struct console_who who;
	uint16_t refusal;
	int r;

	console_get_who(payload, &who);
	check_done(payload, CONSOLE_DEVICE);
	r = identify(service->writer, who.certificate, who.address, &identity, &refusal);
	if (r < 0)
		return r;
	identify_answer(&identity.device, who.id, &answer->device);
	answer->device.refusal = refusal;
	return attestation_challenge(
		service->writer, identity.device.uid, 0, answer->device.challenge);
}

static int on_describe(
	struct service *service, struct bytes_reader *payload, struct request_answer *answer)
{
	static struct identity identity;
	static struct device_record record;
	struct description description;
	struct console_who who;
	uint16_t refusal;
	int r;

	console_get_who(payload, &who);
	if (payload->is_bad || payload->left > CONSOLE_DESCRIPTION_MAX)
		fatal("broken message %u from the frontend, stopping", CONSOLE_DESCRIBE);
	description = (struct description){&who, (const char *)payload->at, payload->left};
	r = identify(service->writer, who.certificate, who.address, &identity, &refusal);
	if (r == 0 && (refusal == REFUSAL_NONE || refusal == REFUSAL_DEVICE_PENDING))
		r = description_take(service->writer, &identity.device, &description, &record,
			&answer->is_changed);
	if (r == 0 && refusal == REFUSAL_DEVICE_PENDING)
		r = rule_approve(service->writer,
			&(const struct rule_subject){&identity.device, who.address, &record});
	if (r < 0)
		return r;
	if (r > 0) {
		identity.device.state = DEVICE_TRUSTED;
		refusal = REFUSAL_NONE;
	}
	identify_answer(&identity.device, who.id, &answer->device);
	answer->device.refusal = refusal;
	return attestation_challenge(
		service->writer, identity.device.uid, 0, answer->device.challenge);
}

static int on_events(
	struct service *service, struct bytes_reader *payload, struct request_answer *answer)
{
	struct console_who who;

	console_get_who(payload, &who);
	if (payload->is_bad || payload->left > CONSOLE_BATCH_MAX)
		fatal("broken message %u from the frontend, stopping", CONSOLE_EVENTS);
	return ingest_batch(service->ingest, service->writer, &who, payload->at, payload->left,
		&answer->device);
}

static int on_lease(
	struct service *service, struct bytes_reader *payload, struct request_answer *answer)
{
	struct console_who who;

	console_get_who(payload, &who);
	if (payload->is_bad || payload->left > CONSOLE_WORD_MAX)
		fatal("broken message %u from the frontend, stopping", CONSOLE_LEASE);
	return lease_decide(service->writer, &who, payload->at, payload->left, &answer->wish,
		&answer->device.refusal);
}

static int on_keys(
	struct service *service, struct bytes_reader *payload, struct request_answer *answer)
{
	static struct console_release release;
	struct console_who who;
	int r;

	console_get_who(payload, &who);
	if (payload->is_bad || payload->left > CONSOLE_WORD_MAX)
		fatal("broken message %u from the frontend, stopping", CONSOLE_KEYS);
	r = release_decide(service->writer, &who, payload->at, payload->left, &release,
		&answer->device.refusal);
	if (r < 0 || answer->device.refusal != REFUSAL_NONE)
		return r;
	answer->release = malloc(sizeof(release));
	if (!answer->release)
		return -ENOMEM;
	*answer->release = release;
	return 0;
}

/*
 * Who is not trusted may wait for word of that, and gets nothing else; who is revoked has nothing to
 * wait for once it knows.
 */
static uint16_t refusal_of_poll(
	uint16_t refusal, const struct console_poll *poll, const struct store_device *device)
{
	if (poll->word &&
		(refusal == REFUSAL_DEVICE_PENDING || refusal == REFUSAL_DEVICE_SUSPENDED))
		return REFUSAL_NONE;
	if (poll->word && refusal == REFUSAL_DEVICE_REVOKED && poll->word != device->word)
		return REFUSAL_NONE;
	return refusal;
}

static int on_policy(
	struct service *service, struct bytes_reader *payload, struct request_answer *answer)
{
	static struct identity identity;
	char unmet[DEVICE_RECORD_TEXT];
	struct console_poll poll;
	uint16_t refusal;
	int r;

	console_get_poll(payload, &poll);
	check_done(payload, CONSOLE_POLICY);
	answer->version = 0;
	r = identify(service->writer, poll.certificate, poll.address, &identity, &refusal);
	if (r == 0 && refusal == REFUSAL_NONE && poll.word)
		r = requirement_look(service->writer, &identity.device, unmet, &answer->is_changed);
	if (r < 0)
		return r;
	answer->is_changed = false; /* it is being told */
	identify_answer(&identity.device, poll.id, &answer->device);
	answer->word = identity.device.word;
	answer->device.refusal = refusal_of_poll(refusal, &poll, &identity.device);
	if (refusal != REFUSAL_NONE)
		return 0;
	r = distribution_find(service->writer, identity.device.id, identity.device.uid, poll.have,
		&answer->version);
	if (r < 0 || !answer->version)
		return r;
	return store_receipt_sent(
		service->writer, identity.device.id, answer->version, (int64_t)clock_day_ms());
}

static int on_check(
	struct service *service, struct bytes_reader *payload, struct request_answer *answer)
{
	struct console_check check;
	int r;

	console_get_check(payload, &check);
	if (payload->is_bad)
		fatal("broken message %u from the frontend, stopping", CONSOLE_CHECK);
	r = ticket_check(service->writer, &check, (const char *)payload->at, payload->left,
		&answer->checked);
	answer->device.refusal = answer->checked.refusal;
	explicit_bzero(check.token, sizeof(check.token));
	return r;
}

static int on_receipt(
	struct service *service, struct bytes_reader *payload, struct request_answer *answer)
{
	struct store_device device;
	struct console_who who;
	uint16_t refusal;
	int r;

	console_get_who(payload, &who);
	if (payload->is_bad || payload->left > CONSOLE_WIPE_RECEIPT_MAX)
		fatal("broken message %u from the frontend, stopping", CONSOLE_RECEIPT);
	r = wipe_receipt_take(service->writer, &who, payload->at, payload->left, &device,
		&answer->is_changed, &refusal);
	if (r < 0)
		return r;
	identify_answer(&device, who.id, &answer->device);
	answer->device.refusal = refusal;
	return 0;
}

int request_take(struct service *service, uint16_t type, struct bytes_reader *payload,
	struct request_answer *answer)
{
	switch (type) {
	case CONSOLE_ENROL:
	case CONSOLE_RENEW:
		return on_enrol(service, type, payload, answer);
	case CONSOLE_CERTIFIED:
		return on_certified(service, payload, answer);
	case CONSOLE_KEYLESS:
		return on_keyless(service, payload);
	case CONSOLE_DEVICE:
		return on_device(service, payload, answer);
	case CONSOLE_DESCRIBE:
		return on_describe(service, payload, answer);
	case CONSOLE_EVENTS:
		return on_events(service, payload, answer);
	case CONSOLE_POLICY:
		return on_policy(service, payload, answer);
	case CONSOLE_CHECK:
		return on_check(service, payload, answer);
	case CONSOLE_LEASE:
		return on_lease(service, payload, answer);
	case CONSOLE_RECEIPT:
		return on_receipt(service, payload, answer);
	case CONSOLE_KEYS:
		return on_keys(service, payload, answer);
	default:
		fatal("unknown message %u from the frontend, stopping", type);
	}
}

void request_answer_begin(
	uint16_t type, const struct bytes_reader *payload, struct request_answer *ret_answer)
{
	struct bytes_reader peek = *payload;

	ret_answer->type = type == CONSOLE_CERTIFIED || type == CONSOLE_RECEIPT ||
					   type == CONSOLE_KEYLESS
				   ? CONSOLE_DONE
			   : type == CONSOLE_DEVICE || type == CONSOLE_DESCRIBE ? CONSOLE_DEVICE_IS
			   : type == CONSOLE_EVENTS				? CONSOLE_TAKEN
			   : type == CONSOLE_POLICY				? CONSOLE_POLICY_IS
			   : type == CONSOLE_LEASE				? CONSOLE_LEASE_IS
			   : type == CONSOLE_KEYS				? CONSOLE_KEYS_ARE
			   : type == CONSOLE_CHECK				? CONSOLE_CHECKED
										: CONSOLE_ENROLLED;
	ret_answer->is_changed = false;
	ret_answer->device = (struct console_device){.id = bytes_get_u64(&peek)};
	ret_answer->release = NULL;
	ret_answer->checked = (struct console_checked){0};
}
