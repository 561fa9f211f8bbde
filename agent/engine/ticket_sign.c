/* SPDX-License-Identifier: Apache-2.0 */
/* Asking keyring for signatures, several on their way at a time; it answers in order. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/engine/json.h"
#include "agent/engine/ticket.h"
#include "agent/ipc/keyring_ask.h"
#include "common/clock.h"

#define WAIT_NS		(45 * CLOCK_SECOND_NS) /* a TPM takes its time: agent/ipc/keyring_ask.c */
#define EVENTS_A_MINUTE 60
#define QUEUE_MAX	(TICKET_PENDING_MAX * KEYRING_FRAME_MAX)

struct pending {
	uint64_t id;
	uint64_t since_ns;
	uint64_t expires_s;
	uint32_t uid, pid;
	char account[65], audience[256];
	char input[TICKET_INPUT_MAX + 1];
};

static struct {
	struct channel channel;
	bool is_open;
	uint64_t last_id;
	struct pending queue[TICKET_PENDING_MAX];
	unsigned int first, count;
} desk;

static int desk_open(const struct engine *engine)
{
	int fd;

	if (desk.is_open)
		return 0;
	fd = keyring_connect(engine->runtime_directory, SOCK_NONBLOCK);
	if (fd < 0)
		return fd == -ENOENT || fd == -ECONNREFUSED ? -ENOKEY : fd;
	channel_init(&desk.channel, fd, QUEUE_MAX);
	desk.is_open = true;
	return 0;
}

static void answer(
	struct engine *engine, const struct pending *pending, int error, const char *words)
{
	struct client *client = server_client_of_ticket(engine, pending->id);

	if (client)
		client_end(client, error, "no ticket: %s", words);
}

/* All that wait are told; the next one opens it again. */
static void desk_close(struct engine *engine, const char *why)
{
	if (!desk.is_open)
		return;
	channel_done(&desk.channel);
	desk.is_open = false;
	for (; desk.count; desk.count--, desk.first = (desk.first + 1) % TICKET_PENDING_MAX)
		answer(engine, &desk.queue[desk.first], -EIO, why);
}

int ticket_sign(struct engine *engine, struct client *client, const struct ticket_wish *wish)
{
	static uint8_t packet[KEYRING_FRAME_MAX];
	struct keyring_request request = {.verb = KEYRING_TICKET};
	struct bytes_writer frame;
	struct pending *pending;
	int r;

	if (desk.count == TICKET_PENDING_MAX)
		return -EBUSY;
	r = desk_open(engine);
	if (r < 0)
		return r;
	request.size = (uint16_t)strlen(wish->input);
	memcpy(request.bytes, wish->input, request.size);
	keyring_request_put(&frame, packet, sizeof(packet), &request);
	r = channel_send(&desk.channel, &frame, -1);
	if (r < 0) {
		desk_close(engine, "keyring is gone, try again");
		return r;
	}
	pending = &desk.queue[(desk.first + desk.count++) % TICKET_PENDING_MAX];
	*pending = (struct pending){.id = ++desk.last_id,
		.since_ns = clock_boot_ns(),
		.expires_s = wish->expires_s,
		.uid = client->uid,
		.pid = client->sender};
	(void)snprintf(pending->account, sizeof(pending->account), "%s", wish->account);
	(void)snprintf(pending->audience, sizeof(pending->audience), "%s", wish->audience);
	(void)snprintf(pending->input, sizeof(pending->input), "%s", wish->input);
	client->ticket_id = pending->id;
	return 0;
}

static void note(struct engine *engine, const struct pending *pending)
{
	static struct log_limit limit = {.burst = EVENTS_A_MINUTE};
	static int64_t left_out;
	const struct event_login login = {pending->account, pending->uid, pending->audience, ""};
	char text[EVENT_TEXT_MAX];
	const struct event_note event = {.kind = EVENT_TICKET,
		.message = text,
		.uid = pending->uid,
		.has_uid = true,
		.pid = pending->pid,
		.count = left_out,
		.login = &login};

	if (!log_allowed(&limit)) {
		left_out++;
		return;
	}
	left_out = 0;
	(void)snprintf(
		text, sizeof(text), "ticket of %s for %s", pending->account, pending->audience);
	(void)journal_note(engine, &event); /* counted there */
}

static int send_ticket(
	struct engine *engine, const struct pending *pending, const struct keyring_answer *signed_)
{
	struct client *client = server_client_of_ticket(engine, pending->id);
	uint8_t signature[TICKET_SIGNATURE_SIZE];
	char ticket[TICKET_MAX + 1];
	struct json_object *line;
	size_t used;
	int r;

	r = ticket_signature_take(signed_->bytes, signed_->size, signature);
	if (r < 0)
		return r;
	if (!client)
		return 0; /* gone: nobody has it */
	used = (size_t)snprintf(ticket, sizeof(ticket), "%s.", pending->input);
	r = ticket_encode(signature, sizeof(signature), ticket + used, sizeof(ticket) - used);
	if (r < 0)
		return r;
	line = json_object_new_object();
	json_add_number(line, "expires", pending->expires_s);
	json_add(line, "ticket", json_object_new_string(ticket)); /* longer than other texts */
	client_line(client, line);
	client_end(client, 0, "%s", "");
	note(engine, pending);
	return 0;
}

/* Takes one answer. False when there is none, or keyring is gone. */
static bool take_one(struct engine *engine)
{
	static uint8_t packet[KEYRING_FRAME_MAX];
	static struct keyring_answer signed_;
	const struct pending *pending = &desk.queue[desk.first];
	auto_close int fd = -EBADF;
	int size = channel_receive(&desk.channel, packet, sizeof(packet), &fd);
	int r;

	if (size == -EAGAIN)
		return false;
	if (size <= 0 || !desk.count || keyring_answer_decode(packet, (size_t)size, &signed_) < 0) {
		desk_close(engine, "keyring is gone, try again");
		return false;
	}
	desk.first = (desk.first + 1) % TICKET_PENDING_MAX;
	desk.count--;
	r = signed_.error;
	if (r == 0)
		r = send_ticket(engine, pending, &signed_);
	if (r < 0)
		answer(engine, pending, r,
			r == -EKEYEXPIRED ? "keyring does not know this device as trusted"
			: r == -ENOKEY	  ? "this device has no key of a console's (holdfast enrol)"
					  : strerror(-r));
	return true;
}

struct pollfd ticket_sign_poll(void)
{
	if (!desk.is_open)
		return (struct pollfd){-1, 0, 0};
	return (struct pollfd){desk.channel.fd, channel_events(&desk.channel), 0};
}

void ticket_sign_on_poll(struct engine *engine, short events)
{
	if (!desk.is_open)
		return;
	if ((events & POLLOUT) && channel_flush(&desk.channel) < 0) {
		desk_close(engine, "keyring is gone, try again");
		return;
	}
	if (events & (POLLIN | POLLHUP | POLLERR))
		while (desk.is_open && take_one(engine))
			;
}

void ticket_sign_tick(struct engine *engine)
{
	if (desk.count && clock_boot_ns() - desk.queue[desk.first].since_ns > WAIT_NS)
		desk_close(engine, "keyring does not answer");
}
