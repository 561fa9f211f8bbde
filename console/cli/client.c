/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the store and its answer. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/cleanup.h"
#include "common/wire.h"
#include "console/cli/cli.h"

#define CLIENT_TEXT_SIZE 1024 /* of the words that end an answer */

typedef void line_function(struct json_object *object, const char *text, void *userdata);

static int request_send(int fd, const struct admin_request *request)
{
	uint8_t buffer[ADMIN_REQUEST_MAX];
	struct bytes_writer frame;
	int r;

	admin_request_put(&frame, buffer, sizeof(buffer), request);
	r = wire_end(&frame);
	return r < 0 ? r : channel_packet(fd, buffer, frame.used, -1);
}

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

static int explain_unreachable(int r)
{
	if (r == -EACCES)
		return cli_refuse("you may not ask the console: that is for root and members of "
				  "group " ADMIN_GROUP),
		       CLI_NO_CONSOLE;
	(void)cli_refuse(
		"the console is not reachable at %s/%s: %s\n"
		"Is it running? It is started by 'systemctl start holdfast-console', or by\n"
		"'holdfast-console serve'.",
		cli.runtime_directory, ADMIN_SOCKET_NAME, strerror(-r));
	return CLI_NO_CONSOLE;
}

int client_ask(const struct admin_request *request, line_function *line, void *userdata)
{
	auto_close int fd = admin_connect(cli.runtime_directory);
	char text[CLIENT_TEXT_SIZE] = "";
	int error = 0, r;

	if (fd < 0)
		return explain_unreachable(fd);
	r = request_send(fd, request);
	while (r >= 0 && (r = answer_read(fd, line, userdata, &error, text)) > 0)
		;
	if (r < 0) {
		(void)cli_refuse("the console broke off: %s", strerror(-r));
		return CLI_NO_CONSOLE;
	}
	if (text[0])
		(void)fprintf(error < 0 ? stderr : stdout, "%s%s\n",
			error < 0 ? "holdfast-console: " : "", text);
	return error < 0 ? CLI_REFUSED : CLI_DONE;
}
