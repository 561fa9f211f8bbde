/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frontend's requests. All that wait are worked off in one transaction, so that a sync is paid
 * once for many; nobody is answered before it is over. What can't be understood is a broken peer.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "console/store/attestation.h"
#include "console/store/description.h"
#include "console/store/enrolment.h"
#include "console/store/export_server.h"
#include "console/store/identify.h"
#include "console/store/keyless.h"
#include "console/store/lease.h"
#include "console/store/release.h"
#include "console/store/requirement.h"
#include "console/store/rule.h"
#include "console/store/service.h"
#include "console/store/ticket_check.h"
#include "console/store/wipe.h"
#include "console/store/word.h"

struct answer {
	uint16_t
		type; /* CONSOLE_ENROLLED, DONE, DEVICE_IS, TAKEN, POLICY_IS, LEASE_IS, KEYS_ARE, CHECKED */
	struct console_device device;	 /* of any: id and refusal */
	uint64_t version;		 /* POLICY_IS: to be handed out; 0 = none */
	uint64_t word;			 /* POLICY_IS: of the device, where it asked for it */
	struct console_wish wish;	 /* LEASE_IS: for the authority */
	struct console_release *release; /* KEYS_ARE: likewise; own, NULL without */
	struct console_checked checked;	 /* CHECKED */
	bool is_changed;		 /* what is said of the device is another than before */
};

static struct answer answers[SERVICE_GROUP_MAX];
static struct log_limit limit_failure = {.burst = 6};

static void check_done(const struct bytes_reader *payload, uint16_t type)
{
	if (!bytes_is_done(payload))
		fatal("broken message %u from the frontend, stopping", type);
}

static int on_enrol(
	struct service *service, uint16_t type, struct bytes_reader *payload, struct answer *answer)
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
	struct service *service, struct bytes_reader *payload, struct answer *answer)
{
	static struct console_certified certified;

	console_get_certified(payload, &certified);
	check_done(payload, CONSOLE_CERTIFIED);
	return enrolment_certified(service->writer, &certified, &answer->device.refusal);
}

static int on_device(struct service *service, struct bytes_reader *payload, struct answer *answer)
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

static int on_describe(struct service *service, struct bytes_reader *payload, struct answer *answer)
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

static int on_events(struct service *service, struct bytes_reader *payload, struct answer *answer)
{
	struct console_who who;

	console_get_who(payload, &who);
	if (payload->is_bad || payload->left > CONSOLE_BATCH_MAX)
		fatal("broken message %u from the frontend, stopping", CONSOLE_EVENTS);
	return ingest_batch(service->ingest, service->writer, &who, payload->at, payload->left,
		&answer->device);
}

static int on_lease(struct service *service, struct bytes_reader *payload, struct answer *answer)
{
	struct console_who who;

	console_get_who(payload, &who);
	if (payload->is_bad || payload->left > CONSOLE_WORD_MAX)
		fatal("broken message %u from the frontend, stopping", CONSOLE_LEASE);
	return lease_decide(service->writer, &who, payload->at, payload->left, &answer->wish,
		&answer->device.refusal);
}

static int on_keys(struct service *service, struct bytes_reader *payload, struct answer *answer)
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

static int on_policy(struct service *service, struct bytes_reader *payload, struct answer *answer)
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

static int on_check(struct service *service, struct bytes_reader *payload, struct answer *answer)
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

static int on_receipt(struct service *service, struct bytes_reader *payload, struct answer *answer)
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

static int dispatch(
	struct service *service, uint16_t type, struct bytes_reader *payload, struct answer *answer)
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

/* Whose question it is, so that it can be answered even if it can't be asked. */
static void begin_answer(
	uint16_t type, const struct bytes_reader *payload, struct answer *ret_answer)
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

static void put_policy(struct service *service, const struct answer *answer,
	struct bytes_writer *frame, int *ret_fd)
{
	static uint8_t buffer[64];
	struct console_policy policy = {.id = answer->device.id,
		.refusal = answer->device.refusal,
		.word = answer->device.refusal == REFUSAL_NONE ? answer->word : 0};
	int r = 0;

