/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 over TLS for the frontend. Behind it is libevent's evhttp; nothing of it shows here, so
 * that another library can take its place.
 *
 * Each request that comes through is whole, within the limits, and gets one http_answer(), now or
 * later: until then it stays good, also when its peer has gone.
 */
#ifndef HOLDFAST_CONSOLE_FRONTEND_HTTP_SERVER_H
#define HOLDFAST_CONSOLE_FRONTEND_HTTP_SERVER_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console/frontend/limits.h"
#include "console/frontend/tls_peer.h"

#define HTTP_ANSWER_HEADERS  4
#define HTTP_HEADER_NAME_MAX 64

struct event_base;
struct http_request;
struct http_server;

enum http_method { HTTP_GET, HTTP_POST, HTTP_OTHER };

struct http_header {
	const char *name, *value; /* NULL name: none */
};

struct http_answer {
	uint16_t status;
	const char *type; /* of the body */
	const void *body;
	size_t size;
	struct http_header headers[HTTP_ANSWER_HEADERS];
	bool is_last; /* the connection is closed behind it */
	/* else NULL: body is not copied, and this is called when it is not needed any more */
	void (*release)(void *userdata);
	void *userdata;
};

typedef void (*http_handler)(void *context, struct http_request *request);

/*
 * limits: borrowed. body_max: larger ones are refused by their announced size, unread. Takes
 * ownership of tls on success only. -EPROTO when the library lacks the fixes of
 * 2.1.12-stable-8+deb12u1 or 2.1.13, which we need.
 */
int http_server_new(struct event_base *base, const struct limits *limits, size_t body_max,
	SSL_CTX *tls, struct http_server **ret_server);
void http_server_free(struct http_server *server);
void http_server_handle(struct http_server *server, http_handler handler, void *context);
/* Takes ownership of a listening socket. */
int http_server_listen(struct http_server *server, int fd);
/* New connections get this one. Takes ownership. */
void http_server_set_tls(struct http_server *server, SSL_CTX *tls);
SSL_CTX *http_server_tls(struct http_server *server);
/* Ends connections whose time is over; to be called once a second or so. */
void http_server_sweep(struct http_server *server);
/* Closes what that device has open; how many there were. */
unsigned int http_server_close_device(
	struct http_server *server, const uint8_t device[CONSOLE_UID_SIZE]);
unsigned int http_server_connections(const struct http_server *server);

/* All borrowed until the answer. */
enum http_method http_request_method(const struct http_request *request);
const char *http_request_method_text(const struct http_request *request);
const char *http_request_target(const struct http_request *request); /* as it was sent */
const char *http_request_header(const struct http_request *request, const char *name);
/* How many there are of that name, of any when NULL. */
unsigned int http_request_count_headers(const struct http_request *request, const char *name);
const uint8_t *http_request_body(struct http_request *request, size_t *ret_size);
const struct tls_peer *http_request_peer(const struct http_request *request);
const char *http_request_address(const struct http_request *request);
/* As address.h counts by: 16 bytes. */
const uint8_t *http_request_network(const struct http_request *request);
/* The subject of the peer's certificate, the caller's to free; NULL without one, or when the peer has gone. */
X509_NAME *http_request_subject(const struct http_request *request);

/* Nobody is there to take the answer; which is to be given all the same. */
bool http_request_is_gone(const struct http_request *request);

/* Sends it and ends request. */
void http_answer(struct http_request *request, const struct http_answer *answer);

/* For connection.c: the peer has gone. */
void http_request_orphan(struct http_request *request);

#endif
