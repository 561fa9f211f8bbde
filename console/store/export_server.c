/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. An exporter speaks to the network: what it may not say ends its connection. */
#include "console/store/export_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/cleanup.h"
#include "common/local_socket.h"
#include "common/log.h"

#define CLIENT_MAX    (2 * EXPORT_OUTPUT_MAX) /* one that ends and one that takes its place */
#define QUEUE_MAX     (1 << 20)		      /* bytes that wait for one exporter */
#define EVENT_AROUND  600		      /* bytes of a frame beside an event's JSON, at most */
#define TOO_LARGE_MAX 300
#define FRAME_MAX     4096 /* on their way to one receiver; more wait */

struct export_client {
	struct channel channel;
	bool is_open, is_wanted, is_dirty, is_writing;
	bool is_waiting; /* another console runs it; since dirty_ns */
	bool is_gone;	 /* to be removed */
	struct export_open open;
	struct store_export row;
	struct store_place read;    /* up to which events were handed out */
	struct store_place *frames; /* behind each frame that is on its way, of FRAME_MAX */
	uint64_t handed, done;	    /* numbers of frames */
	uint32_t round;
	uint64_t dirty_ns;
	char error[EXPORT_TEXT_SIZE];
	int64_t error_since_ms;
};

struct export_server {
	int fd;
	struct export_client *clients[CLIENT_MAX];
	unsigned int count;
};

static struct log_limit limit_failure = {.burst = 6};

int export_server_new(const char *runtime_directory, struct export_server **ret_server)
{
	const struct local_access access = {.mode = 0600, .group = (gid_t)-1};
	auto_close int fd = local_socket_listen(
		runtime_directory, EXPORT_SOCKET_NAME, &access, CLIENT_MAX);
	struct export_server *server;

	if (fd < 0)
		return fd;
	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->fd = take_fd(fd);
	*ret_server = server;
	return 0;
}

static void accept_one(struct export_server *server)
{
	struct ucred peer = {0};
	auto_close int fd = local_socket_accept(server->fd, &peer);
	struct export_client *client;

	if (fd < 0 || server->count == CLIENT_MAX || (peer.uid != 0 && peer.uid != geteuid()))
		return; /* closed */
	client = calloc(1, sizeof(*client));
	if (client)
		client->frames = calloc(FRAME_MAX, sizeof(*client->frames));
	if (!client || !client->frames) {
		free(client);
		return;
	}
	channel_init(&client->channel, take_fd(fd), QUEUE_MAX);
	server->clients[server->count++] = client;
}

static struct export_client *find(const struct export_server *server, const char *name)
{
	for (unsigned int i = 0; i < server->count; i++) {
		struct export_client *client = server->clients[i];

		if (client->is_open && !client->is_gone && !strcmp(client->row.name, name))
			return client;
	}
	return NULL;
}

/* --- how far they have come --- */

int export_server_write(struct service *service)
{
	struct export_server *server = service->exports;
	int r = 0;

	for (unsigned int i = 0; server && i < server->count && r == 0; i++) {
		struct export_client *client = server->clients[i];

		if (!client->is_dirty)
			continue;
		r = store_export_set(service->writer, &client->row);
		if (r == 0)
			r = store_export_hold(service->writer, client->row.name, EXPORT_LEASE_MS);
		client->is_writing = r == 0;
		if (r == -EBUSY) { /* what it delivered is delivered again by the other one */
			log_warning("another console runs the export '%s' now, leaving it to that",
				client->row.name);
			client->is_dirty = false;
			client->is_gone = true;
			r = 0;
		}
	}
	return r;
}

void export_server_written(struct service *service, bool is_committed)
{
	struct export_server *server = service->exports;

	for (unsigned int i = 0; server && i < server->count; i++) {
		struct export_client *client = server->clients[i];

		if (client->is_writing && is_committed)
			client->is_dirty = false;
		client->is_writing = false;
	}
}

/* In a transaction of its own; what fails is tried again, and costs repetitions at worst. */
static void write_now(struct service *service)
{
	int r = store_begin(service->writer);

	if (r == 0)
		r = export_server_write(service);
	if (r == 0)
		r = store_commit(service->writer);
	if (r < 0) {
		store_rollback(service->writer);
		failure_note(&service->failures, CONSOLE_FAILURE_EXPORT,
			"how far exports have come is not noted: %s", strerror(-r));
		if (log_allowed(&limit_failure))
			log_error("cannot note how far exports have come: %s, trying again",
				strerror(-r));
	}
	export_server_written(service, r == 0);
}

