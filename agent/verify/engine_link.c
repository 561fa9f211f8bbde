/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine and this process say to each other, on this side. */
#include <errno.h>
#include <string.h>

#include "agent/verify/verifier.h"
#include "common/cleanup.h"
#include "common/log.h"

#define FRAME_SIZE 2048

static uint8_t buffer[FRAME_SIZE]; /* of the one message being written */

static void begin(struct bytes_writer *frame, enum verify_message type)
{
	wire_begin(frame, buffer, sizeof(buffer), (uint16_t)type);
}

static void send_frame(struct verifier *verifier, struct bytes_writer *frame)
{
	int r = channel_send(&verifier->engine, frame, -1);

	if (r < 0)
		fatal("cannot tell the engine: %s, stopping", strerror(-r));
}

void engine_proven(struct verifier *verifier, const struct client *client)
{
	struct verify_proof proof = {
		.id = client->proof_id, .uid = client->uid, .method = (uint8_t)client->method};
	struct bytes_writer frame;

	begin(&frame, VERIFY_PROVEN);
	verify_put_proof(&frame, &proof);
	send_frame(verifier, &frame);
}

void engine_refused(
	struct verifier *verifier, uint32_t uid, enum verify_method method, const char *why)
{
	static struct log_limit limit = {.burst = 30}; /* of events, which somebody makes at will */
	struct verify_proof proof = {.uid = uid, .method = (uint8_t)method};
	struct bytes_writer frame;

	if (!log_allowed(&limit))
		return;
	(void)snprintf(proof.why, sizeof(proof.why), "%s", why);
	begin(&frame, VERIFY_REFUSED);
	verify_put_proof(&frame, &proof);
	send_frame(verifier, &frame);
}

void engine_ended(struct verifier *verifier, uint32_t uid, enum verify_cause cause)
{
	struct bytes_writer frame;

	begin(&frame, VERIFY_ENDED);
	bytes_put_u32(&frame, uid);
	bytes_put_u8(&frame, (uint8_t)cause);
	send_frame(verifier, &frame);
}

void engine_watching(struct verifier *verifier, bool is_watching, const char *why)
{
	struct bytes_writer frame;

	begin(&frame, VERIFY_WATCHING);
	bytes_put_u8(&frame, is_watching);
	bytes_put_string(&frame, why);
	send_frame(verifier, &frame);
}

void engine_enrolled(struct verifier *verifier, const struct verify_enrolment *enrolment)
{
	struct bytes_writer frame;

	begin(&frame, VERIFY_ENROLLED);
	verify_put_enrolment(&frame, enrolment);
	send_frame(verifier, &frame);
}

static void on_message(struct verifier *verifier, uint16_t type, struct bytes_reader *payload)
{
	struct verify_taken taken;

	if (type == VERIFY_CONFIG) {
		verify_get_config(payload, &verifier->config);
		verifier->has_config = true;
	} else if (type == VERIFY_TAKEN) {
		verify_get_taken(payload, &taken);
		if (bytes_is_done(payload))
			clients_on_taken(verifier, &taken);
	} else {
		payload->is_bad = true;
	}
	if (!bytes_is_done(payload))
		fatal("broken message %u from the engine, stopping", type);
}

void engine_on_poll(struct verifier *verifier, short events)
{
	uint8_t packet[VERIFY_FRAME_MAX];

	if ((events & POLLOUT) && channel_flush(&verifier->engine) < 0)
		fatal("the engine is gone: %m, stopping");
	while (events & (POLLIN | POLLHUP | POLLERR)) {
		struct bytes_reader payload;
		auto_close int fd = -EBADF; /* none is expected */
		uint16_t type;
		int size = channel_receive(&verifier->engine, packet, sizeof(packet), &fd);

		if (size == -EAGAIN || size == -EINTR)
			return;
		if (size <= 0)
			fatal("the engine is gone, stopping");
		if (wire_open(packet, (size_t)size, &type, &payload) < 0)
			fatal("broken frame from the engine, stopping");
		on_message(verifier, type, &payload);
	}
}
