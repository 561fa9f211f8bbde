/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS 1.3 as the frontend speaks it. Client certificates are asked for but need not be shown: EST's
 * first calls come without. One that is shown must be good, or the handshake fails.
 */
#ifndef HOLDFAST_CONSOLE_FRONTEND_TLS_H
#define HOLDFAST_CONSOLE_FRONTEND_TLS_H

#include <openssl/types.h>

#include "console/ipc/messages.h"

#define TLS_FILE_MAX	   65536 /* bytes of server.crt, server.key */
#define TLS_TICKET_SECONDS 43200
#define TLS_PEER_CHAIN_MAX 16384 /* bytes of certificates that a peer may send */

/*
 * Reads the server's certificate and key from directory_fd. earlier: what is replaced, whose tickets
 * stay good; or NULL. -ENOENT, -EACCES and the like, -EBADMSG for what is no such file or a key of
 * another certificate. Trusts nobody until tls_trust().
 */
int tls_new(int directory_fd, SSL_CTX *earlier, SSL_CTX **ret_tls);
/* Peers' certificates must be of this authority. -EBADMSG. */
int tls_trust(SSL_CTX *tls, const struct console_chain *chain);

#endif
