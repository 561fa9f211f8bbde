/* SPDX-License-Identifier: Apache-2.0 */
/* The channels to the store and the authority, in the event loop. Whoever is gone takes us along. */
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/wire.h"
#include "console/frontend/state.h"

#define CHAIN_WAIT_MS 30000
#define PACKETS_MAX   64 /* of one peer, before others have their turn */

static uint8_t frame_bytes[WIRE_FRAME_MAX];
static struct bytes_writer frame_writer;

/* Whether there may be more. */
static bool take_packet(struct peer *peer)
{
	static uint8_t packet[WIRE_FRAME_MAX];
	struct bytes_reader payload;
	auto_close int fd = -EBADF;
	uint16_t type;
	int r;

	r = channel_receive(&peer->channel, packet, sizeof(packet), &fd);
	if (r == -EAGAIN)
		return false;
	if (r == 0)
		fatal("the %s is gone, stopping", peer->name);
	if (r > 0)
		r = wire_open(packet, (size_t)r, &type, &payload);
	if (r < 0)
		fatal("cannot read what the %s says: %s, stopping", peer->name, strerror(-r));
	peer->take(peer->frontend, type, &payload, fd);
	return true;
}

static void on_readable(int fd, short events, void *userdata)
{
	struct peer *peer = userdata;

	(void)fd;
	(void)events;
	for (unsigned int i = 0; i < PACKETS_MAX && take_packet(peer); i++)
		;
}

static void on_writable(int fd, short events, void *userdata)
{
	struct peer *peer = userdata;
	int r = channel_flush(&peer->channel);

	(void)fd;
	(void)events;
	if (r < 0)
		fatal("cannot write to the %s: %s, stopping", peer->name, strerror(-r));
	if (channel_is_idle(&peer->channel))
		(void)event_del(peer->writable); /* can't fail: it is there */
}

int peer_open(struct frontend *frontend, struct peer *peer, int fd)
{
	peer->frontend = frontend;
	channel_init(&peer->channel, fd, 0);
	peer->readable = event_new(frontend->base, fd, EV_READ | EV_PERSIST, on_readable, peer);
	peer->writable = event_new(frontend->base, fd, EV_WRITE | EV_PERSIST, on_writable, peer);
	if (!peer->readable || !peer->writable || event_add(peer->readable, NULL) < 0)
		return -ENOMEM;
	return 0;
}

void peer_close(struct peer *peer)
{
	if (peer->readable)
		event_free(peer->readable);
	if (peer->writable)
		event_free(peer->writable);
	channel_done(&peer->channel);
}

struct bytes_writer *peer_begin(uint16_t type)
{
	wire_begin(&frame_writer, frame_bytes, sizeof(frame_bytes), type);
	return &frame_writer;
}

int peer_send(struct peer *peer)
{
	int r = channel_send(&peer->channel, &frame_writer, -1);

	explicit_bzero(frame_bytes, WIRE_HEADER_SIZE + CONSOLE_TOKEN_SIZE + 128); /* a token */
	if (r == -ENOBUFS || r == -ENOMEM)
		return r;
	if (r < 0)
		fatal("cannot write to the %s: %s, stopping", peer->name, strerror(-r));
	if (!channel_is_idle(&peer->channel) && event_add(peer->writable, NULL) < 0)
		fatal("no memory, stopping");
	return 0;
}

void peers_wait_for_chain(struct frontend *frontend)
{
	struct pollfd wanted = {.fd = frontend->authority.channel.fd, .events = POLLIN};
	int r = poll(&wanted, 1, CHAIN_WAIT_MS);

	if (r < 0 && errno == EINTR) /* told to stop before it began */
		exit(EXIT_SUCCESS);
	if (r <= 0)
		fatal("the authority does not say who it is, stopping");
	(void)take_packet(&frontend->authority);
	if (frontend->chain.count == 0)
		fatal("the authority does not say who it is, stopping");
}
