/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evhttp with OpenSSL's bufferevents. What evhttp does badly is kept from it: it has no limit for
 * the whole time of a request or the number of connections (connection.c), and reads bodies in
 * chunks (dispatch.c refuses them after at most body_max bytes).
 */
#include "console/frontend/http_server.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/log.h"
#include "console/frontend/address.h"
#include "console/frontend/connection.h"

#define FIXED_VERSION	0x02010d00 /* 2.1.13 */
#define LISTEN_MAX	8
#define WAIT_SECONDS	10    /* before the door at most: devices have patience for 15 */
#define TIMEOUT_SECONDS 86500 /* evhttp's own, above any of connection.c's */

struct http_server {
	struct event_base *base;
	struct evhttp *http;
	struct event *admit;
	struct event *open_door;
	struct evconnlistener *listeners[LISTEN_MAX]; /* borrowed of http */
	unsigned int listener_count;
	struct connections *connections;
	const struct limits *limits;
	SSL_CTX *tls;
	http_handler handler;
	void *context;
	struct log_limit accept_log;
};

struct http_request {
	struct evhttp_request *inner;
	struct connection *connection; /* NULL: gone */
	struct tls_peer peer;
	char address[CONNECTION_ADDRESS_SIZE];
	uint8_t network[16];
};

/* Of an answer that is not copied. */
struct http_body {
	void (*release)(void *userdata);
	void *userdata;
};

/*
 * Debian's 2.1.12-stable-8+deb12u1 has the fixes of 2.1.13 under the old number; this function came
 * with them (see its symbols file).
 */
__attribute__((weak)) int evhttp_check_transfer_encoding_(void);

static bool library_is_fixed(void)
{
	return event_get_version_number() >= FIXED_VERSION || evhttp_check_transfer_encoding_;
}

/* Who comes meanwhile waits in the kernel. */
static void close_door(struct http_server *server, uint64_t wait_ns)
{
	struct timeval wait = {.tv_sec = (time_t)(wait_ns / CLOCK_SECOND_NS),
		.tv_usec = (suseconds_t)(wait_ns % CLOCK_SECOND_NS / 1000) + 1};

	for (unsigned int i = 0; i < server->listener_count; i++)
		(void)evconnlistener_disable(server->listeners[i]); /* no failure that counts */
	if (event_add(server->open_door, &wait) < 0)
		fatal("no memory for a timer, stopping");
}

static void on_open_door(int fd, short events, void *userdata)
{
	struct http_server *server = userdata;

	(void)fd;
	(void)events;
	for (unsigned int i = 0; i < server->listener_count; i++)
		if (evconnlistener_enable(server->listeners[i]) < 0)
			fatal("cannot accept connections any more, stopping");
}

/* A connection without TLS must not come about, so without memory there is no going on. */
static struct bufferevent *on_accept(struct event_base *base, void *userdata)
{
	struct http_server *server = userdata;
	SSL *ssl = SSL_new(server->tls);
	struct bufferevent *stream;
	uint64_t wait_ns;

	stream = ssl ? bufferevent_openssl_socket_new(
			       base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE)
		     : NULL;
	if (!stream || !connection_add(server->connections, ssl, stream))
		fatal("no memory for a connection, stopping");
	bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
	/* before the loop looks at sockets again, so before its first byte is read */
	event_active(server->admit, 0, 0);
	wait_ns = connections_wait_ns(server->connections);
	if (wait_ns)
		close_door(server, wait_ns);
	return stream;
}

static void on_admit(int fd, short events, void *userdata)
{
	struct http_server *server = userdata;

	(void)fd;
	(void)events;
	connections_admit(server->connections);
}

static struct connection *connection_of_request(struct evhttp_request *inner)
{
	struct evhttp_connection *outer = evhttp_request_get_connection(inner);
	struct bufferevent *stream = outer ? evhttp_connection_get_bufferevent(outer) : NULL;
	SSL *ssl = stream ? bufferevent_openssl_get_ssl(stream) : NULL;

	return ssl ? connection_of(ssl) : NULL;
}

