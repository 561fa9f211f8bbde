/* SPDX-License-Identifier: Apache-2.0 */
#include "console/frontend/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "console/frontend/address.h"
#include "console/frontend/http_server.h"

#define MS_NS UINT64_C(1000000)
/* Of a peer's that wait to be parsed, more is not read: evhttp takes a body when all of it is there. */
#define DEVICE_BYTES   (CONSOLE_BATCH_MAX + 65536)
#define STRANGER_BYTES 32768
/* So many handshakes may begin at once as in that time: who are in do not wait for more. */
#define HANDSHAKES_NS ((int64_t)(100 * MS_NS))

/* So often at most, memory that handshakes took for a while is given back. */
#define TRIM_NS (10 * CLOCK_SECOND_NS)

TAILQ_HEAD(connection_list, connection);

struct connections {
	const struct limits *limits;
	struct connection_list fresh, admitted;
	struct addresses *addresses, *devices;
	unsigned int count;
	int64_t credit_ns;   /* of time for handshakes, by limits->handshakes, */
	uint64_t counted_ns; /* as it stood then */
	uint64_t trimmed_ns;
	bool has_shaken; /* since then */
	struct log_limit refused_log, handshake_log, late_log;
};

static int ssl_index = -1;

struct connection *connection_of(const SSL *ssl)
{
	return SSL_get_ex_data(ssl, ssl_index);
}

static void set_stranger(struct connection *connection, bool is_stranger)
{
	if (connection->is_stranger == is_stranger || !connection->address)
		return;
	connection->is_stranger = is_stranger;
	connection->address->strangers += is_stranger ? 1 : -1U;
}

/* OpenSSL's callback for ex_data: the SSL goes, and so does this. */
static void connection_free(
	void *parent, void *value, CRYPTO_EX_DATA *data, int index, long argument, void *pointer)
{
	struct connection *connection = value;
	struct connections *all;

	(void)parent;
	(void)data;
	(void)index;
	(void)argument;
	(void)pointer;
	if (!connection)
		return;
	all = connection->all;
	if (connection->request)
		http_request_orphan(connection->request);
	if (connection->address) {
		set_stranger(connection, false);
		addresses_leave(all->addresses, connection->address);
	}
	if (connection->device)
		addresses_leave(all->devices, connection->device);
	TAILQ_REMOVE(connection->phase == CONNECTION_FRESH ? &all->fresh : &all->admitted,
		connection, entry);
	all->count--;
	OPENSSL_free(connection->subject);
	free(connection);
}

struct connections *connections_new(const struct limits *limits)
{
	struct connections *connections = calloc(1, sizeof(*connections));

	if (!connections)
		return NULL;
	connections->limits = limits;
	connections->addresses = addresses_new();
	connections->devices = addresses_new();
	if (ssl_index < 0)
		ssl_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, connection_free);
	if (!connections->addresses || !connections->devices || ssl_index < 0) {
		connections_free(connections);
		return NULL;
	}
	TAILQ_INIT(&connections->fresh);
	TAILQ_INIT(&connections->admitted);
	connections->refused_log.burst = 10;
	connections->handshake_log.burst = 30;
	connections->late_log.burst = 10;
	return connections;
}

void connections_free(struct connections *connections)
{
	if (!connections)
		return;
	if (connections->addresses)
		addresses_free(connections->addresses);
	if (connections->devices)
		addresses_free(connections->devices);
	free(connections);
}

unsigned int connections_count(const struct connections *connections)
{
	return connections->count;
}

static int64_t handshake_ns(const struct connections *connections)
{
	return (int64_t)(CLOCK_SECOND_NS / connections->limits->handshakes);
}

uint64_t connections_wait_ns(struct connections *connections)
{
	uint64_t now_ns = clock_steady_ns();
	int64_t cost_ns = handshake_ns(connections), missing_ns;

	connections->credit_ns += (int64_t)(now_ns - connections->counted_ns);
	connections->counted_ns = now_ns;
	if (connections->credit_ns > HANDSHAKES_NS)
		connections->credit_ns = HANDSHAKES_NS;
	missing_ns = cost_ns - connections->credit_ns;
	/* a handshake that costs more than may be saved is paid for afterwards */
	if (cost_ns > HANDSHAKES_NS)
		missing_ns = -connections->credit_ns;
	return missing_ns > 0 ? (uint64_t)missing_ns : 0;
}

struct connection *connection_add(
	struct connections *connections, SSL *ssl, struct bufferevent *stream)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection || SSL_set_ex_data(ssl, ssl_index, connection) != 1) {
		free(connection);
		return NULL;
	}
	connection->all = connections;
	connection->ssl = ssl;
	connection->stream = stream;
	bufferevent_setwatermark(stream, EV_READ, 0, STRANGER_BYTES);
	TAILQ_INSERT_TAIL(&connections->fresh, connection, entry);
	connections->count++;
	connections->credit_ns -= handshake_ns(connections);
	return connection;
}