static void write_due(struct service *service)
{
	struct export_server *server = service->exports;
	uint64_t now_ns = clock_boot_ns();
	bool is_due = false, is_shared = store_is_shared(service->writer);

	for (unsigned int i = 0; i < server->count; i++) {
		struct export_client *client = server->clients[i];

		if (is_shared && client->is_open && now_ns - client->dirty_ns >= EXPORT_RENEW_NS)
			client->is_dirty = true;
		is_due |= client->is_dirty && (is_shared || client->is_gone ||
						      now_ns - client->dirty_ns >= EXPORT_LAZY_NS);
	}
	if (is_due)
		write_now(service);
	for (unsigned int i = 0; i < server->count && is_due; i++)
		server->clients[i]->dirty_ns = now_ns;
}

static void set_dirty(struct export_client *client)
{
	if (!client->is_dirty)
		client->dirty_ns = clock_boot_ns();
	client->is_dirty = true;
}

/* --- OPEN --- */

static bool on_same(const struct store_found *found, void *userdata)
{
	struct store_found *copy = userdata;

	*copy = *found;
	return false;
}

/* The place after an event that follows it. */
static void move_on(struct store_place *place, int64_t id)
{
	place->last[id / STORE_LANE_EVENTS % STORE_LANES] = id;
}

/*
 * What the receiver itself shows to have, if that is further: a file's last line was written, and its
 * place not yet noted. It counts when the event of that number is that very event.
 */
static int take_last(
	struct service *service, struct export_client *client, const struct export_identity *last)
{
	struct store_cursor cursor = {.is_upwards = true, .place = client->row.place};
	const struct store_filter all = {0};
	struct store_found found = {0};
	struct store_device device = {0};
	int r;

	if (!store_place_is_before(&client->row.place, (int64_t)last->id))
		return 0;
	for (int lane = 0; lane < STORE_LANES; lane++) /* only its own is looked at */
		cursor.place.last[lane] = (lane + 1) * STORE_LANE_EVENTS - 1;
	move_on(&cursor.place, (int64_t)last->id - 1);
	r = store_events(service->reader, &all, &cursor, 1, on_same, &found);
	if (r < 0)
		return r;
	if (found.id != (int64_t)last->id || found.event.sequence != last->sequence ||
		store_device_by_id(service->reader, found.device, &device) < 0 ||
		memcmp(device.uid, last->device, sizeof(device.uid)) != 0)
		return 0;
	move_on(&client->row.place, found.id);
	set_dirty(client);
	return 0;
}

static int begin_row(struct service *service, struct export_client *client)
{
	struct store_place last = {0};
	int r;

	r = store_export_get(service->reader, client->open.name, &client->row);
	if (r == -ENOENT) {
		client->row = (struct store_export){.moved_ms = (int64_t)clock_day_ms()};
		(void)snprintf(client->row.name, sizeof(client->row.name), "%s", client->open.name);
		r = client->open.is_from_first
			    ? 0
			    : store_event_last(service->reader, &client->row.place);
		set_dirty(client);
	}
	if (r == 0)
		r = store_event_last(service->reader, &last);
	/* Behind events that are not there: the database began anew. */
	for (int lane = 0; lane < STORE_LANES && r == 0; lane++)
		if (client->row.place.last[lane] > last.last[lane])
			client->row.place.last[lane] = 0;
	for (unsigned int i = 0; i < client->open.last_count && r == 0; i++)
		if (!client->row.is_rewound)
			r = take_last(service, client, &client->open.last[i]);
	return r;
}

/* The row is there, and this console's. */
static int take_row(struct service *service, struct export_client *client)
{
	int r;

	r = store_begin(service->writer);
	if (r < 0)
		return r;
	r = begin_row(service, client);
	if (r == 0 && client->is_dirty)
		r = store_export_set(service->writer, &client->row);
	if (r == 0)
		r = store_export_hold(service->writer, client->row.name, EXPORT_LEASE_MS);
	if (r == 0)
		r = store_commit(service->writer);
	if (r < 0)
		store_rollback(service->writer);
	else
		client->is_dirty = false;
	client->dirty_ns = clock_boot_ns();
	return r;
}

