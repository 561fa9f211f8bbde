/* SPDX-License-Identifier: Apache-2.0 */
/* What comes back is passed on as it is: the frontend's number for it went along. */
#include "console/store/word.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "console/store/admin_server.h"

static uint8_t frame_bytes[WIRE_HEADER_SIZE + sizeof(struct console_release)];

static void tell_frontend(struct service *service, uint16_t type, const struct console_word *word)
{
	struct bytes_writer frame;
	int r;

	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), type);
	console_put_word(&frame, word);
	r = channel_send(&service->frontend, &frame, -1);
	if (r < 0)
		fatal("cannot answer the frontend: %s, stopping", strerror(-r));
}

void word_refuse(struct service *service, uint16_t type, uint64_t id, uint16_t refusal)
{
	static struct console_word word; /* too large for the stack */

	word = (struct console_word){.id = id, .refusal = refusal};
	tell_frontend(service, type, &word);
}

/* False: it has too much to do already, or there is none. */
static bool ask(struct service *service, struct bytes_writer *frame)
{
	int r = service->has_authority ? channel_send(&service->authority, frame, -1) : -ENOBUFS;

	if (r < 0 && r != -ENOBUFS && r != -ENOMEM)
		fatal("cannot ask the authority: %s, stopping", strerror(-r));
	return r == 0;
}

void word_ask(struct service *service, const struct console_wish *wish)
{
	struct bytes_writer frame;

	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), CONSOLE_WORD);
	console_put_wish(&frame, wish);
	if (!ask(service, &frame))
		word_refuse(service, CONSOLE_LEASE_IS, wish->id, REFUSAL_BUSY);
}

void word_ask_release(struct service *service, const struct console_release *release)
{
	struct bytes_writer frame;

	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), CONSOLE_KEY_RELEASE);
	console_put_release(&frame, release);
	if (!ask(service, &frame))
		word_refuse(service, CONSOLE_KEYS_ARE, release->id, REFUSAL_BUSY);
}

bool word_ask_make(struct service *service, const struct console_make *make)
{
	struct bytes_writer frame;

	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), CONSOLE_KEY_MAKE);
	console_put_make(&frame, make);
	return ask(service, &frame);
}

bool word_ask_destroy(struct service *service, const struct console_destroy *destroy)
{
	struct bytes_writer frame;

	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), CONSOLE_KEY_DESTROY);
	console_put_destroy(&frame, destroy);
	return ask(service, &frame);
}

bool word_ask_mark(struct service *service, const struct console_mark *mark)
{
	struct bytes_writer frame;

	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), CONSOLE_MARK);
	console_put_mark(&frame, mark);
	return ask(service, &frame);
}

static void check_whole(const struct bytes_reader *payload)
{
	if (!bytes_is_done(payload))
		fatal("the authority sent a broken message, stopping");
}

static void dispatch(struct service *service, uint16_t type, struct bytes_reader *payload)
{
	static struct console_word word;
	struct console_made made;

	if (type == CONSOLE_KEY_MADE) {
		console_get_made(payload, &made);
		check_whole(payload);
		admin_key_made(service, &made);
		return;
	}
	if (type != CONSOLE_WORD_IS && type != CONSOLE_KEY_RELEASED &&
		type != CONSOLE_KEY_DESTROYED && type != CONSOLE_MARK_IS)
		fatal("the authority sent a message of type %u, stopping", type);
	console_get_word(payload, &word);
	check_whole(payload);
	if (type == CONSOLE_KEY_DESTROYED)
		admin_key_destroyed(service, &word);
	else if (type == CONSOLE_MARK_IS)
		admin_trace_answered(service, &word);
	else
		tell_frontend(service,
			type == CONSOLE_WORD_IS ? CONSOLE_LEASE_IS : CONSOLE_KEYS_ARE, &word);
}

/* False when there is none. */
static bool take_one(struct service *service)
{
	static uint8_t packet[WIRE_FRAME_MAX];
	struct bytes_reader payload;
	auto_close int fd = -EBADF;
	uint16_t type;
	int size, r;

	size = channel_receive(&service->authority, packet, sizeof(packet), &fd);
	if (size == -EAGAIN)
		return false;
	if (size <= 0)
		fatal("the authority is gone, stopping");
	r = wire_open(packet, (size_t)size, &type, &payload);
	if (r < 0)
		fatal("the authority sent what is no word, stopping");
	dispatch(service, type, &payload);
	return true;
}

void word_on_poll(struct service *service, short events)
{
	if ((events & POLLOUT) && channel_flush(&service->authority) < 0)
		fatal("the authority is gone: %m, stopping");
	if (!(events & (POLLIN | POLLHUP | POLLERR)))
		return;
	for (unsigned int i = 0; i < SERVICE_GROUP_MAX && take_one(service); i++)
		;
}
