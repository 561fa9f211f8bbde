/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the engine and its answer. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/cli/cli.h"
#include "common/channel.h"
#include "common/cleanup.h"

#define CLIENT_TEXT_SIZE 1024 /* of the words that end an answer */

static int request_send(int fd, const struct local_request *request, int passed_fd)
{
	uint8_t buffer[LOCAL_REQUEST_MAX];
	struct bytes_writer frame;
	int r;

	local_request_put(&frame, buffer, sizeof(buffer), request);
	r = wire_end(&frame);
	return r < 0 ? r : channel_packet(fd, buffer, frame.used, passed_fd);
}

typedef void line_function(struct json_object *object, const char *text, void *userdata);

/* 1 = go on, 0 = over with *ret_error and text, negative errno. */
static int answer_read(int fd, line_function *line, void *userdata, int *ret_error, char *ret_text)
{
	static uint8_t packet[ANSWER_FRAME_MAX];
	static struct answer answer;
	struct json_object *object;
	ssize_t size = recv(fd, packet, sizeof(packet), 0);
	int r;

	if (size < 0)
		return -errno;
	if (size == 0)
		return -ECONNRESET;
	r = answer_decode(packet, (size_t)size, &answer);
	if (r < 0)
		return r;
	if (answer.type == ANSWER_END) {
		*ret_error = answer.error;
		(void)snprintf(
			ret_text, CLIENT_TEXT_SIZE, "%.*s", CLIENT_TEXT_SIZE - 1, answer.text);
		return 0;
	}
	object = json_tokener_parse(answer.text);
	if (!object)
		return -EBADMSG;
	line(object, answer.text, userdata);
	(void)json_object_put(object); /* freed */
	return 1;
}

static int ask(const struct local_request *request, int passed_fd, bool is_quiet,
	line_function *line, void *userdata)
{
	auto_close int fd = local_connect(cli.runtime_directory, 0);
	char text[CLIENT_TEXT_SIZE] = "";
	int error = 0, r;

	if (fd < 0) {
		if (!is_quiet)
			(void)fprintf(stderr,
				"holdfast: the agent is not reachable at %s/%s: %s\n"
				"Is holdfastd running? What it put into the kernel goes on "
				"enforcing.\n",
				cli.runtime_directory, LOCAL_SOCKET_NAME, strerror(-fd));
		return CLI_NO_AGENT;
	}
	r = request_send(fd, request, passed_fd);
	while (r >= 0 && (r = answer_read(fd, line, userdata, &error, text)) > 0)
		;
	if (r < 0) {
		if (!is_quiet)
			(void)fprintf(stderr, "holdfast: the agent broke off: %s\n", strerror(-r));
		return CLI_NO_AGENT;
	}
	if (text[0] && !is_quiet)
		(void)fprintf(
			error < 0 ? stderr : stdout, "%s%s\n", error < 0 ? "holdfast: " : "", text);
	return error < 0 ? CLI_REFUSED : CLI_DONE;
}

int client_ask(const struct local_request *request, int fd, line_function *line, void *userdata)
{
	return ask(request, fd, false, line, userdata);
}

int client_ask_quietly(const struct local_request *request, line_function *line, void *userdata)
{
	return ask(request, -1, true, line, userdata);
}
