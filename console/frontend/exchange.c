/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the store and the authority, and what becomes of their answers. An answer to what
 * nobody waits for any more is dropped; one that does not fit what was asked is a broken peer.
 */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "console/frontend/state.h"
#include "common/uuid.h"

#define MS_NS UINT64_C(1000000)

struct pending *exchange_begin(
	struct frontend *frontend, struct http_request *request, enum pending_stage stage)
{
	struct pending *pending = pending_add(frontend->pending, request);

	if (!pending) {
		answer_refusal(frontend, request, REFUSAL_BUSY, NULL);
		return NULL;
	}
	pending->stage = stage;
	return pending;
}

void exchange_refuse(struct frontend *frontend, struct pending *pending, uint16_t refusal,
	const struct console_device *device)
{
	struct http_request *request = pending->request;

	pending_remove(frontend->pending, pending);
	answer_refusal(frontend, request, refusal, device);
}

void exchange_ask(struct frontend *frontend, struct pending *pending, struct peer *peer)
{
	uint32_t patience_ms = peer == &frontend->store ? frontend->limits.store_ms
							: frontend->limits.authority_ms;

	pending->deadline_ns = clock_steady_ns() + patience_ms * MS_NS;
	if (peer_send(peer) < 0)
		exchange_refuse(frontend, pending, REFUSAL_BUSY, NULL);
}

void exchange_sweep(struct frontend *frontend)
{
	uint64_t now_ns = clock_steady_ns();
	struct pending *late;

	while ((late = pending_late(frontend->pending, now_ns)))
		exchange_refuse(frontend, late, REFUSAL_BUSY, NULL);
}

/* The place that waits for this, or NULL; fatal() when it waits for something else. */
static struct pending *find(
	struct frontend *frontend, const struct peer *peer, uint64_t id, enum pending_stage stage)
{
	struct pending *pending = pending_find(frontend->pending, id);

	if (pending && pending->stage != stage)
		fatal("the %s answers what it was not asked, stopping", peer->name);
	return pending;
}

static void check_whole(const struct peer *peer, const struct bytes_reader *payload)
{
	if (!bytes_is_done(payload))
		fatal("the %s sent a broken message, stopping", peer->name);
}

static void on_changed(struct frontend *frontend, const struct console_device *device)
{
	char uid[UUID_TEXT_SIZE];
	unsigned int count;

	bool is_ending = device->state == DEVICE_SUSPENDED || device->state == DEVICE_REVOKED;

	policy_device_changed(frontend, device->device, is_ending);
	if (!is_ending)
		return; /* its next request finds out */
	count = http_server_close_device(frontend->server, device->device);
	uuid_format(device->device, uid);
	log_notice("device %s is %s: closed %u of its connections", uid,
		device->state == DEVICE_REVOKED ? "revoked" : "suspended", count);
}

static void on_device(struct frontend *frontend, uint16_t type, const struct console_device *device)
{
	static const struct {
		enum pending_stage stage;
		void (*answer)(struct frontend *frontend, struct pending *pending,
			const struct console_device *device);
	} rows[] = {
		[CONSOLE_ENROLLED - CONSOLE_ENROLLED] = {PENDING_ENROL, enrol_admitted},
		[CONSOLE_DEVICE_IS - CONSOLE_ENROLLED] = {PENDING_DEVICE, device_answer},
		[CONSOLE_TAKEN - CONSOLE_ENROLLED] = {PENDING_EVENTS, events_answer},
	};
	unsigned int row = type - CONSOLE_ENROLLED;
	struct pending *pending;

	pending = find(frontend, &frontend->store, device->id, rows[row].stage);
	if (pending)
		rows[row].answer(frontend, pending, device);
}

static void on_done(struct frontend *frontend, const struct console_done *done)
{
	struct pending *pending = pending_find(frontend->pending, done->id);

	if (pending && pending->stage == PENDING_RECEIPT) {
		receipt_answer(frontend, pending, done->refusal);
		return;
	}
	if (pending && pending->stage == PENDING_KEYLESS) {
		keyless_answer(frontend, pending, done->refusal);
		return;
	}
	pending = find(frontend, &frontend->store, done->id, PENDING_CERTIFIED);
	if (!pending)
		return;
	if (done->refusal != REFUSAL_NONE)
		exchange_refuse(frontend, pending, done->refusal, NULL);
	else
		enrol_certified(frontend, pending);
}

static void on_word(struct frontend *frontend, uint16_t type, const struct console_word *word)
{
	struct pending *pending = find(frontend, &frontend->store, word->id,
		type == CONSOLE_LEASE_IS ? PENDING_LEASE : PENDING_KEYS);

	if (pending)
		lease_answer(frontend, pending, word);
}

static void on_checked(struct frontend *frontend, const struct console_checked *checked)
{
	struct pending *pending = find(frontend, &frontend->store, checked->id, PENDING_CHECK);

	if (pending)
		check_answer(frontend, pending, checked);
}

void exchange_take_store(
	struct frontend *frontend, uint16_t type, struct bytes_reader *payload, int fd)
{
	struct console_device device;
	static struct console_word word; /* too large for the stack */
	struct console_policy policy;
	struct console_checked checked;
	struct console_done done;

	if (fd >= 0 && type != CONSOLE_POLICY_IS)
		fatal("the store sent a descriptor, stopping");
	switch (type) {
	case CONSOLE_ENROLLED:
	case CONSOLE_DEVICE_IS:
	case CONSOLE_TAKEN:
		console_get_device(payload, &device);
		check_whole(&frontend->store, payload);
		on_device(frontend, type, &device);
		break;
	case CONSOLE_DONE:
		console_get_done(payload, &done);
		check_whole(&frontend->store, payload);
		on_done(frontend, &done);
		break;
	case CONSOLE_POLICY_IS:
		console_get_policy(payload, &policy);
		check_whole(&frontend->store, payload);
		policy_answer(frontend, &policy, fd);
		break;
	case CONSOLE_LEASE_IS:
	case CONSOLE_KEYS_ARE:
		console_get_word(payload, &word);
		check_whole(&frontend->store, payload);
		on_word(frontend, type, &word);
		break;
	case CONSOLE_CHECKED:
		console_get_checked(payload, &checked);
		check_whole(&frontend->store, payload);
		on_checked(frontend, &checked);
		break;
	case CONSOLE_POLICIES_CHANGED:
		check_whole(&frontend->store, payload);
		policy_changed(frontend);
		break;
	case CONSOLE_CHANGED:
		console_get_device(payload, &device);
		check_whole(&frontend->store, payload);
		on_changed(frontend, &device);
		break;
	default:
		fatal("the store sent a message of type %u, stopping", type);
	}
}

void exchange_take_authority(
	struct frontend *frontend, uint16_t type, struct bytes_reader *payload, int fd)
{
	static struct console_signed answer;
	struct pending *pending;

	if (fd >= 0)
		fatal("the authority sent a descriptor, stopping");
	if (type == CONSOLE_CHAIN && frontend->chain.count == 0) {
		console_get_chain(payload, &frontend->chain);
		check_whole(&frontend->authority, payload);
		return;
	}
	if (type != CONSOLE_SIGNED)
		fatal("the authority sent a message of type %u, stopping", type);
	console_get_signed(payload, &answer);
	check_whole(&frontend->authority, payload);
	pending = find(frontend, &frontend->authority, answer.id, PENDING_SIGN);
	if (pending)
		enrol_signed(frontend, pending, &answer);
}
