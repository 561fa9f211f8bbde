/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local socket: holdfastd makes it and hands it over, so this process needs no right to a directory.
 * Whose a connection is the kernel says (SO_PEERCRED): the engine's user and root are served, each with
 * its own verbs; anybody else's is closed. One request at a time each, which is answered at once.
 */
#ifndef HOLDFAST_AGENT_KEYRING_LOCAL_H
#define HOLDFAST_AGENT_KEYRING_LOCAL_H

#include <poll.h>
#include <sys/types.h>

#include "agent/keyring/keyring.h"

#define LOCAL_PEER_MAX 32 /* connections at a time; one more is closed */
#define LOCAL_POLL_MAX (1 + LOCAL_PEER_MAX)

struct local;

/*
 * Takes the listening descriptor over; -EBADF: nobody can ask here. engine: its user. 0 or negative errno. The
 * caller frees.
 */
int local_new(int listen_fd, uid_t engine, struct local **ret_local);
/* Accepts NULL. */
void local_free(struct local *local);
CLEANUP_DEFINE(struct local, local_free)

/* What to wait for: that many of LOCAL_POLL_MAX. */
unsigned int local_poll_fill(const struct local *local, struct pollfd polls[LOCAL_POLL_MAX]);
/* Serves what came; polls as it was filled, count as it was returned. */
void local_on_poll(struct local *local, struct keyring *keyring, const struct pollfd *polls,
	unsigned int count);

#endif
