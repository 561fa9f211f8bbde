/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all requests to consoles share: connections, and who we are on them. TLS 1.3, the console's
 * CA pinned, the device's certificate once there is one. No threads but those in which libcurl
 * resolves names.
 */
#ifndef HOLDFAST_AGENT_UPLINK_NETWORK_H
#define HOLDFAST_AGENT_UPLINK_NETWORK_H

#include <curl/curl.h>
#include <openssl/types.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/uplink/config.h"
#include "common/cleanup.h"

#define NETWORK_CHAIN_MAX    8
#define NETWORK_TRANSFER_MAX 2
#define NETWORK_POLL_MAX     8

struct network;

/* Of the last transfer of a slot that ended: CURLE_OK or not. */
struct network_transfer {
	CURL *easy; /* own; NULL: none is under way */
	bool is_done;
	CURLcode result;
};

/* NULL without memory. Caller frees; the transfers of its slots are ended by then. */
struct network *network_new(void);
void network_free(struct network *network);
CLEANUP_DEFINE(struct network, network_free)

/* From now on: the chain, the device's first; takes references. Connections and transfers end. */
void network_identify(struct network *network, X509 *const *chain, size_t count);
/* Sets on a handle what is the same for all. False without memory. */
bool network_prepare(struct network *network, CURL *easy, const struct config *config);
/* Begins a transfer in a slot, which is borrowed until network_drop(). 0 or -ENOMEM. */
int network_add(struct network *network, struct network_transfer *transfer);
/* Ends it, done or not. */
void network_drop(struct network *network, struct network_transfer *transfer);
/*
 * Waits up to timeout_ms for the network, or for the descriptors in polls, whose revents it sets.
 * Transfers that ended are marked.
 */
void network_wait(
	struct network *network, struct pollfd *polls, unsigned int count, int timeout_ms);

#endif
