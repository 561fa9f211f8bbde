/* SPDX-License-Identifier: Apache-2.0 */
/* What the frontend's parts share; main.c makes it. */
#ifndef HOLDFAST_CONSOLE_FRONTEND_STATE_H
#define HOLDFAST_CONSOLE_FRONTEND_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/channel.h"
#include "common/log.h"
#include "console/frontend/http_server.h"
#include "console/frontend/limits.h"
#include "console/frontend/pending.h"
#include "console/frontend/rate.h"
#include "console/ipc/messages.h"

struct event;
struct event_base;
struct waiting;

/* Another of the console's processes. */
struct peer {
	struct frontend *frontend;
	const char *name;
	struct channel channel;
	struct event *readable, *writable;
	/* fd: that came with it, -1 = none; closed behind it */
	void (*take)(
		struct frontend *frontend, uint16_t type, struct bytes_reader *payload, int fd);
};

struct frontend {
	struct limits limits;
	struct event_base *base;
	struct http_server *server;
	struct peer store, authority;
	struct pending_table *pending;
	struct waiting *waiting;
	struct console_chain chain; /* count 0 until the authority has sent it */
	char *cacerts;		    /* the answer, base64; own */
	struct rate_table failures; /* to enrol */
	/* of refusals: strangers must not use up the lines that devices' need */
	struct log_limit device_log, stranger_log;
	int tls_directory_fd;
	int life_fd;
};

/* peers.c */

/* Takes ownership of fd. -ENOMEM. */
int peer_open(struct frontend *frontend, struct peer *peer, int fd);
void peer_close(struct peer *peer);
/* A frame to fill, one at a time. */
struct bytes_writer *peer_begin(uint16_t type);
/* -ENOBUFS when it has too much to do already; that it is gone is fatal(). */
int peer_send(struct peer *peer);
/* Waits for the authority's first message; before the event loop runs. */
void peers_wait_for_chain(struct frontend *frontend);

/* dispatch.c: every request first comes here. */
void dispatch(void *context, struct http_request *request);

/* exchange.c */

/* Whom the store said it is; what comes next is in device.c and enrol.c. */
void exchange_take_store(
	struct frontend *frontend, uint16_t type, struct bytes_reader *payload, int fd);
void exchange_take_authority(
	struct frontend *frontend, uint16_t type, struct bytes_reader *payload, int fd);
/* A place for a question about that request; NULL: it was refused as busy. */
struct pending *exchange_begin(
	struct frontend *frontend, struct http_request *request, enum pending_stage stage);
/* Sends the frame begun; when it can't be, the request is refused and pending is gone. */
void exchange_ask(struct frontend *frontend, struct pending *pending, struct peer *peer);
/* Ends it with a refusal. device: what else to tell, or NULL. */
void exchange_refuse(struct frontend *frontend, struct pending *pending, uint16_t refusal,
	const struct console_device *device);
/* Refuses what waited too long. */
void exchange_sweep(struct frontend *frontend);

/* Answers to what was asked; each ends pending or asks on. */
void device_answer(
	struct frontend *frontend, struct pending *pending, const struct console_device *device);
void events_answer(
	struct frontend *frontend, struct pending *pending, const struct console_device *device);
void enrol_admitted(
	struct frontend *frontend, struct pending *pending, const struct console_device *device);
void enrol_signed(
	struct frontend *frontend, struct pending *pending, const struct console_signed *answer);
void enrol_certified(struct frontend *frontend, struct pending *pending);
/* Sets cacerts from chain; -EBADMSG. */
int enrol_make_cacerts(struct frontend *frontend);

/* policy.c */

/* fd: of the bundle, -1 = none; stays the caller's. */
void policy_answer(struct frontend *frontend, const struct console_policy *policy, int fd);
/* Those that wait are asked for anew. */
void policy_changed(struct frontend *frontend);
/* The device's state is another one; is_ending: its connections are to end. */
void policy_device_changed(
	struct frontend *frontend, const uint8_t device[CONSOLE_UID_SIZE], bool is_ending);
/* Ends those whose time is over, or whose peer is gone. */
void policy_sweep(struct frontend *frontend);

/* lease.c */
void receipt_answer(struct frontend *frontend, struct pending *pending, uint16_t refusal);
void lease_answer(
	struct frontend *frontend, struct pending *pending, const struct console_word *word);

/* keyless.c */
void keyless_answer(struct frontend *frontend, struct pending *pending, uint16_t refusal);

/* check.c */
void check_answer(
	struct frontend *frontend, struct pending *pending, const struct console_checked *checked);

/* answer.c */

/* Refuses in JSON and logs it; device: what is told of BATCH_GAP and the like, or NULL. */
void answer_refusal(struct frontend *frontend, struct http_request *request, uint16_t refusal,
	const struct console_device *device);
/* As above, with one more header. */
void answer_refusal_with(struct frontend *frontend, struct http_request *request, uint16_t refusal,
	const struct http_header *header);

#endif
