/* SPDX-License-Identifier: Apache-2.0 */
/* One TLS connection as a client, never blocking but for the resolver: TLS 1.2 or later, the server's name is checked. */
#ifndef HOLDFAST_CONSOLE_EXPORTER_TLS_CLIENT_H
#define HOLDFAST_CONSOLE_EXPORTER_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console/exporter/config.h"

#define TLS_CLIENT_TIMEOUT_MS 15000 /* for connecting and the handshake */
#define TLS_CLIENT_ERROR_SIZE 160

struct tls_client;

/* Reads CA, certificate and key; fatal(). */
struct tls_client *tls_client_new(const struct config_output *output);

enum tls_client_state {
	TLS_CLIENT_CLOSED,
	TLS_CLIENT_CONNECTING,
	TLS_CLIENT_SHAKING,
	TLS_CLIENT_OPEN
};
enum tls_client_state tls_client_state(const struct tls_client *client);
/* Begins to connect. The name is resolved while the process waits: it has nothing else to do. */
int tls_client_connect(struct tls_client *client);
/* At once; what is in flight is lost. */
void tls_client_close(struct tls_client *client);
/* Says goodbye, too. */
void tls_client_end(struct tls_client *client);
int tls_client_fd(const struct tls_client *client);
short tls_client_events(const struct tls_client *client);
/*
 * Goes on after poll(): connects, shakes hands, reads what the server says, which is of no interest
 * but for its TLS. 0, or -EIO once it is closed, with tls_client_error().
 */
int tls_client_work(struct tls_client *client);
/* Bytes taken, 0 = not now, -EIO as above. What was not taken is to come again as it is. */
int tls_client_write(struct tls_client *client, const void *bytes, size_t size);
const char *tls_client_error(const struct tls_client *client);

/*
 * What of it has arrived, in bytes on the wire: what was written up to now stands in front of
 * tls_client_mark(), and the server's kernel has acknowledged it once tls_client_received_mark() is
 * that high (tcp(7), SIOCOUTQ). TLS has no better word: a KeyUpdate that asks for an answer (RFC 8446,
 * 4.6.3) gets it with the server's next data, of which there is none.
 */
uint64_t tls_client_mark(const struct tls_client *client);
uint64_t tls_client_received_mark(const struct tls_client *client);

#endif