static void on_request(struct evhttp_request *inner, void *userdata)
{
	struct http_server *server = userdata;
	struct connection *connection = connection_of_request(inner);
	struct http_request *request = calloc(1, sizeof(*request));

	if (!request)
		fatal("no memory for a request, stopping");
	assert(connection); /* nothing but on_accept() makes streams */
	connection_settle(connection);
	request->inner = inner;
	request->connection = connection;
	request->peer = connection->peer;
	(void)snprintf(request->address, sizeof(request->address), "%s", connection->address_text);
	if (connection->address)
		memcpy(request->network, connection->address->network, sizeof(request->network));
	connection->request = request;
	connection_enter(connection, CONNECTION_HANDLING);
	server->handler(server->context, request);
}

static void on_accept_error(struct evconnlistener *listener, void *userdata)
{
	struct http_server *server = userdata;

	(void)listener;
	if (log_allowed(&server->accept_log))
		log_error("cannot accept a connection: %m, it waits");
}

int http_server_new(struct event_base *base, const struct limits *limits, size_t body_max,
	SSL_CTX *tls, struct http_server **ret_server)
{
	struct http_server *server;

	if (!library_is_fixed())
		return -EPROTO;
	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->base = base;
	server->limits = limits;
	server->accept_log.burst = 5;
	server->http = evhttp_new(base);
	server->admit = event_new(base, -1, 0, on_admit, server);
	server->open_door = event_new(base, -1, 0, on_open_door, server);
	server->connections = connections_new(limits);
	if (!server->http || !server->admit || !server->open_door || !server->connections) {
		http_server_free(server);
		return -ENOMEM;
	}
	evhttp_set_bevcb(server->http, on_accept, server);
	evhttp_set_gencb(server->http, on_request, server);
	evhttp_set_timeout(server->http, TIMEOUT_SECONDS);
	evhttp_set_max_headers_size(server->http, (ssize_t)limits->header_bytes);
	evhttp_set_max_body_size(server->http, (ssize_t)body_max);
	evhttp_set_default_content_type(server->http, NULL);
	/* those that have no route too: their refusal says more than evhttp's would */
	evhttp_set_allowed_methods(
		server->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
				      EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	http_server_set_tls(server, tls);
	*ret_server = server;
	return 0;
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	if (server->http)
		evhttp_free(server->http); /* and its connections, whose SSL free ours */
	if (server->admit)
		event_free(server->admit);
	if (server->open_door)
		event_free(server->open_door);
	connections_free(server->connections);
	SSL_CTX_free(server->tls);
	free(server);
}

void http_server_handle(struct http_server *server, http_handler handler, void *context)
{
	server->handler = handler;
	server->context = context;
}

int http_server_listen(struct http_server *server, int fd)
{
	uint32_t handshakes = server->limits->handshakes;
	int backlog = handshakes < SOMAXCONN / WAIT_SECONDS ? (int)handshakes * WAIT_SECONDS
							    : SOMAXCONN;
	struct evconnlistener *listener;

	if (server->listener_count == LISTEN_MAX)
		return -E2BIG;
	listener = evconnlistener_new(server->base, NULL, NULL,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, backlog, fd);
	if (!listener)
		return -ENOMEM;
	if (!evhttp_bind_listener(server->http, listener)) {
		evconnlistener_free(listener);
		return -ENOMEM;
	}
	evconnlistener_set_error_cb(listener, on_accept_error);
	server->listeners[server->listener_count++] = listener;
	return 0;
}

void http_server_set_tls(struct http_server *server, SSL_CTX *tls)
{
	SSL_CTX_free(server->tls);
	server->tls = tls;
	connections_watch(tls);
}

SSL_CTX *http_server_tls(struct http_server *server)
{
	return server->tls;
}

void http_server_sweep(struct http_server *server)
{
	connections_sweep(server->connections);
}

unsigned int http_server_close_device(
	struct http_server *server, const uint8_t device[CONSOLE_UID_SIZE])
{
	return connections_close_device(server->connections, device);
}

unsigned int http_server_connections(const struct http_server *server)
{
	return connections_count(server->connections);
}

enum http_method http_request_method(const struct http_request *request)
{
	switch ((int)evhttp_request_get_command(request->inner)) {
	case EVHTTP_REQ_GET:
		return HTTP_GET;
	case EVHTTP_REQ_POST:
		return HTTP_POST;
	default:
		return HTTP_OTHER;
	}
}

const char *http_request_method_text(const struct http_request *request)
{
	static const char *const texts[] = {"GET", "POST", "another method"};

	return texts[http_request_method(request)];
}

const char *http_request_target(const struct http_request *request)
{
	return evhttp_request_get_uri(request->inner);
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(request->inner), name);
}

