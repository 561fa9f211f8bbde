/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends events as syslog messages over mutual TLS, round about on several connections: to whoever takes
 * RFC 5425 (octet counting), or RELP by librelp, whose window of messages not acknowledged is 128.
 *
 * usage: flood tls|relp PORT CA CERTIFICATE KEY CONNECTIONS EVENTS
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef HAVE_RELP
#include <librelp.h>
#endif

#include "tests/bench/event_line.h"

#define CONNECTIONS_MAX 64
#define CHUNK		100 /* events of one connection before the next one has its turn */
#define MESSAGE_MAX	(EVENT_LINE_MAX + 128)
#define WINDOW		128

struct plan {
	unsigned int port;
	const char *ca, *certificate, *key;
	unsigned int connections;
	unsigned long events;
};

/* Without the newline. */
static size_t message(uint64_t number, unsigned int device, char *ret_text)
{
	size_t head = (size_t)snprintf(
		ret_text, 128, "<134>1 2026-11-30T10:00:00.000Z pc-%u holdfast - - - ", device);

	return head + event_line(number, device, ret_text + head) - 1;
}

static int fail(const char *what)
{
	(void)fprintf(stderr, "flood: %s\n", what);
	return 1;
}

static SSL *open_tls(SSL_CTX *tls, unsigned int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SSL *ssl = SSL_new(tls);

	if (fd < 0 || !ssl || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
		SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
		return NULL;
	return ssl;
}

static bool send_all(SSL *ssl, const char *bytes, size_t size)
{
	return SSL_write(ssl, bytes, (int)size) == (int)size;
}

/* Until the other side has read all: who closes with tickets unread resets the connection. */
static void end_tls(SSL *ssl)
{
	char rest[4096];

	(void)SSL_shutdown(ssl); /* what was sent is counted at the other side, here and below */
	(void)shutdown(SSL_get_fd(ssl), SHUT_WR);
	while (read(SSL_get_fd(ssl), rest, sizeof(rest)) > 0)
		;
}

static int flood_tls(const struct plan *plan)
{
	static char chunk[CHUNK * (MESSAGE_MAX + 8)], text[MESSAGE_MAX];
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	SSL *links[CONNECTIONS_MAX];
	uint64_t numbers[CONNECTIONS_MAX] = {0};

	if (!tls || SSL_CTX_load_verify_locations(tls, plan->ca, NULL) != 1 ||
		SSL_CTX_use_certificate_file(tls, plan->certificate, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_use_PrivateKey_file(tls, plan->key, SSL_FILETYPE_PEM) != 1)
		return fail("certificates");
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	for (unsigned int i = 0; i < plan->connections; i++)
		if (!(links[i] = open_tls(tls, plan->port)))
			return fail("cannot connect");
	for (unsigned long sent = 0; sent < plan->events; sent += CHUNK) {
		unsigned int i = (unsigned int)(sent / CHUNK % plan->connections);
		size_t used = 0;

		for (unsigned int event = 0; event < CHUNK; event++) {
			size_t size = message(++numbers[i], i, text);

			used += (size_t)sprintf(chunk + used, "%zu ", size);
			memcpy(chunk + used, text, size);
			used += size;
		}
		if (!send_all(links[i], chunk, used))
			return fail("the connection is lost");
	}
	for (unsigned int i = 0; i < plan->connections; i++)
		end_tls(links[i]);
	return 0;
}

#ifdef HAVE_RELP
static void on_relp(char *format, ...)
{
	(void)format; /* chatter: failures are returned */
}

static relpRetVal open_relp(relpEngine_t *engine, const struct plan *plan, relpClt_t **ret_client)
{
	static unsigned char host[] = "127.0.0.1";
	relpRetVal r = relpEngineCltConstruct(engine, ret_client);

	if (r == RELP_RET_OK)
		r = relpCltSetWindowSize(*ret_client, WINDOW);
	if (r == RELP_RET_OK)
		r = relpCltEnableTLS(*ret_client);
	if (r == RELP_RET_OK)
		r = relpCltSetAuthMode(*ret_client, (char *)"certvalid");
	if (r == RELP_RET_OK)
		r = relpCltSetCACert(*ret_client, (char *)plan->ca);
	if (r == RELP_RET_OK)
		r = relpCltSetOwnCert(*ret_client, (char *)plan->certificate);
	if (r == RELP_RET_OK)
		r = relpCltSetPrivKey(*ret_client, (char *)plan->key);
	if (r == RELP_RET_OK) {
		static unsigned char port[16];

		(void)snprintf((char *)port, sizeof(port), "%u", plan->port);
		r = relpCltConnect(*ret_client, AF_INET, port, host);
	}
	return r;
}

static int flood_relp(const struct plan *plan)
{
	relpClt_t *links[CONNECTIONS_MAX];
	uint64_t numbers[CONNECTIONS_MAX] = {0};
	char text[MESSAGE_MAX];
	relpEngine_t *engine;

	if (relpEngineConstruct(&engine) != RELP_RET_OK ||
		relpEngineSetDbgprint(engine, on_relp) != RELP_RET_OK ||
		relpEngineSetEnableCmd(engine, (unsigned char *)"syslog", eRelpCmdState_Required) !=
			RELP_RET_OK ||
		relpEngineSetTLSLibByName(engine, "openssl") != RELP_RET_OK)
		return fail("no engine of RELP");
	for (unsigned int i = 0; i < plan->connections; i++)
		if (open_relp(engine, plan, &links[i]) != RELP_RET_OK)
			return fail("cannot connect");
	for (unsigned long sent = 0; sent < plan->events; sent++) {
		unsigned int i = (unsigned int)(sent / CHUNK % plan->connections);
		size_t size = message(++numbers[i], i, text);

		if (relpCltSendSyslog(links[i], (unsigned char *)text, size) != RELP_RET_OK)
			return fail("the connection is lost");
	}
	for (unsigned int i = 0; i < plan->connections; i++)
		(void)relpEngineCltDestruct(engine, &links[i]); /* waits for what is under way */
	return 0;
}
#else
static int flood_relp(const struct plan *plan)
{
	(void)plan;
	return fail("built without librelp");
}
#endif

int main(int argc, char **argv)
{
	struct plan plan;

	if (argc != 8)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	plan = (struct plan){.port = (unsigned int)strtoul(argv[2], NULL, 10),
		.ca = argv[3],
		.certificate = argv[4],
		.key = argv[5],
		.connections = (unsigned int)strtoul(argv[6], NULL, 10),
		.events = strtoul(argv[7], NULL, 10)};
	if (!plan.connections || plan.connections > CONNECTIONS_MAX)
		return 2;
	return strcmp(argv[1], "relp") ? flood_tls(&plan) : flood_relp(&plan);
}
