/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to the store and what it answers. It is trusted; what can't be read is fatal(). */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/local_socket.h"
#include "common/log.h"
#include "common/text.h"
#include "console/exporter/exporter.h"

#define PAUSE_MIN_MS 200
#define PAUSE_MAX_MS 60000
#define MS_NS	     UINT64_C(1000000)

void link_connect(struct exporter *exporter, const char *runtime_directory)
{
	int fd = local_socket_connect(runtime_directory, EXPORT_SOCKET_NAME, 0);

	if (fd < 0)
		fatal("cannot reach the store in '%s': %s, stopping", runtime_directory,
			strerror(-fd));
	channel_init(&exporter->store, fd, 0);
}

static void send_frame(struct exporter *exporter, struct bytes_writer *frame)
{
	int r = channel_send(&exporter->store, frame, -1);

	if (r < 0)
		fatal("the store is gone: %s, stopping", strerror(-r));
}

void link_open(struct exporter *exporter)
{
	struct export_open open = {.filter = exporter->output->filter,
		.is_from_first = exporter->output->is_from_first};
	struct bytes_writer frame;
	uint8_t buffer[4096];

	(void)snprintf(open.name, sizeof(open.name), "%s", exporter->name);
	if (exporter->sink->resume)
		exporter->sink->resume(exporter, &open);
	wire_begin(&frame, buffer, sizeof(buffer), EXPORT_OPEN);
	export_put_open(&frame, &open);
	send_frame(exporter, &frame);
}

static void on_opened(struct exporter *exporter, struct bytes_reader *payload)
{
	struct export_opened opened;

	export_get_opened(payload, &opened);
	if (exporter->is_opened || !bytes_is_done(payload))
		fatal("broken message from the store, stopping");
	memcpy(exporter->tenant, opened.tenant, sizeof(opened.tenant));
	exporter->is_opened = true;
	exporter->sink->begin(exporter, opened.is_rewound);
	log_info("exporting to '%s'", exporter->name);
}

static void on_events(struct exporter *exporter, struct bytes_reader *payload)
{
	struct export_events events;
	struct export_event event;

	export_get_events(payload, &events);
	if (!exporter->is_opened || payload->is_bad)
		fatal("broken message from the store, stopping");
	if (events.round != exporter->round)
		return; /* asked for before what was sent was lost: it comes again */
	exporter->is_asked = false;
	for (unsigned int i = 0; i < events.count; i++) {
		export_get_event(payload, &event);
		if (payload->is_bad)
			fatal("broken event from the store, stopping");
		exporter->sink->take(exporter, &event);
	}
	if (!bytes_is_done(payload) || events.position <= exporter->read)
		fatal("broken message from the store, stopping");
	exporter->read = events.position;
	exporter->sink->end_frame(exporter, events.position);
}

static void on_packet(struct exporter *exporter, const uint8_t *packet, size_t size)
{
	struct bytes_reader payload;
	uint16_t type;
	int r = wire_open(packet, size, &type, &payload);

	if (r < 0)
		fatal("cannot read what the store says: %s, stopping", strerror(-r));
	if (type == EXPORT_OPENED)
		on_opened(exporter, &payload);
	else if (type == EXPORT_EVENTS)
		on_events(exporter, &payload);
	else
		fatal("the store sent a message of type %u, stopping", type);
}

void link_on_poll(struct exporter *exporter, short events)
{
	static uint8_t packet[WIRE_FRAME_MAX];
	int size, fd = -EBADF;

	if ((events & POLLOUT) && channel_flush(&exporter->store) < 0)
		fatal("the store is gone: %m, stopping");
	if (!(events & (POLLIN | POLLHUP | POLLERR)))
		return;
	size = channel_receive(&exporter->store, packet, sizeof(packet), &fd);
	if (size == -EAGAIN)
		return;
	if (size > 0 && fd >= 0)
		fatal("the store sent a descriptor, stopping");
	if (size <= 0) {
		log_info("the store has ended the connection, stopping");
		exit(EXIT_FAILURE); /* it went well: nothing to complain of */
	}
	on_packet(exporter, packet, (size_t)size);
}

void link_work(struct exporter *exporter)
{
	uint64_t now_ns = clock_steady_ns();
	struct export_next next = {.done = exporter->done, .count = exporter->count};
	bool is_due = exporter->is_untold &&
		      (now_ns - exporter->told_ns >= EXPORTER_PROGRESS_MS * MS_NS ||
			      exporter->is_stopping);
	struct bytes_writer frame;
	uint8_t buffer[512];

	if (!exporter->is_opened)
		return;
	next.is_wanted = !exporter->is_asked && !exporter->is_stopping &&
			 exporter->sink->has_room(exporter);
	if (!next.is_wanted && !is_due)
		return;
	if (next.is_wanted) {
		next.is_again = exporter->is_again;
		next.round = ++exporter->round;
		exporter->is_asked = true;
		exporter->is_again = false;
	}
	memcpy(next.error, exporter->error, sizeof(next.error));
	wire_begin(&frame, buffer, sizeof(buffer), EXPORT_NEXT);
	export_put_next(&frame, &next);
	send_frame(exporter, &frame);
	exporter->count = 0;
	exporter->is_untold = false;
	exporter->told_ns = now_ns;
}

void exporter_progress(struct exporter *exporter, uint64_t position, uint32_t count)
{
	if (position <= exporter->done && !count)
		return;
	exporter->done = position;
	exporter->count += count;
	exporter->is_untold = true;
}

void exporter_again(struct exporter *exporter)
{
	exporter->read = exporter->done;
	exporter->is_asked = false;
	exporter->is_again = true;
	exporter->round++; /* what is on its way is passed over */
}

static unsigned int draw(unsigned int below)
{
	unsigned int number = 0;

	/* no lot is no harm */
	return getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0 ? 0 : number % below;
}

void exporter_failed(struct exporter *exporter, const char *format, ...)
{
	unsigned int pause_ms = PAUSE_MIN_MS << (exporter->tries < 12 ? exporter->tries : 12);
	char raw[EXPORT_TEXT_SIZE * 2], text[EXPORT_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(raw, sizeof(raw), format, arguments); /* cut when too long */
	va_end(arguments);
	(void)text_clean(text, sizeof(text), raw); /* cut, too */
	if (strcmp(text, exporter->error) != 0) {
		log_warning("cannot export to '%s': %s; trying again", exporter->name, text);
		memcpy(exporter->error, text, sizeof(text));
		exporter->is_untold = true;
	}
	if (pause_ms > PAUSE_MAX_MS)
		pause_ms = PAUSE_MAX_MS;
	exporter->tries++;
	exporter->retry_ns = clock_steady_ns() + (pause_ms / 2 + draw(pause_ms)) * MS_NS;
}

void exporter_works(struct exporter *exporter)
{
	exporter->tries = 0;
	exporter->retry_ns = 0;
	if (!exporter->error[0])
		return;
	log_notice("exporting to '%s' again", exporter->name);
	exporter->error[0] = '\0';
	exporter->is_untold = true;
}

bool exporter_may_try(const struct exporter *exporter)
{
	return clock_steady_ns() >= exporter->retry_ns;
}

int exporter_wait_ms(const struct exporter *exporter)
{
	uint64_t now_ns = clock_steady_ns();

	if (!exporter->retry_ns)
		return -1;
	return exporter->retry_ns <= now_ns ? 0 : (int)((exporter->retry_ns - now_ns) / MS_NS) + 1;
}
