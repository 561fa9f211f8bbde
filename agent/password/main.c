/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-password: started by holdfastd for one question: is this the password of the user that this
 * process runs as? Descriptor 3 is the socket to holdfast-verify. PAM is asked, service
 * holdfast-verify, whose modules may do whatever they do, with the user's rights: so there is no filter
 * of system calls. The group is shadow and not the user's, so that the user's other processes may not
 * trace this one, nor the helper that reads the password: ptrace(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/ipc/worker.h"
#include "common/log.h"

#define VERIFIER_FD   3
#define SERVICE	      "holdfast-verify"
#define PASSWORD_SIZE 513
#define MESSAGES_MAX  32 /* of one conversation; PAM_MAX_NUM_MSG */

struct question {
	char password[PASSWORD_SIZE];
	bool is_given; /* once: what asks again asks for something else */
};

static int answer_one(
	const struct pam_message *message, struct pam_response *response, struct question *question)
{
	switch (message->msg_style) {
	case PAM_PROMPT_ECHO_OFF:
		if (question->is_given)
			return PAM_CONV_ERR;
		question->is_given = true;
		response->resp = strdup(question->password);
		return response->resp ? PAM_SUCCESS : PAM_BUF_ERR;
	case PAM_TEXT_INFO:
	case PAM_ERROR_MSG:
		return PAM_SUCCESS; /* the person is told what came of it */
	default:
		return PAM_CONV_ERR; /* nobody is there to be asked more */
	}
}

static int converse(int count, const struct pam_message **messages,
	struct pam_response **ret_responses, void *userdata)
{
	struct pam_response *responses;
	int r = PAM_SUCCESS;

	if (count <= 0 || count > MESSAGES_MAX)
		return PAM_CONV_ERR;
	responses = calloc((size_t)count, sizeof(*responses));
	if (!responses)
		return PAM_BUF_ERR;
	for (int i = 0; i < count && r == PAM_SUCCESS; i++)
		r = answer_one(messages[i], &responses[i], userdata);
	if (r == PAM_SUCCESS) {
		*ret_responses = responses; /* PAM frees them */
		return r;
	}
	for (int i = 0; i < count; i++)
		free(responses[i].resp);
	free(responses);
	return r;
}

/* 0; -EACCES when it is the wrong one; negative errno when nobody could say. */
static int ask_pam(const char *user, struct question *question, struct worker_answer *answer)
{
	const struct pam_conv conversation = {converse, question};
	pam_handle_t *handle = NULL;
	int r;

	r = pam_start(SERVICE, user, &conversation, &handle);
	if (r == PAM_SUCCESS)
		r = pam_authenticate(handle, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (r == PAM_SUCCESS)
		r = pam_acct_mgmt(handle, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	(void)snprintf(answer->words, sizeof(answer->words), "%s",
		r == PAM_SUCCESS    ? ""
		: r == PAM_AUTH_ERR ? "the password is wrong"
				    : pam_strerror(handle, r));
	(void)pam_end(handle, r); /* it is over either way */
	switch (r) {
	case PAM_SUCCESS:
		return 0;
	case PAM_AUTH_ERR:
	case PAM_USER_UNKNOWN:
	case PAM_MAXTRIES:
	case PAM_PERM_DENIED:
		return -EACCES;
	case PAM_ACCT_EXPIRED:
	case PAM_NEW_AUTHTOK_REQD: /* it was right, and is to be changed first */
		return -EPERM;
	default:
		return -EIO;
	}
}

static void question_read(struct question *ret_question)
{
	static uint8_t packet[WORKER_FRAME_MAX];
	ssize_t got = recv(VERIFIER_FD, packet, sizeof(packet), 0);
	struct bytes_reader payload;
	uint16_t type;

	if (got <= 0 || wire_open(packet, (size_t)got, &type, &payload) < 0 ||
		type != WORKER_QUESTION)
		fatal("no question from holdfast-verify, stopping");
	bytes_get_string(&payload, ret_question->password, sizeof(ret_question->password));
	if (!bytes_is_done(&payload))
		fatal("broken question from holdfast-verify, stopping");
	explicit_bzero(packet, sizeof(packet));
}

static void restrict_self(void)
{
	const struct rlimit none = {0, 0};

	if (getuid() < WORKER_UID_MIN)
		fatal("does not run as root or a service, stopping");
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fatal("cannot restrict itself: %m, stopping");
}

int main(void)
{
	struct worker_answer answer = {.type = WORKER_VERDICT};
	static struct question question;
	uint8_t buffer[WORKER_FRAME_MAX];
	const struct passwd *user;
	struct bytes_writer frame;
	int size;

	if (fcntl(VERIFIER_FD, F_GETFD) < 0) {
		(void)fprintf(stderr, "holdfast-password is started by holdfastd(8)\n");
		return 2;
	}
	log_open("holdfast-password", false);
	restrict_self();
	/* PAM's helpers get a clean environment and not this socket. */
	(void)clearenv();
	if (fcntl(VERIFIER_FD, F_SETFD, FD_CLOEXEC) < 0)
		fatal("cannot keep the socket to itself: %m, stopping");
	question_read(&question);
	user = getpwuid(getuid());
	if (user) {
		answer.error = ask_pam(user->pw_name, &question, &answer);
	} else {
		answer.error = -ENOENT;
		(void)snprintf(answer.words, sizeof(answer.words), "the user has no name here");
	}
	explicit_bzero(&question, sizeof(question));
	worker_answer_put(&frame, buffer, sizeof(buffer), &answer);
	size = wire_end(&frame);
	if (size < 0 || send(VERIFIER_FD, buffer, (size_t)size, MSG_NOSIGNAL) < 0)
		return EXIT_FAILURE; /* nobody waits any more */
	return EXIT_SUCCESS;
}
