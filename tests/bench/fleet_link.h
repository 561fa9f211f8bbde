/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's connection to the console: TLS 1.3 on a socket that does not block, and one request after
 * the other on it. Edge-triggered epoll: link_turn() goes as far as it can.
 */
#ifndef HOLDFAST_TESTS_BENCH_FLEET_LINK_H
#define HOLDFAST_TESTS_BENCH_FLEET_LINK_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_ANSWER_MAX (1 << 20) /* bytes with its head */

struct link {
	int fd; /* -1: none */
	SSL *ssl;
	bool is_shaken; /* the handshake is done */
	bool is_resumed;
	bool is_asked; /* a request is out, or on its way */
	const char *request;
	size_t request_size, request_sent;
	char *answer; /* with its head, and a NUL behind */
	size_t answer_size, answer_room;
};

struct link_plan {
	struct sockaddr_in to, from;
	SSL_CTX *tls;
	X509 *certificate; /* NULL: none is shown */
	EVP_PKEY *key;
	SSL_SESSION *session; /* or NULL */
	int epoll_fd;
	void *userdata; /* of epoll and of the SSL's app data */
};

enum link_state { LINK_WAITS, LINK_ANSWERED, LINK_GONE };

struct link_answer {
	unsigned int status;
	const char *body;
	size_t size;
};

/* 0 or negative errno. */
int link_open(struct link *link, const struct link_plan *plan);
void link_close(struct link *link);
/* The bytes are borrowed until the answer. */
void link_ask(struct link *link, const char *request, size_t size);
enum link_state link_turn(struct link *link);
/* Of a link that has answered; good until it is asked again. */
struct link_answer link_answer(const struct link *link);
/* The request is out as a whole. */
static inline bool link_has_asked(const struct link *link)
{
	return link->is_asked && link->request_sent == link->request_size;
}

#endif
