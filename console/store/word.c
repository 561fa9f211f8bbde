/* SPDX-License-Identifier: Apache-2.0 */
/* What comes back is passed on as it is: the frontend's number for it went along. */
#include "console/store/word.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"

static uint8_t frame_bytes[WIRE_HEADER_SIZE + CONSOLE_WORD_MAX + 64];

static void tell_frontend(struct service *service, const struct console_word *word)
{
	struct bytes_writer frame;
	int r;

	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), CONSOLE_LEASE_IS);
	console_put_word(&frame, word);
	r = channel_send(&service->frontend, &frame, -1);
	if (r < 0)
		fatal("cannot answer the frontend: %s, stopping", strerror(-r));
}

void word_refuse(struct service *service, uint64_t id, uint16_t refusal)
{
	static struct console_word word; /* too large for the stack */

	word = (struct console_word){.id = id, .refusal = refusal};
	tell_frontend(service, &word);
}

void word_ask(struct service *service, const struct console_wish *wish)
{
	struct bytes_writer frame;
	int r;

	if (!service->has_authority) {
		word_refuse(service, wish->id, REFUSAL_BUSY);
		return;
	}
	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), CONSOLE_WORD);
	console_put_wish(&frame, wish);
	r = channel_send(&service->authority, &frame, -1);
	if (r == -ENOBUFS || r == -ENOMEM) /* it has too much to do already */
		word_refuse(service, wish->id, REFUSAL_BUSY);
	else if (r < 0)
		fatal("cannot ask the authority: %s, stopping", strerror(-r));
}

/* False when there is none. */
static bool take_one(struct service *service)
{
	static uint8_t packet[WIRE_FRAME_MAX];
	static struct console_word word;
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
	if (r < 0 || type != CONSOLE_WORD_IS)
		fatal("the authority sent what is no word, stopping");
	console_get_word(&payload, &word);
	if (!bytes_is_done(&payload))
		fatal("the authority sent a broken message, stopping");
	tell_frontend(service, &word);
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
