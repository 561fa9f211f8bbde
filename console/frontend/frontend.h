/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that devices talk to: TLS and HTTP, no database and no key but the server's own.
 * holdfast-console(8) starts it by executing itself.
 *
 *   holdfast-console frontend --listen ADDRESS:PORT --tls-dir DIR --store-fd N --authority-fd N
 *		[--user NAME] [--life-fd N] [--limits NAME=N,...] [--verbose]
 *
 *   --listen        as often as FRONTEND_LISTEN_MAX; "0.0.0.0:8443", "[::]:8443"
 *   --tls-dir       with FRONTEND_CERTIFICATE (the server's, then the issuing one; PEM) and
 *                   FRONTEND_KEY, as ca_files_server() makes them. Opened while still privileged.
 *                   SIGHUP reads both again, as that user: it must own the key for that
 *   --store-fd      end of a SOCK_SEQPACKET pair, frames of console/ipc/messages.h; the other end
 *                   is the store's
 *   --authority-fd  likewise, the other end is the authority's, which sends CONSOLE_CHAIN first
 *   --user          who to become after listening; without it, stays who it is
 *   --life-fd       a pipe or socket: 'R' is written once connections are taken, then 'L' every
 *                   two seconds from the event loop; what cannot be written is dropped
 *   --limits        for tests and large sites: the names in limits.h
 *
 * SIGTERM ends it with status 0. It ends with status 1 when one of its peers is gone or speaks
 * wrongly: then the three processes are to be started anew.
 *
 * What devices see is in SECTION "Routes" of route.h.
 */
#ifndef HOLDFAST_CONSOLE_FRONTEND_FRONTEND_H
#define HOLDFAST_CONSOLE_FRONTEND_FRONTEND_H

#define FRONTEND_LISTEN_MAX  8
#define FRONTEND_CERTIFICATE "server.crt"
#define FRONTEND_KEY	     "server.key"

/* argv[0] is the word "frontend". The process's exit status. */
int frontend_main(int argc, char **argv);

#endif
