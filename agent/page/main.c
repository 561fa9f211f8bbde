/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-page: started by holdfastd as its own user for one question: does this person sign in at the
 * organisation's page? Descriptor 3 is the socket to holdfast-verify. It alone of the verification speaks
 * to the network and parses what comes from there; it holds no secret, and its word counts for the one
 * proof that it was asked for.
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/ipc/worker.h"
#include "agent/page/device_flow.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/privileges.h"

#define VERIFIER_FD 3
#define FIELD_SIZE  256

struct question {
	char issuer[FIELD_SIZE], client[FIELD_SIZE], claim[FIELD_SIZE], domain[FIELD_SIZE];
	char ca[FIELD_SIZE], user[FIELD_SIZE];
};

static void question_read(struct question *ret_question)
{
	static uint8_t packet[WORKER_FRAME_MAX];
	ssize_t got = recv(VERIFIER_FD, packet, sizeof(packet), 0);
	struct bytes_reader payload;
	uint16_t type;

	if (got <= 0 || wire_open(packet, (size_t)got, &type, &payload) < 0 ||
		type != WORKER_QUESTION)
		fatal("no question from holdfast-verify, stopping");
	bytes_get_string(&payload, ret_question->issuer, FIELD_SIZE);
	bytes_get_string(&payload, ret_question->client, FIELD_SIZE);
	bytes_get_string(&payload, ret_question->claim, FIELD_SIZE);
	bytes_get_string(&payload, ret_question->domain, FIELD_SIZE);
	bytes_get_string(&payload, ret_question->ca, FIELD_SIZE);
	bytes_get_string(&payload, ret_question->user, FIELD_SIZE);
	if (!bytes_is_done(&payload))
		fatal("broken question from holdfast-verify, stopping");
}

static bool answer_send(const struct worker_answer *answer)
{
	uint8_t buffer[WORKER_FRAME_MAX];
	struct bytes_writer frame;
	int size;

	worker_answer_put(&frame, buffer, sizeof(buffer), answer);
	size = wire_end(&frame);
	return size > 0 && send(VERIFIER_FD, buffer, (size_t)size, MSG_NOSIGNAL) == size;
}

static bool show(const char *address, const char *code, void *userdata)
{
	static struct worker_answer answer = {.type = WORKER_SHOW};

	(void)userdata; /* there is one socket */
	if (strlen(address) >= sizeof(answer.words) || strlen(code) >= sizeof(answer.code))
		return false;
	(void)snprintf(answer.words, sizeof(answer.words), "%s", address);
	(void)snprintf(answer.code, sizeof(answer.code), "%s", code);
	return answer_send(&answer);
}

/* It says nothing more; when it can be read, it is closed. */
static bool is_gone(void *userdata)
{
	struct pollfd wait = {VERIFIER_FD, POLLIN, 0};

	(void)userdata;
	return poll(&wait, 1, 0) != 0;
}

static void restrict_self(void)
{
	const struct privileges wanted = {.uid = getuid(), .gid = getgid(), .group = (gid_t)-1};
	int r;

	if (getuid() == 0)
		fatal("does not run as root: holdfastd(8) starts it as user holdfast-page, "
		      "stopping");
	r = privileges_drop(&wanted);
	if (r < 0)
		fatal("cannot give up privileges: %s, stopping", strerror(-r));
	r = filter_load(FILTER_FILES | FILTER_IPC | FILTER_NAMES | FILTER_NETWORK);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}

int main(void)
{
	static struct worker_answer answer = {.type = WORKER_VERDICT};
	static struct question question;
	const struct device_flow_wish wish = {.issuer = question.issuer,
		.client = question.client,
		.claim = question.claim,
		.domain = question.domain,
		.ca = question.ca,
		.user = question.user,
		.show = show,
		.is_gone = is_gone};

	if (fcntl(VERIFIER_FD, F_GETFD) < 0) {
		(void)fprintf(stderr, "holdfast-page is started by holdfastd(8)\n");
		return 2;
	}
	log_open("holdfast-page", false);
	(void)signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of write(2) */
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL); /* reads its files before the filter */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		fatal("cannot start libcurl, stopping");
	restrict_self();
	question_read(&question);
	answer.error = device_flow_run(&wish, answer.words);
	return answer_send(&answer) ? EXIT_SUCCESS : EXIT_FAILURE;
}