void connection_close(struct connection *connection)
{
	connection->phase = CONNECTION_CLOSING;
	connection->deadline_ns = UINT64_MAX;
	/* fails when the peer was faster */
	(void)shutdown(bufferevent_getfd(connection->stream), SHUT_RDWR);
}

static uint64_t patience_ns(const struct connection *connection, enum connection_phase phase)
{
	const struct limits *limits = connection->all->limits;

	switch (phase) {
	case CONNECTION_HANDSHAKE:
		return limits->handshake_ms * MS_NS;
	case CONNECTION_IDLE:
		return (connection->peer.has_certificate ? limits->idle_ms : limits->stranger_ms) *
		       MS_NS;
	case CONNECTION_READING:
		return limits->request_ms * MS_NS;
	case CONNECTION_REPLYING:
		return limits->reply_ms * MS_NS;
	case CONNECTION_FRESH:
	case CONNECTION_HANDLING:
	case CONNECTION_CLOSING:
		break;
	}
	return 0;
}

void connection_enter(struct connection *connection, enum connection_phase phase)
{
	uint64_t patience;

	if (connection->phase == CONNECTION_CLOSING)
		return;
	patience = patience_ns(connection, phase);
	connection->phase = phase;
	connection->deadline_ns = patience ? clock_steady_ns() + patience : UINT64_MAX;
	/* what of the next request was read with this one makes it begun */
	if (phase == CONNECTION_IDLE &&
		evbuffer_get_length(bufferevent_get_input(connection->stream)))
		connection_enter(connection, CONNECTION_READING);
}

/*
 * A device needs two. One that comes again and again goes on all the same: those that it left behind,
 * of which no end was heard, are the oldest.
 */
static void count_device(struct connection *connection)
{
	struct connections *all = connection->all;
	struct connection *oldest;

	if (connection->device) /* another handshake on the same connection: there is none in TLS 1.3 */
		return;
	connection->device = addresses_enter_device(all->devices, connection->peer.device);
	if (!connection->device || connection->device->connections <= all->limits->device)
		return;
	TAILQ_FOREACH(oldest, &all->admitted, entry)
	{
		if (oldest->device != connection->device || oldest->phase == CONNECTION_CLOSING)
			continue;
		if (log_allowed(&all->refused_log))
			log_notice("a device at %s has more than %u connections, closing its "
				   "oldest",
				connection->address_text, all->limits->device);
		connection_close(oldest);
		return;
	}
}

/* A resumed handshake takes what was verified then: whether it has expired since is seen here. */
static void on_handshake_done(struct connection *connection)
{
	int r;

	if (connection->phase != CONNECTION_HANDSHAKE)
		return; /* later messages of TLS 1.3 end here too */
	r = tls_peer_read(connection->ssl, &connection->peer);
	if (r == 0 && connection->peer.has_certificate && connection->peer.expires < time(NULL))
		r = -ESTALE;
	if (r == 0 && !connection->subject)
		r = tls_peer_subject(
			connection->ssl, &connection->subject, &connection->subject_size);
	if (r < 0) {
		if (log_allowed(&connection->all->handshake_log))
			log_warning("the certificate of %s %s, closing", connection->address_text,
				r == -ESTALE ? "has expired" : "names no device");
		connection_close(connection);
		return;
	}
	connection->all->has_shaken = true;
	set_stranger(connection, !connection->peer.has_certificate);
	if (connection->peer.has_certificate) {
		bufferevent_setwatermark(connection->stream, EV_READ, 0, DEVICE_BYTES);
		count_device(connection);
	}
	connection_enter(connection, CONNECTION_IDLE);
}

void connection_settle(struct connection *connection)
{
	if (connection->is_settled)
		return;
	connection->is_settled = true;
	if (tls_peer_forget(connection->ssl) < 0)
		fatal("no memory for a connection, stopping");
}

/* Alerts that end a handshake, ours and theirs: who can't connect is found out from these. */
static void log_alert(struct connection *connection, bool is_ours, int alert)
{
	long verified = SSL_get_verify_result(connection->ssl);
	const char *text = SSL_alert_desc_string_long(alert);

	if (!log_allowed(&connection->all->handshake_log))
		return;
	if (!is_ours)
		log_notice("%s ends the handshake: %s", connection->address_text, text);
	else if (verified != X509_V_OK)
		log_notice("the certificate of %s is refused: %s", connection->address_text,
			X509_verify_cert_error_string(verified));
	else
		log_notice("a handshake with %s is refused: %s", connection->address_text, text);
}

