/* SPDX-License-Identifier: Apache-2.0 */
/* The workers' side of this process: one socket each, a question, what it shows, its verdict. */
#include <errno.h>
#include <json-c/json.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/ipc/worker.h"
#include "agent/verify/verifier.h"
#include "common/cleanup.h"

/* The question waits in the socket until the worker runs. 0 or negative errno. */
static int ask(struct verifier *verifier, struct client *client,
	const struct worker_request *request, struct bytes_writer *question)
{
	auto_close int own = -EBADF, theirs = -EBADF;
	uint8_t bytes[WORKER_REQUEST_SIZE];
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	own = ends[0];
	theirs = ends[1];
	r = wire_end(question);
	if (r < 0)
		return r;
	r = channel_packet(own, question->start, question->used, -1);
	if (r < 0)
		return r;
	worker_request_put(bytes, request);
	r = channel_packet(verifier->supervisor_fd, bytes, sizeof(bytes), theirs);
	if (r < 0)
		return r;
	channel_init(&client->worker, take_fd(own), WORKER_FRAME_MAX);
	return 0;
}

static void ask_or_end(struct verifier *verifier, struct client *client,
	const struct worker_request *request, struct bytes_writer *question)
{
	int r = ask(verifier, client, request, question);

	explicit_bzero(question->start, question->used);
	if (r < 0)
		client_end(client, r, "nobody can be asked now: %s", strerror(-r));
}

void worker_ask_password(struct verifier *verifier, struct client *client, const char *password)
{
	const struct worker_request request = {.kind = WORKER_PASSWORD, .uid = client->uid};
	uint8_t buffer[WORKER_FRAME_MAX];
	struct bytes_writer question;

	if (client->uid < WORKER_UID_MIN || client->uid == WORKER_UID_NOBODY) {
		client_end(client, -EPERM,
			"passwords of people are asked for, not of root or services; see verify in "
			"holdfast-policy(5)");
		return;
	}
	wire_begin(&question, buffer, sizeof(buffer), WORKER_QUESTION);
	bytes_put_string(&question, password);
	ask_or_end(verifier, client, &request, &question);
}

void worker_ask_page(struct verifier *verifier, struct client *client)
{
	const struct worker_request request = {.kind = WORKER_PAGE, .uid = client->uid};
	const struct verify_config *config = &verifier->config;
	const struct passwd *user = getpwuid(client->uid);
	uint8_t buffer[WORKER_FRAME_MAX];
	struct bytes_writer question;

	if (!user) {
		client_end(client, -ENOENT, "user id %u has no name here", client->uid);
		return;
	}
	wire_begin(&question, buffer, sizeof(buffer), WORKER_QUESTION);
	bytes_put_string(&question, config->page_issuer);
	bytes_put_string(&question, config->page_client);
	bytes_put_string(&question, config->page_claim);
	bytes_put_string(&question, config->page_domain);
	bytes_put_string(&question, config->page_ca);
	bytes_put_string(&question, user->pw_name);
	ask_or_end(verifier, client, &request, &question);
}

static void show(struct client *client, const struct worker_answer *answer)
{
	struct json_object *line = json_object_new_object();

	(void)json_object_object_add(line, "address", json_object_new_string(answer->words));
	(void)json_object_object_add(
		line, "code", json_object_new_string(answer->code)); /* no memory: less is shown */
	client_line(client, line);
}

void worker_on_poll(struct verifier *verifier, struct client *client, short events)
{
	static struct worker_answer answer; /* too large for the stack */
	uint8_t packet[WORKER_FRAME_MAX];
	auto_close int fd = -EBADF; /* none is expected */
	int size;

	if (!(events & (POLLIN | POLLHUP | POLLERR)))
		return;
	size = channel_receive(&client->worker, packet, sizeof(packet), &fd);
	if (size == -EAGAIN || size == -EINTR)
		return;
	if (size <= 0 || worker_answer_decode(packet, (size_t)size, &answer) < 0)
		verb_on_verdict(verifier, client, -EPROTO, "it ended without an answer");
	else if (answer.type == WORKER_SHOW)
		show(client, &answer);
	else
		verb_on_verdict(verifier, client, answer.error, answer.words);
}
