/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is connected: how many, from where, as which device, and until when each may go on as it
 * does. Knows TLS and sockets, nothing of HTTP but when a request begins and ends.
 *
 * A connection lives as long as its SSL, in whose ex_data it hangs: whoever frees the one frees the
 * other. To end one from here, its socket is shut down: the peer sees it at once, and the HTTP
 * library clears up when it next looks, in its own order.
 */
#ifndef HOLDFAST_CONSOLE_FRONTEND_CONNECTION_H
#define HOLDFAST_CONSOLE_FRONTEND_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "console/frontend/limits.h"
#include "console/frontend/tls_peer.h"

#define CONNECTION_ADDRESS_SIZE 64

struct bufferevent;
struct http_request;
struct address_count;
struct connections;

enum connection_phase {
	CONNECTION_FRESH, /* not looked at yet */
	CONNECTION_HANDSHAKE,
	CONNECTION_IDLE,
	CONNECTION_READING,  /* a request */
	CONNECTION_HANDLING, /* it; whoever does has a time limit of their own */
	CONNECTION_REPLYING,
	CONNECTION_CLOSING,
};

struct connection {
	TAILQ_ENTRY(connection) entry;
	struct connections *all;
	struct bufferevent *stream;		/* borrowed; NULL until connection_add() */
	SSL *ssl;				/* borrowed */
	struct address_count *address, *device; /* NULL: of nobody yet */
	struct http_request *request;		/* borrowed; the one being handled */
	uint64_t deadline_ns;
	enum connection_phase phase;
	bool is_stranger;
	bool is_last;	 /* is closed behind the answer that it gets now */
	bool is_settled; /* see connection_settle() */
	struct tls_peer peer;
	uint8_t *subject; /* of its certificate, in DER; NULL without one */
	int subject_size;
	char address_text[CONNECTION_ADDRESS_SIZE];
};

/* limits: borrowed. NULL without memory. */
struct connections *connections_new(const struct limits *limits);
/* Once all are gone. */
void connections_free(struct connections *connections);

/* For each SSL_CTX: tells connections of handshakes' ends and alerts. */
void connections_watch(SSL_CTX *tls);
/* A connection was accepted, of which only this is known so far. NULL without memory. */
struct connection *connection_add(
	struct connections *connections, SSL *ssl, struct bufferevent *stream);
/*
 * How long no more are to be accepted, so that no more handshakes begin than may. They wait before
 * the door, at no cost, in the order in which they came.
 */
uint64_t connections_wait_ns(struct connections *connections);
struct connection *connection_of(const SSL *ssl);
/* Looks at those that were added since: who they are, and whether there is room for them. */
void connections_admit(struct connections *connections);
/* Called of HTTP, before its first request: the handshake is behind it, and so is what only that needed. */
void connection_settle(struct connection *connection);
/* Called of HTTP: the next phase, and until when. */
void connection_enter(struct connection *connection, enum connection_phase phase);
/* Ends those whose time is over. */
void connections_sweep(struct connections *connections);
/* But for one that gets its last answer now. How many there were. */
unsigned int connections_close_device(
	struct connections *connections, const uint8_t device[CONSOLE_UID_SIZE]);
void connection_close(struct connection *connection);
unsigned int connections_count(const struct connections *connections);

#endif
