/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An application that asks the agent for a ticket, and one that cheats:
 *
 *   asker ask AUDIENCE              asks, sends the challenge back, prints the ticket; status 1: refused
 *   asker become AUDIENCE PROGRAM   a process asks and becomes PROGRAM, which is verified, before the
 *                                   agent looks; another one, which has the socket too, takes the
 *                                   answer and sends the challenge back. Prints the ticket; status 1: none
 *   asker sleep                     what PROGRAM does then
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/ipc/request.h"

static void request_send(int fd, const char *audience, const char *challenge)
{
	static uint8_t packet[LOCAL_REQUEST_MAX];
	static struct local_request request = {.type = LOCAL_TICKET};
	struct bytes_writer frame;

	(void)snprintf(request.audience, sizeof(request.audience), "%s", audience);
	(void)snprintf(request.challenge, sizeof(request.challenge), "%s", challenge);
	local_request_put(&frame, packet, sizeof(packet), &request);
	if (wire_end(&frame) < 0 || send(fd, packet, frame.used, MSG_NOSIGNAL) < 0) {
		perror("send");
		exit(2);
	}
}

/* The value of a member, in quotes. */
static bool value_of(const char *text, const char *name, char *ret_value, size_t size)
{
	const char *at = strstr(text, name);

	if (!at)
		return false;
	at += strlen(name);
	(void)snprintf(ret_value, size, "%.*s", (int)strcspn(at, "\""), at);
	return true;
}

/* Reads to the end of an answer. 0 or the error. */
static int answer_read(int fd, char *ret_challenge, char *ret_ticket, size_t size)
{
	static uint8_t packet[ANSWER_FRAME_MAX];
	static struct answer answer;

	ret_challenge[0] = ret_ticket[0] = '\0';
	for (;;) {
		ssize_t got = recv(fd, packet, sizeof(packet), 0);

		if (got <= 0 || answer_decode(packet, (size_t)got, &answer) < 0)
			return -EIO;
		if (answer.type == ANSWER_END) {
			if (answer.error)
				(void)fprintf(stderr, "%s\n", answer.text);
			return answer.error;
		}
		(void)value_of(answer.text, "\"challenge\":\"", ret_challenge, 64);
		(void)value_of(answer.text, "\"ticket\":\"", ret_ticket, size);
	}
}

static int connect_to_agent(void)
{
	int fd = local_connect(LOCAL_RUNTIME_DIRECTORY, 0);

	if (fd < 0) {
		(void)fprintf(stderr, "connect: %s\n", strerror(-fd));
		exit(2);
	}
	return fd;
}

static int take(int fd, const char *audience)
{
	static char ticket[8192];
	char challenge[64];
	int r = answer_read(fd, challenge, ticket, sizeof(ticket));

	if (r == 0 && challenge[0]) {
		request_send(fd, audience, challenge);
		r = answer_read(fd, challenge, ticket, sizeof(ticket));
	}
	if (r < 0 || !ticket[0])
		return 1;
	return puts(ticket) < 0 || fflush(stdout) != 0; /* a child ends by _exit */
}

int main(int argc, char **argv)
{
	int fd, status;
	pid_t child;

	if (argc == 2 && !strcmp(argv[1], "sleep"))
		return (int)sleep(3);
	if (argc < 3)
		return 2;
	fd = connect_to_agent();
	if (!strcmp(argv[1], "ask")) {
		request_send(fd, argv[2], "");
		return take(fd, argv[2]);
	}
	child = fork();
	if (child == 0) { /* stays beside it, with the same socket */
		status = take(fd, argv[2]);
		_exit(status);
	}
	request_send(fd, argv[2], "");
	if (argc > 3)
		(void)execl(argv[3], argv[3], "sleep", (char *)NULL);
	(void)waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}