static void begin_export(struct service *service, struct export_client *client)
{
	uint8_t buffer[512];
	struct export_opened opened = {0};
	struct bytes_writer frame;
	int r;

	r = take_row(service, client);
	client->is_waiting = r == -EBUSY;
	if (r == -EBUSY) {
		client->is_dirty = false;
		return; /* tried again, as another console may end */
	}
	if (r == 0)
		r = store_tenant(service->reader, opened.tenant, sizeof(opened.tenant));
	if (r < 0) {
		failure_note(&service->failures, CONSOLE_FAILURE_EXPORT, "'%s' does not begin: %s",
			client->open.name, strerror(-r));
		log_error("cannot begin to export to '%s': %s, it will be tried again",
			client->open.name, strerror(-r));
		client->is_gone = true;
		return;
	}
	client->is_open = true;
	client->read = client->row.place;
	opened.is_rewound = client->row.is_rewound;
	wire_begin(&frame, buffer, sizeof(buffer), EXPORT_OPENED);
	export_put_opened(&frame, &opened);
	client->is_gone = channel_send(&client->channel, &frame, -1) < 0;
}

static void on_open(
	struct service *service, struct export_client *client, struct bytes_reader *payload)
{
	struct export_client *other;

	export_get_open(payload, &client->open);
	if (client->is_open || client->is_waiting || !bytes_is_done(payload)) {
		client->is_gone = true;
		return;
	}
	other = find(service->exports, client->open.name);
	if (other) { /* its process is gone, or it would not be started anew */
		other->is_gone = true;
		if (other->is_dirty)
			write_now(service);
	}
	begin_export(service, client);
}

/* --- NEXT --- */

static void on_next(struct export_client *client, struct bytes_reader *payload)
{
	struct export_next next;
	bool is_error;

	export_get_next(payload, &next);
	if (!client->is_open || !bytes_is_done(payload) || next.done > client->handed ||
		next.done < client->done) {
		client->is_gone = true;
		return;
	}
	if (next.done > client->done || client->row.is_rewound) {
		if (next.done > client->done)
			client->row.place = client->frames[next.done % FRAME_MAX];
		client->done = next.done;
		client->row.delivered += next.count;
		client->row.moved_ms = (int64_t)clock_day_ms();
		client->row.is_rewound = false;
		set_dirty(client);
	}
	if (next.is_again) {
		client->read = client->row.place;
		client->handed = client->done;
	}
	is_error = next.error[0];
	if (is_error && !client->error_since_ms)
		client->error_since_ms = (int64_t)clock_day_ms();
	if (!is_error)
		client->error_since_ms = 0;
	memcpy(client->error, next.error, sizeof(client->error));
	if (next.is_wanted) {
		client->is_wanted = true;
		client->round = next.round;
	}
}

struct page {
	struct service *service;
	struct export_client *client;
	struct bytes_writer frame;
	uint16_t count;
	struct store_place place; /* in front of the event that is looked at */
};

/* For one that no frame holds: what it was, and where to look. */
static void shorten(struct export_event *event, char text[TOO_LARGE_MAX])
{
	int size = snprintf(text, TOO_LARGE_MAX,
		"{\"class_uid\":%u,\"activity_id\":%u,\"severity_id\":%u,\"time\":%llu,"
		"\"message\":\"an event of %u bytes, too large to be exported\"}",
		event->class_uid, event->activity_id, event->severity_id,
		(unsigned long long)event->time_ms, event->size);

	event->json = text;
	event->size = (uint32_t)size; /* fits */
}

static bool on_found(const struct store_found *found, void *userdata)
{
	struct page *page = userdata;
	struct store_device device = {0};
	char text[TOO_LARGE_MAX];
	struct export_event event = {.id = (uint64_t)found->id,
		.sequence = found->event.sequence,
		.time_ms = found->time_ms < 0 ? 0 : (uint64_t)found->time_ms,
		.class_uid = found->event.class_uid,
		.activity_id = found->event.activity_id,
		.severity_id = (uint8_t)found->event.severity_id,
		.verdict = found->event.verdict,
		.size = found->event.size,
		.json = found->json};

	if (!export_filter_fits(&page->client->open.filter, event.class_uid,
		    found->event.severity_id, event.verdict)) {
		move_on(&page->place, found->id);
		return true;
	}
	if (event.size > EXPORT_JSON_MAX)
		shorten(&event, text);
	if (page->frame.size - page->frame.used < event.size + EVENT_AROUND) {
		if (page->count)
			return false; /* the next frame's first */
		shorten(&event, text);
	}
	/* one that is not there any more is nameless */
	(void)store_device_by_id(page->service->reader, found->device, &device);
	memcpy(event.device, device.uid, sizeof(event.device));
	memcpy(event.host, device.host, sizeof(event.host));
	export_put_event(&page->frame, &event);
	page->count++;
	move_on(&page->place, found->id);
	return page->count < UINT16_MAX;
}

