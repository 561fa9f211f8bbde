/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that has the database and opens what devices sealed; no network socket, but for a
 * database that is on another machine.
 * holdfast-console(8) starts it by executing itself.
 *
 *   holdfast-console store --store-dir DIR --runtime-dir DIR --frontend-fd N
 *		[--authority-fd N] [--ended N --ended-why TEXT] [--user NAME] [--life-fd N] [--verbose]
 *
 *   --store-dir    with SERVICE_SEAL_KEY and what location.h reads, all the user's
 *   --runtime-dir  where ADMIN_SOCKET_NAME (console/ipc/admin.h) is made, while still privileged
 *   --frontend-fd  end of a SOCK_SEQPACKET pair, frames of console/ipc/messages.h
 *   --authority-fd likewise, to the authority; without it no word is given of a device
 *   --ended        how often all processes were started anew, --ended-why: the last time's reason
 *   --user         who to become; without it, stays who it is
 *   --life-fd      as the frontend's: 'R' once the database is open, then 'L' every two seconds
 *
 * SIGTERM ends it with status 0; it ends with status 1 when the frontend is gone or speaks wrongly.
 */
#ifndef HOLDFAST_CONSOLE_STORE_SERVICE_H
#define HOLDFAST_CONSOLE_STORE_SERVICE_H

#include "common/channel.h"
#include "console/store/distribution.h"
#include "console/store/failures.h"
#include "console/store/ingest.h"
#include "console/store/location.h"
#include "console/store/seal_keys.h"

#define SERVICE_SEAL_KEY    "seal.key" /* X25519, 32 bytes as they are */
#define SERVICE_GROUP_MAX   512	       /* requests that share a transaction at most */
#define SERVICE_GROUP_SIZE  (2 << 20)  /* bytes of them */
#define SERVICE_REPEATS_MAX 3	       /* of a transaction that another console's has undone */

struct admin_server;
struct export_server;

struct service {
	struct store *writer;
	struct store *reader; /* what administrators look at */
	struct ingest *ingest;
	struct seal_keys seals;
	struct channel frontend, authority;
	bool has_authority;
	struct admin_server *admin;
	struct export_server *exports;
	struct distribution_files bundles;
	int signal_fd, life_fd; /* life_fd: -1 = none */
	int trouble; /* negative errno: why what devices brought last could not be stored; 0 */
	int64_t trouble_ms; /* since when */
	struct failures failures;
};

/* argv[0] is the word "store". The process's exit status. */
int store_main(int argc, char **argv);

/* peer.c: what the frontend asks, as far as it is there; answered when it is on disk. */
void peer_on_poll(struct service *service, short events);
/* A device's state has changed: its connections are to be looked at anew. */
void peer_tell_changed(struct service *service, const struct store_device *device);
/* What devices are to have may be another now. */
void peer_tell_policies(struct service *service);
/* Passes on what other consoles before the same database did. Whether there may be other keys to seal to. */
bool peer_hear_others(struct service *service);

#endif
