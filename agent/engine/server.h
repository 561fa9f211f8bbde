/* SPDX-License-Identifier: Apache-2.0 */
/* Local clients: accepting, one request each at a time, answers. */
#ifndef HOLDFAST_AGENT_ENGINE_SERVER_H
#define HOLDFAST_AGENT_ENGINE_SERVER_H

#include <poll.h>

#include "agent/engine/engine.h"

#define SERVER_CLIENT_MAX	  256	    /* connections; each desktop session keeps one */
#define SERVER_CLIENT_OF_USER_MAX 16	    /* of one user who is not root */
#define SERVER_QUEUE_MAX	  (4 << 20) /* bytes waiting for one client */

struct client {
	struct channel channel;
	uint32_t uid;
	uint32_t pid;
	uint64_t request_id; /* of the sensor's answer it waits for; 0 = none */
	uint32_t lines;	     /* TAINT: sent so far */
	uint32_t sender;     /* process id of who sent the request: not who connected */
	uint64_t ticket_id;  /* TICKET: of the signature it waits for; 0 = none */
	char challenge[33];  /* TICKET: to be sent back by sender; "" = none */
	uint32_t challenged;
	bool is_witness;       /* WITNESS: of display, for as long as it is connected */
	bool is_overlay;       /* MARK: likewise */
	uint8_t overlay_state; /* LOCAL_MARK_*: what is on it */
	char display[LOCAL_LABEL_SIZE];
	struct local_request request;
};

/* Fills at most most polls; how many. */
unsigned int server_poll_fill(struct server *server, struct pollfd *polls, unsigned int most);
void server_on_poll(struct engine *engine, const struct pollfd *polls, unsigned int count);

/* Sends one JSON object; takes ownership of it. */
void client_line(struct client *client, struct json_object *object);
/* A line that is JSON already. */
void client_text(struct client *client, const char *json);
/* Ends the answer. error: 0 or negative errno, text says it in words ("" = none). */
void client_end(struct client *client, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Asks the sensor; the answer comes to verb_on_answer(). fd: -1 or borrowed. */
void client_ask(
	struct engine *engine, struct client *client, struct message_request *request, int fd);

/* The connections, by number; NULL past the last. */
const struct client *server_client(const struct engine *engine, unsigned int index);
/* The client that waits for that signature; NULL when it is gone. */
struct client *server_client_of_ticket(const struct engine *engine, uint64_t ticket_id);

/* verbs.c: fd is borrowed, -1 = none. */
void verb_run(struct engine *engine, struct client *client, int fd);
void verb_on_answer(
	struct engine *engine, struct client *client, const struct message_answer *answer);

/* verbs_lineage.c */
void verb_lineage(struct engine *engine, struct client *client, int fd);
void verb_taint(struct engine *engine, struct client *client, int fd);
void verb_on_readers(
	struct engine *engine, struct client *client, const struct message_readers *readers);
void verb_lineage_on_answer(
	struct engine *engine, struct client *client, const struct message_answer *answer);
void verb_taint_on_answer(struct client *client, const struct message_answer *answer);

/* verbs_vault.c */
void verb_vaults(struct engine *engine, struct client *client, int fd);
void verb_vault_tell(struct engine *engine, struct client *client, int fd);

/* verbs_witness.c */
void verb_witness(struct engine *engine, struct client *client, int fd);

/* Sends a client that follows what is new, as far as it reads. */
void verb_follow(const struct engine *engine, struct client *client);

/* report.c: what status and doctor say. */
/* Whether the policy is in the kernel and protects what it names. */
bool report_is_enforcing(const struct engine *engine);
struct json_object *report_status(
	const struct engine *engine, const uint64_t counters[static HF_COUNTER_MAX]);
void report_doctor(struct engine *engine, struct client *client,
	const uint64_t counters[static HF_COUNTER_MAX]);

/* report_screen.c: lines of kind screen and witness. */
void report_screen(struct engine *engine, struct client *client);

#endif
