/* SPDX-License-Identifier: Apache-2.0 */
/* What engine and holdfast-verify say to each other, on the engine's side. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/verify.h"
#include "agent/engine/verify_private.h"
#include "common/clock.h"

#define FRAME_SIZE   2048
#define UNWATCHED_NS (30 * CLOCK_SECOND_NS)

/* Who had verified has no longer: nobody would see that their session is locked. */
static void detach(struct engine *engine, const char *why)
{
	struct verify *verify = engine->verify;

	channel_done(&verify->channel);
	verify->channel.fd = -EBADF;
	verify->is_watching = false;
	failure_note(engine, FAILURE_VERIFIER, "%s", why);
	verify_end(engine, VERIFY_EVERYBODY, VERIFY_CAUSE_UNWATCHED);
}

static void send_frame(struct engine *engine, struct bytes_writer *frame)
{
	int r = channel_send(&engine->verify->channel, frame, -1);

	if (r < 0)
		detach(engine, strerror(-r));
}

static void copy(char *to, const char *from)
{
	(void)snprintf(to, VERIFY_TEXT_SIZE, "%s", from ? from : "");
}

void verify_send_config(struct engine *engine)
{
	const struct policy_verification *from = &engine->policy->verification;
	struct verify_config config = {
		.methods = from->methods, .ends = from->ends, .idle_s = from->idle_s};
	uint8_t buffer[FRAME_SIZE];
	struct bytes_writer frame;

	if (engine->verify->channel.fd < 0)
		return;
	copy(config.page_issuer, from->page_issuer);
	copy(config.page_client, from->page_client);
	copy(config.page_claim, from->page_claim ? from->page_claim : "preferred_username");
	copy(config.page_domain, from->page_domain);
	copy(config.page_ca, from->page_ca);
	wire_begin(&frame, buffer, sizeof(buffer), VERIFY_CONFIG);
	verify_put_config(&frame, &config);
	send_frame(engine, &frame);
}

void verify_attach(struct engine *engine, int fd)
{
	struct verify *verify = engine->verify;

	if (verify->channel.fd >= 0)
		detach(engine, "another one was started");
	channel_init(&verify->channel, fd, 0);
	verify->unwatched_ns = clock_boot_ns();
	copy(verify->why, "sessions are not followed yet");
	if (engine->policy)
		verify_send_config(engine);
}

static void on_proven(struct engine *engine, const struct verify_proof *proof)
{
	struct verify_taken taken = {.id = proof->id};
	uint8_t buffer[FRAME_SIZE];
	struct bytes_writer frame;

	taken.error = verify_prove(
		engine, proof->uid, (enum verify_method)proof->method, &taken.until_ns);
	wire_begin(&frame, buffer, sizeof(buffer), VERIFY_TAKEN);
	verify_put_taken(&frame, &taken);
	send_frame(engine, &frame);
}

static void on_refused(struct engine *engine, const struct verify_proof *proof)
{
	struct event_note note = {.kind = EVENT_VERIFY_REFUSED,
		.is_failure = true,
		.uid = proof->uid,
		.has_uid = true,
		.status_code = verify_method_name(proof->method)};
	char text[EVENT_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "user %u did not verify by %s: %.200s", proof->uid,
		note.status_code, proof->why);
	note.message = text;
	(void)journal_note(engine, &note); /* counted there */
}

static void on_enrolled(struct engine *engine, const struct verify_enrolment *enrolment)
{
	struct event_note note = {.kind = EVENT_VERIFY_ENROLLED,
		.uid = enrolment->by_uid,
		.has_uid = true,
		.status_code = verify_method_name(enrolment->method)};
	char text[EVENT_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%s of user %u was %s by user %u",
		verify_method_name(enrolment->method), enrolment->uid,
		enrolment->is_removed ? "taken away" : "enrolled", enrolment->by_uid);
	note.message = text;
	(void)journal_note(engine, &note); /* counted there */
}

static void on_watching(struct engine *engine, struct bytes_reader *payload)
{
	struct verify *verify = engine->verify;
	char why[VERIFY_TEXT_SIZE];
	bool is_watching = bytes_get_u8(payload) == 1;

	bytes_get_string(payload, why, sizeof(why));
	if (!bytes_is_done(payload))
		return; /* told by the caller */
	if (verify->is_watching && !is_watching)
		verify_end(engine, VERIFY_EVERYBODY, VERIFY_CAUSE_UNWATCHED);
	if (verify->is_watching && !is_watching)
		verify->unwatched_ns = clock_boot_ns();
	if (is_watching)
		verify->unwatched_ns = 0;
	verify->is_watching = is_watching;
	copy(verify->why, is_watching ? "" : why);
}

static void on_ended(struct engine *engine, struct bytes_reader *payload)
{
	uint32_t uid = bytes_get_u32(payload);
	uint8_t cause = bytes_get_u8(payload);

	if (cause >= VERIFY_CAUSE_MAX)
		payload->is_bad = true;
	if (bytes_is_done(payload))
		verify_end(engine, uid, (enum verify_cause)cause);
}

/* False when it is none that holdfast-verify may send. */
static bool on_message(struct engine *engine, uint16_t type, struct bytes_reader *payload)
{
	struct verify_enrolment enrolment;
	struct verify_proof proof;

	switch (type) {
	case VERIFY_PROVEN:
	case VERIFY_REFUSED:
		verify_get_proof(payload, &proof);
		if (!bytes_is_done(payload))
			return false;
		if (type == VERIFY_PROVEN)
			on_proven(engine, &proof);
		else
			on_refused(engine, &proof);
		return true;
	case VERIFY_ENDED:
		on_ended(engine, payload);
		break;
	case VERIFY_WATCHING:
		on_watching(engine, payload);
		break;
	case VERIFY_ENROLLED:
		verify_get_enrolment(payload, &enrolment);
		if (bytes_is_done(payload))
			on_enrolled(engine, &enrolment);
		break;
	default:
		return false;
	}
	return bytes_is_done(payload);
}

/* Not at once: a machine that starts has its bus and logind later. */
void verify_note_unwatched(struct engine *engine)
{
	struct verify *verify = engine->verify;

	if (!verify->unwatched_ns || verify->channel.fd < 0 ||
		clock_boot_ns() - verify->unwatched_ns < UNWATCHED_NS)
		return;
	verify->unwatched_ns = 0;
	if (engine->policy && engine->policy->verification.ends)
		failure_note(engine, FAILURE_VERIFY_UNWATCHED, "%s", verify->why);
}

struct pollfd verify_poll(const struct engine *engine)
{
	const struct channel *channel = &engine->verify->channel;

	return (struct pollfd){channel->fd, channel->fd < 0 ? 0 : channel_events(channel), 0};
}

void verify_on_poll(struct engine *engine, short events)
{
	struct channel *channel = &engine->verify->channel;
	uint8_t packet[VERIFY_FRAME_MAX];

	if ((events & POLLOUT) && channel_flush(channel) < 0) {
		detach(engine, "it does not read");
		return;
	}
	while ((events & (POLLIN | POLLHUP | POLLERR)) && channel->fd >= 0) {
		struct bytes_reader payload;
		auto_close int fd = -EBADF; /* none is expected */
		uint16_t type;
		int size = channel_receive(channel, packet, sizeof(packet), &fd);

		if (size == -EAGAIN || size == -EINTR)
			return;
		if (size <= 0)
			detach(engine, "it ended, and is started again");
		else if (wire_open(packet, (size_t)size, &type, &payload) < 0 ||
			 !on_message(engine, type, &payload))
			detach(engine, "it sent what it may not");
	}
}