static void on_info(const SSL *ssl, int where, int value)
{
	struct connection *connection = connection_of(ssl);

	if (!connection)
		return;
	if (where & SSL_CB_HANDSHAKE_DONE)
		on_handshake_done(connection);
	else if ((where & SSL_CB_ALERT) && value >> 8 == SSL3_AL_FATAL &&
		 connection->phase == CONNECTION_HANDSHAKE)
		log_alert(connection, where & SSL_CB_WRITE, value);
}

void connections_watch(SSL_CTX *tls)
{
	SSL_CTX_set_info_callback(tls, on_info);
}

/* The first bytes of a request. Those of the handshake do not come by here. */
static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *userdata)
{
	struct connection *connection = userdata;

	(void)buffer;
	if (info->n_added && connection->phase == CONNECTION_IDLE)
		connection_enter(connection, CONNECTION_READING);
}

/* Why there is no room, or NULL. */
static const char *admit(struct connection *connection)
{
	struct connections *all = connection->all;
	const struct limits *limits = all->limits;

	if (all->count > limits->connections)
		return "there are as many as may be";
	if (connection->address->connections > limits->address)
		return "that address has as many as it may have";
	if (connection->address->strangers >= limits->strangers)
		return "that address has as many without a certificate as it may have";
	set_stranger(connection, true);
	return NULL;
}

static int look_at(struct connection *connection)
{
	int fd = bufferevent_getfd(connection->stream), on = 1;
	struct pollfd ends = {.fd = fd, .events = POLLRDHUP};
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	if (getpeername(fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	if (poll(&ends, 1, 0) > 0) /* it had waited for long enough before it was accepted */
		return -ENOTCONN;
	/* both make things better and are not needed */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	address_format(&address, connection->address_text, sizeof(connection->address_text));
	connection->address = addresses_enter(connection->all->addresses, &address);
	if (!connection->address)
		return -ENOMEM;
	return evbuffer_add_cb(bufferevent_get_input(connection->stream), on_input, connection)
		       ? 0
		       : -ENOMEM;
}

void connections_admit(struct connections *connections)
{
	struct connection *connection;

	while ((connection = TAILQ_FIRST(&connections->fresh))) {
		const char *reason = NULL;
		int r;

		TAILQ_REMOVE(&connections->fresh, connection, entry);
		TAILQ_INSERT_TAIL(&connections->admitted, connection, entry);
		connection->phase = CONNECTION_HANDSHAKE;
		r = look_at(connection);
		if (r < 0)
			reason = strerror(-r);
		else
			reason = admit(connection);
		if (!reason) {
			connection_enter(connection, CONNECTION_HANDSHAKE);
			continue;
		}
		connections->credit_ns += handshake_ns(connections); /* there is none */
		/* a peer that is gone already is nothing to tell of */
		if (r != -ENOTCONN && log_allowed(&connections->refused_log))
			log_warning(
				"no room for a connection from %s: %s, closing it (%u are open)",
				connection->address_text, reason, connections->count - 1);
		connection_close(connection);
	}
}

static const char *phase_text(enum connection_phase phase)
{
	switch (phase) {
	case CONNECTION_HANDSHAKE:
		return "handshake";
	case CONNECTION_READING:
		return "request";
	case CONNECTION_REPLYING:
		return "taking the answer";
	case CONNECTION_FRESH:
	case CONNECTION_IDLE:
	case CONNECTION_HANDLING:
	case CONNECTION_CLOSING:
		break;
	}
	return NULL;
}

/*
 * A handshake needs as much as the connection it makes, and frees it between what stays: after a storm
 * that is a third of all memory, in whole pages that the allocator would keep.
 */
static void trim(struct connections *connections, uint64_t now_ns)
{
	if (!connections->has_shaken || now_ns - connections->trimmed_ns < TRIM_NS)
		return;
	(void)malloc_trim(0); /* there may be nothing to give */
	connections->has_shaken = false;
	connections->trimmed_ns = now_ns;
}

void connections_sweep(struct connections *connections)
{
	uint64_t now_ns = clock_steady_ns();
	struct connection *connection;

	trim(connections, now_ns);

	TAILQ_FOREACH(connection, &connections->admitted, entry)
	{
		const char *phase = phase_text(connection->phase);

		if (connection->deadline_ns > now_ns)
			continue;
		if (phase && log_allowed(&connections->late_log))
			log_notice(
				"%s takes too long (%s), closing", connection->address_text, phase);
		connection_close(connection);
	}
}

unsigned int connections_close_device(
	struct connections *connections, const uint8_t device[CONSOLE_UID_SIZE])
{
	struct connection *connection;
	unsigned int count = 0;

	TAILQ_FOREACH(connection, &connections->admitted, entry)
	{
		if (!connection->peer.has_certificate ||
			memcmp(connection->peer.device, device, CONSOLE_UID_SIZE) ||
			(connection->is_last && connection->phase == CONNECTION_REPLYING))
			continue;
		connection_close(connection);
		count++;
	}
	return count;
}