	if (policy.refusal == REFUSAL_NONE && answer->version) {
		r = distribution_file(
			&service->bundles, service->reader, answer->version, ret_fd, &policy.size);
		policy.version = r == 0 ? answer->version : 0;
		policy.refusal = r == 0 ? REFUSAL_NONE : REFUSAL_INTERNAL;
	}
	if (r < 0)
		failure_note(&service->failures, CONSOLE_FAILURE_POLICY, "version %llu: %s",
			(unsigned long long)answer->version, strerror(-r));
	if (r < 0 && log_allowed(&limit_failure))
		log_error("cannot hand out the policy of version %llu: %s, refusing it",
			(unsigned long long)answer->version, strerror(-r));
	wire_begin(frame, buffer, sizeof(buffer), CONSOLE_POLICY_IS);
	console_put_policy(frame, &policy);
}

/* Who waits for word of this device is to ask anew. */
static void tell_changed(struct service *service, const struct console_device *device)
{
	struct console_device told = *device;
	static uint8_t buffer[1024];
	struct bytes_writer frame;
	int r;

	told.id = 0;
	told.refusal = REFUSAL_NONE;
	wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_CHANGED);
	console_put_device(&frame, &told);
	r = channel_send(&service->frontend, &frame, -1);
	if (r < 0)
		fatal("cannot tell the frontend of a device: %s, stopping", strerror(-r));
}

static void send_answer(struct service *service, struct answer *answer)
{
	static uint8_t buffer[2048];
	struct bytes_writer frame;
	int fd = -1, r;

	failure_note(&service->failures, failure_of_refusal(answer->device.refusal), "%s",
		refusal_row(answer->device.refusal)->text);
	if (answer->type == CONSOLE_LEASE_IS) {
		if (answer->device.refusal == REFUSAL_NONE)
			word_ask(service, &answer->wish);
		else
			word_refuse(service, CONSOLE_LEASE_IS, answer->device.id,
				answer->device.refusal);
		return;
	}
	if (answer->type == CONSOLE_KEYS_ARE) {
		if (answer->device.refusal == REFUSAL_NONE)
			word_ask_release(service, answer->release);
		else
			word_refuse(service, CONSOLE_KEYS_ARE, answer->device.id,
				answer->device.refusal);
		free(take_ptr(answer->release));
		return;
	}
	if (answer->type == CONSOLE_POLICY_IS) {
		put_policy(service, answer, &frame, &fd);
	} else if (answer->type == CONSOLE_CHECKED) {
		answer->checked.id = answer->device.id; /* also when the store failed */
		answer->checked.refusal = answer->device.refusal;
		wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_CHECKED);
		console_put_checked(&frame, &answer->checked);
	} else if (answer->type == CONSOLE_DONE) {
		struct console_done done = {answer->device.id, answer->device.refusal};

		wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_DONE);
		console_put_done(&frame, &done);
	} else {
		memcpy(answer->device.seal_key, ingest_public_key(service->ingest),
			sizeof(answer->device.seal_key));
		wire_begin(&frame, buffer, sizeof(buffer), answer->type);
		console_put_device(&frame, &answer->device);
	}
	r = channel_send(&service->frontend, &frame, fd);
	if (r < 0)
		fatal("cannot answer the frontend: %s, stopping", strerror(-r));
	if (answer->is_changed &&
		(answer->type == CONSOLE_DEVICE_IS || answer->type == CONSOLE_DONE))
		tell_changed(service, &answer->device);
}

