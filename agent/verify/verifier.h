/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of holdfast-verify share. Trust: a user of its own, no capability, no network; reads
 * the system bus, people's commands on its socket, and what they enrolled.
 */
#ifndef HOLDFAST_AGENT_VERIFY_VERIFIER_H
#define HOLDFAST_AGENT_VERIFY_VERIFIER_H

#include <json-c/json_object.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/ipc/verify.h"
#include "agent/verify/attempts.h"
#include "agent/verify/enrolment.h"
#include "agent/verify/logind.h"
#include "common/channel.h"

#define CLIENT_MAX	   32 /* connections */
#define CLIENT_OF_USER_MAX 4
#define BOOK_MAX	   256 /* users whose wrong tries are remembered in memory */

struct client {
	struct channel channel;
	uint32_t uid;
	uint16_t verb;	   /* under way; 0 = none */
	uint64_t proof_id; /* the engine is asked; 0 = not */
	enum verify_method method;
	struct channel worker;	      /* fd -EBADF = none */
	bool has_challenge, has_totp; /* of what is enrolled or shown in two steps */
	uint8_t challenge[VERIFY_CHALLENGE_SIZE];
	uint8_t totp_key[TOTP_KEY_SIZE];
};

struct book_row {
	uint32_t uid;
	bool is_used;
	struct attempts attempts;
};

struct verifier {
	struct channel engine;
	int supervisor_fd;
	int listen_fd;
	int state_fd; /* directory of what is enrolled */
	bool has_config;
	struct verify_config config;
	struct logind logind;
	uint64_t
		proven_until_ns; /* CLOCK_BOOTTIME: while somebody is verified, idle is looked at */
	uint64_t last_id;
	struct client *clients[CLIENT_MAX];
	unsigned int client_count;
	struct book_row book[BOOK_MAX];
};

/* book.c: wrong tries of users, also over a restart. */
uint32_t book_wait_s(struct verifier *verifier, uint32_t uid);
void book_failed(struct verifier *verifier, uint32_t uid);
void book_right(struct verifier *verifier, uint32_t uid);

/* engine_link.c */
void engine_on_poll(struct verifier *verifier, short events);
void engine_proven(struct verifier *verifier, const struct client *client);
void engine_refused(
	struct verifier *verifier, uint32_t uid, enum verify_method method, const char *why);
void engine_ended(struct verifier *verifier, uint32_t uid, enum verify_cause cause);
void engine_watching(struct verifier *verifier, bool is_watching, const char *why);
void engine_enrolled(struct verifier *verifier, const struct verify_enrolment *enrolment);

/* clients.c */
unsigned int clients_poll_fill(struct verifier *verifier, struct pollfd *polls, unsigned int most);
void clients_on_poll(struct verifier *verifier, const struct pollfd *polls, unsigned int count);
/* Proofs under way are for before; uid may be VERIFY_EVERYBODY. */
void clients_cancel(struct verifier *verifier, uint32_t uid);
/* The engine's word on a proof. */
void clients_on_taken(struct verifier *verifier, const struct verify_taken *taken);
void client_line(struct client *client, struct json_object *object);
void client_end(struct client *client, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* verbs.c */
void verb_run(struct verifier *verifier, struct client *client, struct verify_request *request);
void verb_on_taken(
	struct verifier *verifier, struct client *client, const struct verify_taken *taken);

/* enrol.c: the verbs that change what is enrolled */
void enrol_totp_begin(struct verifier *verifier, struct client *client);
void enrol_key_begin(struct verifier *verifier, struct client *client);
void enrol_totp_confirm(
	struct verifier *verifier, struct client *client, const struct verify_request *request);
void enrol_key_confirm(
	struct verifier *verifier, struct client *client, const struct verify_request *request);
void enrol_forget(
	struct verifier *verifier, struct client *client, const struct verify_request *request);

/* ask_worker.c */
/* What PAM says to the password, or what the page says. Ends the client's verb if it can't be asked. */
void worker_ask_password(struct verifier *verifier, struct client *client, const char *password);
void worker_ask_page(struct verifier *verifier, struct client *client);
void worker_on_poll(struct verifier *verifier, struct client *client, short events);
/* verbs.c: its verdict; words are none when it is proven. */
void verb_on_verdict(
	struct verifier *verifier, struct client *client, int error, const char *words);

#endif