/* The head is put in once it is known: the count stands before what is counted. */
static int send_events(struct export_client *client, struct page *page)
{
	struct bytes_writer head = page->frame;

	head.used = WIRE_HEADER_SIZE;
	export_put_events(
		&head, &(const struct export_events){client->round, client->handed, page->count});
	client->is_wanted = false;
	return channel_send(&client->channel, &page->frame, -1);
}

/* If there are any; it will ask for more. */
static void hand_out(struct service *service, struct export_client *client)
{
	static uint8_t buffer[WIRE_FRAME_MAX];
	const struct store_filter all = {0};
	struct store_cursor cursor = {.is_upwards = true, .place = client->read};
	struct page page = {.service = service, .client = client, .place = client->read};
	int r;

	wire_begin(&page.frame, buffer, sizeof(buffer), EXPORT_EVENTS);
	export_put_events(&page.frame, &(const struct export_events){0});
	r = store_events(service->reader, &all, &cursor, EXPORT_LOOK, on_found, &page);
	if (r < 0) {
		failure_note(&service->failures, CONSOLE_FAILURE_EXPORT,
			"no events can be read for '%s': %s", client->row.name, strerror(-r));
		if (log_allowed(&limit_failure))
			log_error("cannot read events for the export '%s': %s, trying again",
				client->row.name, strerror(-r));
		return;
	}
	if (!memcmp(&page.place, &client->read, sizeof(page.place)))
		return;
	client->read = page.place;
	client->frames[++client->handed % FRAME_MAX] = page.place;
	if (send_events(client, &page) < 0)
		client->is_gone = true;
}

/* --- the socket --- */

static void client_read(struct service *service, struct export_client *client)
{
	static uint8_t packet[8192];
	auto_close int fd = -EBADF;
	struct bytes_reader payload;
	uint16_t type;
	int size = channel_receive(&client->channel, packet, sizeof(packet), &fd);

	if (size == -EAGAIN)
		return;
	if (size <= 0 || wire_open(packet, (size_t)size, &type, &payload) < 0)
		client->is_gone = true;
	else if (type == EXPORT_OPEN)
		on_open(service, client, &payload);
	else if (type == EXPORT_NEXT)
		on_next(client, &payload);
	else
		client->is_gone = true;
}

unsigned int export_server_poll_fill(
	struct export_server *server, struct pollfd *polls, unsigned int most)
{
	unsigned int used = 0;

	if (most)
		polls[used++] = (struct pollfd){server->fd, POLLIN, 0};
	for (unsigned int i = 0; i < server->count && used < most; i++)
		polls[used++] = (struct pollfd){server->clients[i]->channel.fd,
			channel_events(&server->clients[i]->channel), 0};
	return used;
}

void export_server_on_poll(struct service *service, const struct pollfd *polls, unsigned int count)
{
	struct export_server *server = service->exports;

	for (unsigned int i = 1; i < count; i++) {
		struct export_client *client = server->clients[i - 1];

		if ((polls[i].revents & POLLOUT) && channel_flush(&client->channel) < 0)
			client->is_gone = true;
		if (polls[i].revents & (POLLIN | POLLHUP | POLLERR))
			client_read(service, client);
	}
	if (polls[0].revents & POLLIN)
		accept_one(server);
}

static void remove_gone(struct export_server *server)
{
	for (unsigned int i = server->count; i > 0; i--) {
		struct export_client *client = server->clients[i - 1];

		if (!client->is_gone)
			continue;
		channel_done(&client->channel);
		free(client->frames);
		free(client);
		server->clients[i - 1] = server->clients[--server->count];
	}
}

void export_server_work(struct service *service)
{
	struct export_server *server = service->exports;

	write_due(service);
	remove_gone(server);
	for (unsigned int i = 0; i < server->count; i++) {
		struct export_client *client = server->clients[i];

		if (client->is_waiting && clock_boot_ns() - client->dirty_ns >= EXPORT_RENEW_NS)
			begin_export(service, client);
		if (client->is_wanted && channel_is_idle(&client->channel) &&
			client->handed - client->done < FRAME_MAX - 1)
			hand_out(service, client);
	}
}

void export_server_live(
	const struct export_server *server, const char *name, struct export_live *ret_live)
{
	const struct export_client *client = find(server, name);

	*ret_live = (struct export_live){.is_connected = client};
	if (!client)
		return;
	ret_live->row = client->row;
	memcpy(ret_live->error, client->error, sizeof(ret_live->error));
	ret_live->error_since_ms = client->error_since_ms;
}

void export_server_drop(struct export_server *server, const char *name)
{
	struct export_client *client = find(server, name);

	if (!client)
		return;
	client->is_dirty = false; /* the database has what is to count */
	client->is_gone = true;
}