/* The store failed: none of the group is in it, whatever was said of each. */
static void fail_group(struct service *service, unsigned int count, int r)
{
	uint16_t refusal = r == -ENOSPC			       ? REFUSAL_STORE_FULL
			   : r == -EBUSY || r == -EHOSTUNREACH ? REFUSAL_BUSY
							       : REFUSAL_INTERNAL;

	store_rollback(service->writer);
	if (!service->trouble)
		service->trouble_ms = (int64_t)clock_day_ms();
	service->trouble = r;
	failure_note(
		&service->failures, failure_of_error(r), "%u requests: %s", count, store_error(r));
	if (log_allowed(&limit_failure))
		log_error("cannot store what %u requests brought: %s, refusing them; devices will "
			  "send again",
			count, store_error(r));
	for (unsigned int i = 0; i < count; i++) {
		answers[i].device = (struct console_device){
			.id = answers[i].device.id, .refusal = refusal};
		answers[i].is_changed = false;
	}
}

/* One request, if one waits. 1, 0 when there is none, negative errno of the store. */
static int take_one(struct service *service, struct answer *answer)
{
	static uint8_t packet[WIRE_FRAME_MAX];
	struct bytes_reader payload;
	auto_close int fd = -EBADF;
	uint16_t type;
	int size, r;

	size = channel_receive(&service->frontend, packet, sizeof(packet), &fd);
	if (size == -EAGAIN)
		return 0;
	if (size <= 0)
		fatal("the frontend is gone, stopping");
	r = wire_open(packet, (size_t)size, &type, &payload);
	if (r < 0)
		fatal("broken frame from the frontend: %s, stopping", strerror(-r));
	begin_answer(type, &payload, answer);
	r = store_is_writing(service->writer) ? 0 : store_begin(service->writer);
	if (r < 0)
		return r;
	r = dispatch(service, type, &payload, answer);
	return r < 0 ? r : 1;
}

static void take_group(struct service *service)
{
	unsigned int count = 0;
	int r = 1;

	while (count < SERVICE_GROUP_MAX && r > 0) {
		r = take_one(service, &answers[count]);
		if (r != 0)
			count++;
	}
	if (r >= 0 && store_is_writing(service->writer)) {
		r = export_server_write(service);
		if (r == 0)
			r = store_commit(service->writer);
		export_server_written(service, r == 0);
	}
	if (r < 0)
		fail_group(service, count, r);
	else if (count)
		service->trouble = 0;
	for (unsigned int i = 0; i < count; i++)
		send_answer(
			service, &answers[i]); /* the frontend says what is refused, and to whom */
}

void peer_on_poll(struct service *service, short events)
{
	if ((events & POLLOUT) && channel_flush(&service->frontend) < 0)
		fatal("the frontend is gone: %m, stopping");
	if (events & (POLLIN | POLLHUP | POLLERR))
		take_group(service);
}

void peer_tell_changed(struct service *service, const struct store_device *device)
{
	struct answer answer = {.type = CONSOLE_CHANGED};

	identify_answer(device, 0, &answer.device);
	send_answer(service, &answer);
}

void peer_tell_policies(struct service *service)
{
	uint8_t buffer[WIRE_HEADER_SIZE];
	struct bytes_writer frame;
	int r;

	wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_POLICIES_CHANGED);
	r = channel_send(&service->frontend, &frame, -1);
	if (r < 0)
		fatal("cannot tell the frontend of policies: %s, stopping", strerror(-r));
}

bool peer_hear_others(struct service *service)
{
	int64_t devices[STORE_NOTICES_MAX];
	struct store_device device;
	bool is_policies = false, is_keys = false;
	int count;

	do { /* when it can't be looked now, nothing is missed: the place is kept */
		count = store_notices(service->writer, devices);
		for (int i = 0; i < count; i++)
			if (devices[i] == STORE_NOTICE_SEAL_KEYS)
				is_keys = true;
			else if (devices[i] == 0)
				is_policies = true;
			else if (store_device_by_id(service->reader, devices[i], &device) == 0)
				peer_tell_changed(service, &device);
	} while (count == STORE_NOTICES_MAX);
	if (is_policies)
		peer_tell_policies(service);
	return is_policies || is_keys; /* of one that was missed, it is not known which it was */
}