unsigned int http_request_count_headers(const struct http_request *request, const char *name)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(request->inner);
	const struct evkeyval *header;
	unsigned int count = 0;

	for (header = headers->tqh_first; header; header = header->next.tqe_next)
		count += !name || !strcasecmp(header->key, name);
	return count;
}

const uint8_t *http_request_body(struct http_request *request, size_t *ret_size)
{
	struct evbuffer *buffer = evhttp_request_get_input_buffer(request->inner);
	size_t size = evbuffer_get_length(buffer);
	const uint8_t *body = size ? evbuffer_pullup(buffer, -1) : (const uint8_t *)"";

	if (!body)
		fatal("no memory for a request, stopping");
	*ret_size = size;
	return body;
}

const struct tls_peer *http_request_peer(const struct http_request *request)
{
	return &request->peer;
}

const char *http_request_address(const struct http_request *request)
{
	return request->address;
}

const uint8_t *http_request_network(const struct http_request *request)
{
	return request->network;
}

X509_NAME *http_request_subject(const struct http_request *request)
{
	const struct connection *connection = request->connection;
	const uint8_t *at = connection ? connection->subject : NULL;

	return at ? d2i_X509_NAME(NULL, &at, connection->subject_size) : NULL;
}

void http_request_orphan(struct http_request *request)
{
	request->connection = NULL;
}

bool http_request_is_gone(const struct http_request *request)
{
	return !request->connection;
}

/* The library's shape of a release. */
static void release_body(const void *bytes, size_t size, void *userdata)
{
	struct http_body *body = userdata;

	(void)bytes;
	(void)size;
	body->release(body->userdata);
	free(body);
}

static void add_body(struct evbuffer *buffer, const struct http_answer *answer)
{
	struct http_body *body;

	if (!answer->release) {
		if (answer->size && evbuffer_add(buffer, answer->body, answer->size) < 0)
			fatal("no memory for an answer, stopping");
		return;
	}
	body = malloc(sizeof(*body));
	if (!body)
		fatal("no memory for an answer, stopping");
	*body = (struct http_body){answer->release, answer->userdata};
	if (evbuffer_add_reference(buffer, answer->body, answer->size, release_body, body) < 0)
		fatal("no memory for an answer, stopping");
}

static void on_sent(struct evhttp_request *inner, void *userdata)
{
	(void)inner;
	connection_enter(userdata, CONNECTION_IDLE);
}

static void add_header(struct evkeyvalq *headers, const char *name, const char *value)
{
	if (evhttp_add_header(headers, name, value) < 0)
		fatal("no memory for an answer, stopping");
}

void http_answer(struct http_request *request, const struct http_answer *answer)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request->inner);

	if (answer->type)
		add_header(headers, "Content-Type", answer->type);
	add_header(headers, "Cache-Control", "no-store");
	for (unsigned int i = 0; i < HTTP_ANSWER_HEADERS && answer->headers[i].name; i++)
		add_header(headers, answer->headers[i].name, answer->headers[i].value);
	if (answer->is_last)
		add_header(headers, "Connection", "close");
	add_body(evhttp_request_get_output_buffer(request->inner), answer);
	if (request->connection) {
		request->connection->request = NULL;
		request->connection->is_last = answer->is_last;
		connection_enter(request->connection, CONNECTION_REPLYING);
		evhttp_request_set_on_complete_cb(request->inner, on_sent, request->connection);
	}
	evhttp_send_reply(
		request->inner, answer->status, NULL, NULL); /* also when the peer has gone */
	free(request);
}
