/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 5424 messages over TLS: RFC 5425, which knows no acknowledgement. An event counts as delivered
 * when the receiver's kernel has acknowledged it and the connection has held for `resend` after
 * that: what a receiver that is killed had not read, or in its memory, is sent again. Device and sequence
 * in the structured data tell repetitions. A receiver that does not read for longer than that, and is
 * then killed, can lose what its kernel held.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/filter.h"
#include "common/log.h"
#include "console/exporter/exporter.h"
#include "console/exporter/tls_client.h"

#define QUEUE_BYTES_HIGH (256 << 10) /* so many waiting: no more is asked for */
#define CHUNK_MAX	 (64 << 10)
#define STEP_MAX	 1024 /* places on the way that are told apart */
#define STUCK_NS	 (30 * CLOCK_SECOND_NS)
#define JOIN_NS		 (20 * MS_NS)
#define MS_NS		 UINT64_C(1000000)

/* A place in the stream behind which an event ends, on its way to be delivered. */
struct step {
	uint64_t position; /* of the store */
	uint64_t mark;	   /* of tls_client_mark() */
	uint64_t sent_ns;
	uint64_t come_ns; /* when it was acknowledged; 0 = not yet */
	uint32_t count;	  /* events since the step before */
};

static struct {
	struct tls_client *tls;
	/* Bytes to write, and where frames of events end in them. */
	char *bytes;
	size_t used, sent, room;
	uint64_t position; /* behind what is in bytes */
	uint32_t count;
	bool has_frame; /* all of a frame is in bytes */
	uint64_t frame_ns;
	struct step steps[STEP_MAX];
	unsigned int first, step_count;
} out;

static struct step *step_at(unsigned int number)
{
	return &out.steps[(out.first + number) % STEP_MAX];
}

static void forget_all(void)
{
	out.used = out.sent = 0;
	out.count = 0;
	out.has_frame = false;
	out.first = out.step_count = 0;
}

/* The connection is gone, with all that was not delivered. */
static void break_off(struct exporter *exporter)
{
	exporter_failed(exporter, "%s port %s: %s", exporter->output->host, exporter->output->port,
		tls_client_error(out.tls));
	forget_all();
	exporter_again(exporter);
}

static void sink_prepare(struct exporter *exporter)
{
	out.tls = tls_client_new(exporter->output);
}

static void sink_begin(struct exporter *exporter, bool is_rewound)
{
	(void)exporter;
	(void)is_rewound;
}

static bool sink_has_room(struct exporter *exporter)
{
	(void)exporter;
	return tls_client_state(out.tls) == TLS_CLIENT_OPEN && !out.has_frame &&
	       out.used - out.sent < QUEUE_BYTES_HIGH && out.step_count < STEP_MAX;
}

static void sink_take(struct exporter *exporter, const struct export_event *event)
{
	const struct format_syslog how = {.facility = (unsigned int)exporter->output->facility,
		.enterprise = (unsigned int)exporter->output->enterprise,
		.tenant = exporter->tenant};

	if (out.sent == out.used)
		out.sent = out.used = 0;
	while (out.room - out.used < event->size + FORMAT_AROUND) {
		size_t room = out.room ? out.room * 2 : 2 * QUEUE_BYTES_HIGH;
		char *more = realloc(out.bytes, room); /* a frame and what waits */

		if (!more)
			fatal("no memory, stopping");
		out.bytes = more;
		out.room = room;
	}
	out.used += format_syslog(out.bytes + out.used, out.room - out.used, event, &how);
	out.count++;
}

static void sink_end_frame(struct exporter *exporter, uint64_t position)
{
	(void)exporter;
	out.position = position;
	out.has_frame = true;
	out.frame_ns = clock_steady_ns();
}

/* The frame is out: from here on it is a step. */
static void add_step(void)
{
	*step_at(out.step_count++) = (struct step){.position = out.position,
		.mark = tls_client_mark(out.tls),
		.sent_ns = clock_steady_ns(),
		.count = out.count};
	out.has_frame = false;
	out.count = 0;
}

static int write_out(void)
{
	while (out.sent < out.used) {
		size_t size = out.used - out.sent;
		int r = tls_client_write(
			out.tls, out.bytes + out.sent, size > CHUNK_MAX ? CHUNK_MAX : size);

		if (r <= 0)
			return r;
		out.sent += (size_t)r;
	}
	if (out.has_frame)
		add_step();
	return 0;
}

/* Steps that arrived long enough ago are delivered; in an orderly end, all that arrived. */
static void settle(struct exporter *exporter, bool is_orderly)
{
	uint64_t now_ns = clock_steady_ns(), come = tls_client_received_mark(out.tls);

	for (unsigned int i = 0; i < out.step_count; i++) {
		struct step *step = step_at(i);

		if (step->mark > come)
			break;
		if (!step->come_ns)
			step->come_ns = now_ns;
	}
	while (out.step_count) {
		struct step *step = step_at(0);

		if (!step->come_ns || (!is_orderly && now_ns - step->come_ns <
							      exporter->output->resend_ms * MS_NS))
			return;
		exporter_progress(exporter, step->position, step->count);
		out.first = (out.first + 1) % STEP_MAX;
		out.step_count--;
	}
}

/* A fast stream has more frames than there are steps: those that arrived at nearly one time are one. */
static void join_steps(void)
{
	struct step *last, *before;

	while (out.step_count >= 2) {
		last = step_at(out.step_count - 1);
		before = step_at(out.step_count - 2);
		if (!last->come_ns || !before->come_ns || last->come_ns - before->come_ns > JOIN_NS)
			return;
		before->position = last->position;
		before->count += last->count;
		before->come_ns = last->come_ns;
		out.step_count--;
	}
}

/* Connected, and what was begun to be sent long ago is neither out nor acknowledged. */
static bool is_stuck(void)
{
	uint64_t since_ns = out.step_count ? step_at(0)->sent_ns : out.frame_ns;

	return (out.step_count || out.has_frame) && clock_steady_ns() - since_ns > STUCK_NS;
}

static unsigned int sink_poll_fill(struct exporter *exporter, struct pollfd *polls)
{
	(void)exporter;
	if (tls_client_state(out.tls) == TLS_CLIENT_CLOSED)
		return 0;
	polls[0] = (struct pollfd){tls_client_fd(out.tls), tls_client_events(out.tls), 0};
	return 1;
}

static int sink_timeout_ms(struct exporter *exporter)
{
	if (tls_client_state(out.tls) == TLS_CLIENT_CLOSED)
		return exporter_wait_ms(exporter) < 0 ? 0 : exporter_wait_ms(exporter);
	return out.step_count || out.has_frame || tls_client_state(out.tls) != TLS_CLIENT_OPEN ? 50
											       : -1;
}

static void sink_work(struct exporter *exporter, const struct pollfd *polls, unsigned int count)
{
	(void)polls;
	(void)count;
	if (tls_client_state(out.tls) == TLS_CLIENT_CLOSED) {
		if (exporter->is_stopping || !exporter_may_try(exporter))
			return;
		if (tls_client_connect(out.tls) < 0) {
			break_off(exporter);
			return;
		}
	}
	if (tls_client_work(out.tls) < 0) {
		break_off(exporter);
		return;
	}
	if (tls_client_state(out.tls) != TLS_CLIENT_OPEN)
		return;
	if (write_out() < 0) {
		break_off(exporter);
		return;
	}
	settle(exporter, exporter->is_stopping);
	join_steps();
	/* a server that takes the connection and then does not want our certificate says so later */
	if (out.step_count && step_at(0)->come_ns)
		exporter_works(exporter);
	else if (is_stuck() && !exporter->error[0])
		exporter_failed(exporter, "%s port %s: the receiver does not read",
			exporter->output->host, exporter->output->port);
}

static bool sink_finish(struct exporter *exporter)
{
	if (tls_client_state(out.tls) == TLS_CLIENT_OPEN && (out.step_count || out.used > out.sent))
		return false;
	(void)exporter; /* has nothing to add */
	tls_client_end(out.tls);
	return true;
}

const struct sink sink_syslog = {
	.filter_groups = FILTER_READ | FILTER_NETWORK | FILTER_NAMES,
	.prepare = sink_prepare,
	.begin = sink_begin,
	.has_room = sink_has_room,
	.take = sink_take,
	.end_frame = sink_end_frame,
	.poll_fill = sink_poll_fill,
	.timeout_ms = sink_timeout_ms,
	.work = sink_work,
	.finish = sink_finish,
};
